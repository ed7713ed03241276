/**
 * A training step of DreamerV3's world model: GRU 256, 16 x 16 latents, 256 units, 16 sequences of 64 steps with 4 numbers seen
 * and 2 actions; losses, gradients, clipping to norm 100, Adam. `--json` for numbers alone; `--threads 2` for two threads;
 * `--steps 50`. The best of all steps and their median, and the fewest milliseconds of processor time that one took: on a
 * machine that others use too, only that can be compared.
 */
import { parseArgs } from 'node:util';
import { stream } from '../core/index.ts';
import {
  adam,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  float32,
  fromLeaves,
  layoutOf,
  leaves,
  onnxExecutor,
  pack,
  type TensorFunction,
  type Tree,
  tf,
  unpackTensors,
  type Value,
  type Values,
  zeros,
} from '../nn/index.ts';
import { createRssm, rssmDefaults } from '../worlds/models/index.ts';
import { fillNoise, noiseValues } from '../worlds/models/noise.ts';

const [L, B, D, A] = [64, 16, 4, 2];

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    threads: { type: 'string', default: '1' },
    steps: { type: 'string', default: '50' },
  },
});

const space = { type: 'box', shape: [D], low: -10, high: 10 } as const;
const model = createRssm(space, A, rssmDefaults);
const parameters = model.initialise(stream(1, 'bench/rssm'));
const layout = layoutOf(parameters);
const optimiser = chain(clipByGlobalNorm(100), adam({ learningRate: 1e-4 }));
const flat = pack(parameters);
const moments = Object.fromEntries(
  leaves<Value>(optimiser.init(flat)).map(([path, leaf]) => [`optimiser/${path}`, leaf]),
);

const train: TensorFunction = ({ flat: packed, observation, action, reward, first, terminal, latent, ...rest }) => {
  const sequence = {
    observation: observation!,
    action: action!,
    reward: reward!,
    first: first!,
    terminal: terminal!,
  };
  const loss = (vector: tf.Tensor): tf.Scalar =>
    model.losses(unpackTensors(vector as tf.Tensor1D, layout) as Tree<tf.Tensor>, sequence, model.start(B), {
      latent: latent!,
    }).loss as tf.Scalar;
  const { value, grad } = tf.valueAndGrad(loss)(packed!);
  const state = fromLeaves(
    Object.entries(rest).map(([name, leaf]) => [name.slice('optimiser/'.length), leaf] as const),
  ) as Parameters<typeof optimiser.update>[1];
  const { updates, state: after } = optimiser.update(grad, state, packed!);
  const moved = Object.fromEntries(leaves<tf.Tensor>(after).map(([path, leaf]) => [`optimiser/${path}`, leaf]));
  return { loss: value, flat: applyUpdates(packed!, updates) as tf.Tensor, ...moved };
};

const random = stream(2, 'bench/rssm');
const filled = (shape: readonly number[], next: () => number): Value => {
  const value = float32(shape);
  for (let i = 0; i < value.data.length; i++) value.data[i] = next();
  return value;
};
const noise = noiseValues(model.observeNoise, [L, B]);
fillNoise(random, model.observeNoise, noise);
const action = filled([L, B, A], () => 0);
for (let i = 0; i < L * B; i++) action.data[i * A + random.integer(A)] = 1;
const data: Values = {
  observation: filled([L, B, D], () => random.normal()),
  action,
  reward: filled([L, B], () => 1),
  first: filled([L, B], () => (random.uniform() < 0.05 ? 1 : 0)),
  terminal: filled([L, B], () => (random.uniform() < 0.05 ? 1 : 0)),
  latent: noise.latent!,
};

const program = compile(train, { name: 'rssm', executor: onnxExecutor({ threads: Number(flags.threads) }) });
const began = performance.now();
const state: Values = { flat, ...moments };
const outputs = (): Values =>
  Object.fromEntries(
    Object.entries(program.outputsFor({ ...data, ...state })).map(([name, { dtype, shape }]) => [
      name,
      zeros(dtype, shape),
    ]),
  );
const [a, b] = [outputs(), outputs()];
for (const [name, value] of Object.entries(state)) a[name]!.data.set(value.data as never);
const { loss: _a, ...fromA } = a;
const { loss: _b, ...fromB } = b;
const turns = [program.bind({ ...data, ...fromA }, b), program.bind({ ...data, ...fromB }, a)] as const;
const compiling = performance.now() - began;
const times: number[] = [];
const processor: number[] = [];
for (let i = 0; i < Number(flags.steps); i++) {
  const start = performance.now();
  const used = process.cpuUsage();
  turns[i % 2 === 0 ? 0 : 1]();
  times.push(performance.now() - start);
  const spent = process.cpuUsage(used);
  processor.push((spent.user + spent.system) / 1000);
}
const sorted = times.slice(3).sort((x, y) => x - y);
const result = {
  parameters: layout.size,
  threads: Number(flags.threads),
  compileSeconds: compiling / 1000,
  best: sorted[0]!,
  processorBest: Math.min(...processor.slice(3)),
  median: sorted[Math.floor(sorted.length / 2)]!,
  loss: a.loss!.data[0]!,
};
console.log(
  flags.json
    ? JSON.stringify(result)
    : `RSSM of ${result.parameters} parameters, ${result.threads} thread(s): ${result.best.toFixed(1)} ms a step at best ` +
        `(${result.processorBest.toFixed(1)} ms of the processor), ` +
        `median ${result.median.toFixed(1)} ms; compiled in ${result.compileSeconds.toFixed(1)} s; loss ${result.loss.toFixed(2)}`,
);
