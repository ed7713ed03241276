/** What is written in tfjs here must also trace and compile; one run of each through ONNX Runtime against tfjs eager. */
import { stream } from '../../core/index.ts';
import {
  activations,
  applyUpdates,
  categorical,
  chain,
  clipByGlobalNorm,
  compile,
  convolution,
  dense,
  diagonalGaussian,
  embedding,
  flatten,
  float32,
  groupNorm,
  gru,
  layerNorm,
  leaves,
  lstm,
  mapTree,
  multiCategorical,
  rmsNorm,
  rmsprop,
  scaleByAdam,
  scaleByLearningRate,
  sizeOf,
  type Tensors,
  type Transform,
  tf,
  type Value,
} from '../../nn/index.ts';
import { assertClose, wave } from './close.ts';

type Inputs = Record<string, tf.Tensor>;

const upload = ({ data, shape }: Value): tf.Tensor => tf.tensor(data, [...shape]);

const random = (name: string, shape: number[]): Value => {
  const data = new Float32Array(sizeOf(shape));
  stream(3, name).fillNormal(data);
  return float32(shape, data);
};

/** Compiles `f`, runs it and compares all outputs with those of tfjs's cpu backend. */
function agrees(f: (inputs: Inputs) => Inputs, inputs: Record<string, Value>): void {
  const program = compile(f);
  const compiled = program.run(inputs);
  program.dispose();
  tf.tidy(() => {
    const eager = f(Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, upload(value)])));
    for (const [name, tensor] of Object.entries(eager)) assertClose(compiled[name]!.data, tensor.dataSync(), 1e-4);
  });
}

const gradient = (f: (x: tf.Tensor) => tf.Tensor) => (inputs: Inputs) => ({
  y: tf.grad((x: tf.Tensor) => tf.sum(tf.square(f(x))))(inputs.x!),
});

describe('compiled', () => {
  before(() => tf.setBackend('cpu'));

  const init = stream(1, 'compiled');
  const norm = (features: number) => ({ scale: wave([features], 1), offset: wave([features], 2) });
  const linear = { weight: random('w', [3, 2]), bias: random('b', [2]) };
  const gruWeights = gru.init(init, { inputs: 3, units: 4 });
  const lstmWeights = lstm.init(init, { inputs: 3, units: 4 });
  const kernel = convolution.init(init, { size: [2, 2], inputs: 3, outputs: 2 });
  const first = (): tf.Tensor =>
    tf.tensor2d([
      [0, 0],
      [0, 1],
      [0, 0],
    ]);

  const layers: [name: string, f: (x: tf.Tensor) => tf.Tensor, shape: number[]][] = [
    ['dense', (x) => dense.apply(mapTree(linear, upload), x), [2, 4, 3]],
    ['embedding', (x) => embedding.apply({ table: x }, tf.tensor1d([0, 1, 1], 'int32')), [4, 3]],
    ['convolution', (x) => convolution.apply(mapTree(kernel, upload), x), [2, 5, 5, 3]],
    ['a kernel', (x) => convolution.apply({ kernel: x, bias: tf.zeros([2]) }, tf.ones([2, 5, 5, 3])), [2, 2, 3, 2]],
    ['layer norm', (x) => layerNorm.apply(norm(3), x), [2, 3]],
    ['RMS norm', (x) => rmsNorm.apply(norm(3), x), [2, 3]],
    ['group norm', (x) => groupNorm.apply(norm(4), x, 2), [2, 3, 4]],
    ['GRU', (x) => gru.sequence(mapTree(gruWeights, upload), tf.ones([2, 4]), x, first()).output, [3, 2, 3]],
    [
      'LSTM',
      (x) => {
        const start = { hidden: tf.ones([2, 4]), cell: tf.ones([2, 4]) };
        return lstm.sequence(mapTree(lstmWeights, upload), start, x, first()).output;
      },
      [3, 2, 3],
    ],
    ...Object.entries(activations).map(([name, f]): [string, typeof f, number[]] => [name, f, [7]]),
    ['categorical', (x) => categorical(x).logProbability(tf.tensor1d([0, 2], 'int32')), [2, 3]],
    ['masked entropy', (x) => categorical(x, tf.tensor2d([1, 0, 1, 1, 1, 1], [2, 3], 'bool')).entropy(), [2, 3]],
    ['Gaussian', (x) => diagonalGaussian(tf.ones([4, 3]), x).logProbability(tf.zeros([4, 3])), [3]],
  ];
  for (const [name, f, shape] of layers)
    it(`the gradient through ${name} is that of tfjs`, () => agrees(gradient(f), { x: random('x', shape) }));

  for (const sizes of [
    [3, 3],
    [2, 4],
  ])
    it(`actions of sizes ${sizes} are those of tfjs`, () =>
      agrees(
        ({ logits, noise }) => {
          const distribution = multiCategorical(logits!, sizes);
          const action = distribution.sample(noise!);
          return { action, mode: distribution.mode(), logProbability: distribution.logProbability(action) };
        },
        { logits: random('logits', [5, 6]), noise: random('noise', [5, 6]) },
      ));

  const optimisers: [name: string, make: (learningRate: tf.Scalar | number) => Transform][] = [
    ['clipped flat Adam', (rate) => chain(clipByGlobalNorm(0.5), flatten(scaleByAdam()), scaleByLearningRate(rate))],
    [
      'RMSProp',
      (learningRate) => rmsprop({ learningRate, centred: true, momentum: 0.9, epsilonPlace: 'inside', epsilon: 1e-3 }),
    ],
  ];
  for (const [name, make] of optimisers)
    it(`${name} with its rate as an input steps as in tfjs`, () => {
      const start = { a: random('a', [2, 2]), b: { c: random('c', [3]) } };
      agrees(
        ({ a, c, rate }) => {
          const gradients = { a: a!, b: { c: c! } };
          let parameters: Tensors = mapTree(start, upload);
          let state: ReturnType<Transform['update']>['state'] = mapTree(make(0).init(start), upload);
          for (let i = 0; i < 2; i++) {
            const step = make(rate as tf.Scalar).update(gradients, state, parameters);
            parameters = applyUpdates(parameters, step.updates);
            state = step.state;
          }
          return Object.fromEntries(leaves({ parameters, state }).map(([path, x]) => [path.replaceAll('/', '_'), x]));
        },
        { a: random('ga', [2, 2]), c: random('gc', [3]), rate: float32([], [0.1]) },
      );
    });
});
