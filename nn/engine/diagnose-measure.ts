import { performance } from 'node:perf_hooks';
import { type Stream, stream } from '../../core/index.ts';
import type { Executor } from './executor.ts';
import { compile } from './program.ts';
import { tf } from './tf.ts';
import type { TensorFunction } from './trace.ts';
import { float32, type Value } from './value.ts';

/** How fast an executor is, measured. The best of what fits into the time; machines are seldom alone. */
export interface Measurement {
  /** Rows of the square float32 matrices multiplied: 1024, or less where that takes too long. */
  readonly productSize: number;
  /** Billions of additions and multiplications a second. */
  readonly productGflops: number;
  /**
   * Milliseconds of one step of training: an MLP 8-64-64-4 with tanh, batch 256, mean squared error, forward,
   * backward and Adam; parameters and moments go in and out.
   */
  readonly trainingStepMs: number;
}

/** Measures an executor, which must work. `budgetMs`: roughly what each of the two measurements may take. */
export function measure(executor: Executor, budgetMs = 1000): Measurement {
  return { ...measureProduct(executor, budgetMs), trainingStepMs: measureTraining(executor, budgetMs) };
}

type Product = Pick<Measurement, 'productSize' | 'productGflops'>;

/** Products of growing matrices, as long as they fit the budget; the largest counts. */
function measureProduct(executor: Executor, budgetMs: number): Product {
  let found: Product | null = null;
  for (const size of [256, 512, 1024]) {
    const single = bestOf(product(executor, size, 1), budgetMs / 8);
    // A device of its own is paid for each crossing to it: long chains there, so that the products are what counts.
    const chain = Math.max(1, Math.min(MOST_IN_A_CHAIN, Math.floor(budgetMs / 16 / single)));
    const each = chain === 1 ? single : Math.min(single, bestOf(product(executor, size, chain), budgetMs / 4) / chain);
    found = { productSize: size, productGflops: (2 * size ** 3) / (each * 1e6) };
    // The next size takes eight times as long.
    if (each * 8 > budgetMs) break;
  }
  return found!;
}

const MOST_IN_A_CHAIN = 50;

/** Multiplies by the same matrix `chain` times, in one program. */
function product(executor: Executor, size: number, chain: number): Bound {
  const source = stream(1, `diagnose/product/${size}`);
  const chained: TensorFunction = ({ x, w }) => {
    let y = x!;
    for (let i = 0; i < chain; i++) y = tf.matMul(y, w!);
    return { y };
  };
  const program = compile(chained, { name: 'product', executor });
  // Variance 1/size: a product keeps the size of its numbers.
  const w = random(source, [size, size], Math.sqrt(3 / size));
  const run = program.bind({ x: random(source, [size, size], 1), w }, { y: float32([size, size]) });
  return { run, dispose: () => program.dispose() };
}

function measureTraining(executor: Executor, budgetMs: number): number {
  const program = compile(trainingStep, { name: 'training step', executor });
  const source = stream(1, 'diagnose/training');
  const data = { x: random(source, [256, 8], 1), y: random(source, [256, 4], 1) };
  // Two sets of arrays that take turns: what a step wrote, the next reads.
  const sides = [state(source), state(source)] as const;
  const steps = ([0, 1] as const).map((from) =>
    program.bind({ ...data, ...sides[from] }, { ...sides[1 - from]!, loss: float32([]) }),
  );
  let turn = 0;
  return bestOf({ run: () => steps[turn++ % 2]!(), dispose: () => program.dispose() }, budgetMs / 2);
}

const WIDTHS = [8, 64, 64, 4] as const;
const LEAVES = ['w0', 'b0', 'w1', 'b1', 'w2', 'b2'] as const;

/** Parameters, and Adam's two moments of each. */
function state(source: Stream): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (let layer = 0; layer < 3; layer++) {
    const [fanIn, fanOut] = [WIDTHS[layer]!, WIDTHS[layer + 1]!];
    values[`w${layer}`] = random(source, [fanIn, fanOut], 1 / Math.sqrt(fanIn));
    values[`b${layer}`] = float32([fanOut]);
  }
  for (const leaf of LEAVES) {
    values[`mean/${leaf}`] = float32(values[leaf]!.shape);
    values[`square/${leaf}`] = float32(values[leaf]!.shape);
  }
  return values;
}

const trainingStep: TensorFunction = (inputs) => {
  const loss = (...leaves: tf.Tensor[]): tf.Scalar => {
    const [w0, b0, w1, b1, w2, b2] = leaves as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const first = tf.tanh(tf.add(tf.matMul(inputs.x!, w0), b0));
    const second = tf.tanh(tf.add(tf.matMul(first, w1), b1));
    return tf.mean(tf.square(tf.sub(tf.add(tf.matMul(second, w2), b2), inputs.y!)));
  };
  const { value, grads } = tf.valueAndGrads(loss)(LEAVES.map((leaf) => inputs[leaf]!));
  const outputs: Record<string, tf.Tensor> = { loss: value };
  for (const [i, leaf] of LEAVES.entries()) {
    // Adam (Kingma and Ba 2015, algorithm 1), without the correction of the first steps.
    const mean = tf.add(tf.mul(inputs[`mean/${leaf}`]!, 0.9), tf.mul(grads[i]!, 0.1));
    const square = tf.add(tf.mul(inputs[`square/${leaf}`]!, 0.999), tf.mul(tf.square(grads[i]!), 0.001));
    outputs[`mean/${leaf}`] = mean;
    outputs[`square/${leaf}`] = square;
    outputs[leaf] = tf.sub(inputs[leaf]!, tf.mul(tf.div(mean, tf.add(tf.sqrt(square), 1e-8)), 1e-3));
  }
  return outputs;
};

interface Bound {
  run(): void;
  dispose(): void;
}

/** Milliseconds of one run: the best of as many short rounds as fit, at least one, after one to warm up. */
function bestOf({ run, dispose }: Bound, budgetMs: number): number {
  run();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + budgetMs;
  do {
    const start = performance.now();
    let count = 0;
    do {
      run();
      count++;
    } while (performance.now() - start < ROUND_MS);
    best = Math.min(best, (performance.now() - start) / count);
  } while (performance.now() < end);
  dispose();
  return best;
}

const ROUND_MS = 5;

function random(source: Stream, shape: readonly number[], bound: number): Value {
  const value = float32(shape);
  for (let i = 0; i < value.data.length; i++) value.data[i] = source.between(-bound, bound);
  return value;
}
