import { pathToFileURL } from 'node:url';
import { type Stream, stream } from '../core/index.ts';
import {
  compile,
  compileScan,
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
import { type BenchDevice, deviceOf, executorOn, stopWhere } from './device.ts';

/** One workload in one executor. */
export interface EngineTiming {
  readonly workload: string;
  readonly executor: string;
  /** The best of several rounds, a step; the machine is seldom alone. */
  readonly milliseconds: number;
  /** The same within a scan of 16 steps, the state staying on the device; null where there is no state. */
  readonly scanned: number | null;
  /** How many times the time of the first executor: on the CPU, ONNX Runtime on one thread. */
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

/** A square product, and nothing else: what crosses to a device and back is a good part of it. */
function product(size: number): Workload {
  const source = stream(3, 'bench/engine');
  return {
    name: `product of ${size} x ${size}`,
    step: ({ a, b }) => ({ c: tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D) }),
    inputs: { a: random(source, [size, size], 1), b: random(source, [size, size], 1) },
  };
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
  const from = (side: Record<string, Value>): Record<string, Value> => ({
    ...data,
    ...Object.fromEntries(Object.entries(side).filter(([key]) => key in inputs)),
  });
  const steps = [program.bind(from(sides[0]), sides[1]), program.bind(from(sides[1]), sides[0])] as const;
  if (executor.name === 'onnx') for (const step of steps) step();
  const best = bestOf(budgetMs, (count) => steps[count % 2]!());
  program.dispose();
  return best;
}

/** Milliseconds a step in a scan of `SCANNED` steps on as many rows of data; null where no state is carried. */
function timeScanned({ step, inputs, name }: Workload, executor: Executor, budgetMs: number): number | null {
  const state = Object.keys(inputs).filter((key) => `mean/${key}` in inputs || key.includes('/'));
  if (state.length === 0) return null;
  const scan = compileScan(
    (carry, x) => {
      const { loss, ...after } = step({ ...carry, ...x });
      return { carry: after, y: { loss: loss! } };
    },
    { name, executor },
  );
  const fresh = (): Record<string, Value> => Object.fromEntries(state.map((key) => [key, float32(inputs[key]!.shape)]));
  const sides = [fresh(), fresh()] as const;
  for (const key of state) sides[0][key]!.data.set(inputs[key]!.data);
  const xs = Object.fromEntries(
    Object.entries(inputs).flatMap(([key, value]) => (state.includes(key) ? [] : [[key, repeated(value, SCANNED)]])),
  );
  const ys = { loss: float32([SCANNED]) };
  const scans = [
    scan.bind({ carry: sides[0], xs }, { carry: sides[1], ys }),
    scan.bind({ carry: sides[1], xs }, { carry: sides[0], ys }),
  ] as const;
  if (executor.name === 'onnx') for (const run of scans) run();
  const best = bestOf(budgetMs, (count) => scans[count % 2]!());
  scan.dispose();
  return best / SCANNED;
}

const SCANNED = 16;

function repeated({ shape, data }: Value, count: number): Value {
  const whole = float32([count, ...shape]);
  for (let i = 0; i < count; i++) whole.data.set(data, i * data.length);
  return whole;
}

/** Milliseconds of `run`: the best of many short rounds within the budget. */
function bestOf(budgetMs: number, run: (count: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + budgetMs;
  do {
    const start = performance.now();
    let count = 0;
    do run(count++);
    while (performance.now() - start < ROUND_MS);
    best = Math.min(best, (performance.now() - start) / count);
  } while (performance.now() < end);
  return best;
}

const ROUND_MS = 5;

/**
 * The two training steps of the design and bare products. On the CPU in ONNX Runtime on one and two threads, and op by
 * op in tfjs's wasm and cpu; otherwise on the device that was asked for alone. Ratios are within one run; times of
 * different runs do not compare.
 */
export async function benchEngine({
  budgetMs = 1500,
  device = 'cpu',
}: {
  readonly budgetMs?: number;
  readonly device?: BenchDevice;
} = {}): Promise<EngineTiming[]> {
  const executors: [string, Executor][] = [];
  if (device === 'cpu') {
    executors.push(['onnx, 1 thread', onnxExecutor({ threads: 1 })], ['onnx, 2 threads', onnxExecutor({ threads: 2 })]);
    for (const backend of ['wasm', 'cpu'] satisfies EagerBackend[]) {
      await prepareEager(backend);
      executors.push([`eager ${backend}`, eagerExecutor({ backend })]);
    }
  } else executors.push([device, await executorOn(device)]);
  const timings: EngineTiming[] = [];
  for (const workload of [mlp(), transformer(), product(512), product(2048)]) {
    let base = Number.NaN;
    for (const [executor, made] of executors) {
      // tfjs's plain JavaScript takes a minute for one step of the transformer.
      if (executor === 'eager cpu' && !workload.name.startsWith('MLP')) continue;
      const milliseconds = time(workload, made, budgetMs);
      if (Number.isNaN(base)) base = milliseconds;
      // tfjs on the CPU has no border to cross, and is too slow to be timed sixteen times over.
      const scanned = device === 'cpu' && made.name === 'eager' ? null : timeScanned(workload, made, budgetMs);
      timings.push({ workload: workload.name, executor, milliseconds, scanned, ratio: milliseconds / base });
    }
  }
  return timings;
}

export function describeTiming({ workload, executor, milliseconds, scanned, ratio }: EngineTiming): string {
  const inScan = scanned === null ? '' : `${scanned.toFixed(3).padStart(10)} ms in a scan`;
  return `${workload.padEnd(48)}${executor.padEnd(18)}${milliseconds.toFixed(3).padStart(10)} ms${ratio.toFixed(1).padStart(8)}x${inScan}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const timings = await benchEngine({ device: deviceOf(process.argv) }).catch(stopWhere);
  if (process.argv.includes('--json')) console.log(JSON.stringify(timings, null, 2));
  else for (const timing of timings) console.log(describeTiming(timing));
}
