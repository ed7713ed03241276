import { pathToFileURL } from 'node:url';
import { LightbulbError, type Stream, stream } from '../core/index.ts';
import {
  compile,
  type EagerBackend,
  type Executor,
  eagerExecutor,
  float32,
  onnxExecutor,
  prepareEager,
  type TensorFunction,
  tf,
  type Value,
} from '../nn/engine/index.ts';

/** One workload in one executor. */
export interface EngineTiming {
  readonly workload: string;
  readonly executor: string;
  /** The best of several rounds, a step; the machine is seldom alone. */
  readonly milliseconds: number;
  /** How many times the time of ONNX Runtime on one thread. */
  readonly ratio: number;
}

/** A training step: what it computes, and what it starts from. Every output `x` is the next input `x`; the loss is not. */
interface Workload {
  readonly name: string;
  readonly step: TensorFunction;
  readonly inputs: Readonly<Record<string, Value>>;
}

type Tensors = Record<string, tf.Tensor>;

/** Loss, gradient and Adam for parameters `names`; moments are inputs and outputs too. */
function adamStep(names: readonly string[], loss: (parameters: Tensors, inputs: Tensors) => tf.Scalar): TensorFunction {
  return (inputs) => {
    const of = (chosen: readonly tf.Tensor[]): Tensors =>
      Object.fromEntries(names.map((name, i) => [name, chosen[i]!]));
    const { value, grads } = tf.valueAndGrads((...chosen: tf.Tensor[]) => loss(of(chosen), inputs))(
      names.map((name) => inputs[name]!),
    );
    const outputs: Tensors = { loss: value };
    for (const [i, name] of names.entries()) {
      const mean = tf.add(tf.mul(inputs[`mean/${name}`]!, 0.9), tf.mul(grads[i]!, 0.1));
      const square = tf.add(tf.mul(inputs[`square/${name}`]!, 0.999), tf.mul(tf.square(grads[i]!), 0.001));
      outputs[`mean/${name}`] = mean;
      outputs[`square/${name}`] = square;
      outputs[name] = tf.sub(inputs[name]!, tf.mul(tf.div(mean, tf.add(tf.sqrt(square), 1e-8)), 1e-3));
    }
    return outputs;
  };
}

function random(source: Stream, shape: readonly number[], scale: number): Value {
  const value = float32(shape);
  for (let i = 0; i < value.data.length; i++) value.data[i] = source.between(-scale, scale);
  return value;
}

function withMoments(parameters: Readonly<Record<string, Value>>): Record<string, Value> {
  const inputs: Record<string, Value> = { ...parameters };
  for (const [name, { shape }] of Object.entries(parameters)) {
    inputs[`mean/${name}`] = float32(shape);
    inputs[`square/${name}`] = float32(shape);
  }
  return inputs;
}

/** MLP 8-64-64-4, tanh, batch 256, mean squared error. */
function mlp(): Workload {
  const source = stream(1, 'bench/engine');
  const widths = [8, 64, 64, 4];
  const parameters: Record<string, Value> = {};
  for (let i = 0; i < 3; i++) {
    parameters[`w${i}`] = random(source, [widths[i]!, widths[i + 1]!], 1 / Math.sqrt(widths[i]!));
    parameters[`b${i}`] = float32([widths[i + 1]!]);
  }
  const loss = (p: Tensors, { x, y }: Tensors): tf.Scalar => {
    const first = tf.tanh(tf.add(tf.matMul(x!, p.w0!), p.b0!));
    const second = tf.tanh(tf.add(tf.matMul(first, p.w1!), p.b1!));
    return tf.mean(tf.square(tf.sub(tf.add(tf.matMul(second, p.w2!), p.b2!), y!)));
  };
  return {
    name: 'MLP 8-64-64-4, batch 256',
    step: adamStep(Object.keys(parameters), loss),
    inputs: { x: random(source, [256, 8], 1), y: random(source, [256, 4], 1), ...withMoments(parameters) },
  };
}

/** Four pre-norm transformer layers of width 128 with four heads on 16 sequences of 64. */
function transformer(): Workload {
  const [width, layers, length, batch, heads] = [128, 4, 64, 16, 4];
  const source = stream(2, 'bench/engine');
  const parameters: Record<string, Value> = {};
  for (let i = 0; i < layers; i++) {
    parameters[`qkv${i}`] = random(source, [width, 3 * width], 0.02);
    parameters[`out${i}`] = random(source, [width, width], 0.02);
    parameters[`up${i}`] = random(source, [width, 4 * width], 0.02);
    parameters[`down${i}`] = random(source, [4 * width, width], 0.02);
    parameters[`gain${i}`] = random(source, [width], 1);
    parameters[`gainUp${i}`] = random(source, [width], 1);
  }
  const norm = (x: tf.Tensor, gain: tf.Tensor): tf.Tensor => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    return tf.mul(tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5))), gain);
  };
  const rows = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [batch * length, -1]);
  const loss = (p: Tensors, inputs: Tensors): tf.Scalar => {
    let x = inputs.x!;
    for (let i = 0; i < layers; i++) {
      const projected = tf.matMul(rows(norm(x, p[`gain${i}`]!)), p[`qkv${i}`]!);
      const split = tf.transpose(tf.reshape(projected, [batch, length, 3, heads, width / heads]), [2, 0, 3, 1, 4]);
      const [q, k, v] = tf.unstack(split) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const attention = tf.softmax(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width / heads)));
      const mixed = rows(tf.transpose(tf.matMul(attention, v), [0, 2, 1, 3]));
      x = tf.add(x, tf.reshape(tf.matMul(mixed, p[`out${i}`]!), [batch, length, width]));
      const hidden = tf.relu(tf.matMul(rows(norm(x, p[`gainUp${i}`]!)), p[`up${i}`]!));
      x = tf.add(x, tf.reshape(tf.matMul(hidden, p[`down${i}`]!), [batch, length, width]));
    }
    return tf.mean(tf.square(x));
  };
  return {
    name: 'transformer, 4 layers, width 128, 16x64 tokens',
    step: adamStep(Object.keys(parameters), loss),
    inputs: { x: random(source, [batch, length, width], 0.5), ...withMoments(parameters) },
  };
}

/**
 * Milliseconds a step: the best of many short rounds within `budgetMs` (one of which always runs), as the machine is
 * seldom alone. State goes back and forth between two sets of arrays.
 */
function time({ step, inputs, name }: Workload, executor: Executor, budgetMs: number): number {
  const program = compile(step, { name, executor });
  const outputs = Object.entries(program.outputsFor(inputs));
  const fresh = (): Record<string, Value> =>
    Object.fromEntries(outputs.map(([key, { shape }]) => [key, float32(shape)]));
  const data = Object.fromEntries(
    Object.entries(inputs).filter(([key]) => !outputs.some(([output]) => output === key)),
  );
  const sides = [fresh(), fresh()] as const;
  for (const [key, { data: values }] of Object.entries(inputs)) sides[0][key]?.data.set(values as Float32Array);
  const from = (side: Record<string, Value>): Record<string, Value> => {
    const { loss: _, ...state } = side;
    return { ...data, ...state };
  };
  const steps = [program.bind(from(sides[0]), sides[1]), program.bind(from(sides[1]), sides[0])] as const;
  if (executor.name === 'onnx') for (const step of steps) step();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + budgetMs;
  do {
    const start = performance.now();
    let count = 0;
    do steps[count++ % 2]!();
    while (performance.now() - start < ROUND_MS);
    best = Math.min(best, (performance.now() - start) / count);
  } while (performance.now() < end);
  program.dispose();
  return best;
}

const ROUND_MS = 5;

/**
 * The two training steps of the design in ONNX Runtime on one and two threads, and op by op in tfjs's backends: wasm,
 * cpu, and tensorflow where its native addon is built. Ratios are within one run; times of different runs do not compare.
 */
export async function benchEngine({ budgetMs = 1500 }: { readonly budgetMs?: number } = {}): Promise<EngineTiming[]> {
  const executors: [string, Executor][] = [
    ['onnx, 1 thread', onnxExecutor({ threads: 1 })],
    ['onnx, 2 threads', onnxExecutor({ threads: 2 })],
  ];
  for (const backend of ['wasm', 'cpu', 'tensorflow'] satisfies EagerBackend[]) {
    try {
      await prepareEager(backend);
      executors.push([`eager ${backend}`, eagerExecutor({ backend })]);
    } catch (error) {
      if (!(error instanceof LightbulbError && error.code === 'unavailable')) throw error;
    }
  }
  const timings: EngineTiming[] = [];
  for (const workload of [mlp(), transformer()]) {
    const isLarge = workload.name.startsWith('transformer');
    let base = Number.NaN;
    for (const [executor, made] of executors) {
      // tfjs's plain JavaScript takes a minute for one step of the transformer.
      if (isLarge && executor === 'eager cpu') continue;
      const milliseconds = time(workload, made, budgetMs);
      if (Number.isNaN(base)) base = milliseconds;
      timings.push({ workload: workload.name, executor, milliseconds, ratio: milliseconds / base });
    }
  }
  return timings;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const timings = await benchEngine();
  if (process.argv.includes('--json')) console.log(JSON.stringify(timings, null, 2));
  else {
    for (const { workload, executor, milliseconds, ratio } of timings) {
      console.log(
        `${workload.padEnd(48)}${executor.padEnd(18)}${milliseconds.toFixed(3).padStart(10)} ms${ratio.toFixed(1).padStart(8)}x`,
      );
    }
  }
}
