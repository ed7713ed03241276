import { float32, tf } from '../../../../nn/engine/index.ts';
import { binaryCase, type Case, unaryCase } from './case.ts';

/** Activations and the functions of a calculator. */
export const curveCases: Case[] = [
  unaryCase('exp', tf.exp),
  unaryCase('expm1', tf.expm1),
  unaryCase('log', tf.log, { low: 0.1 }),
  unaryCase('log1p', tf.log1p, { low: -0.9 }),
  unaryCase('erf', tf.erf),
  unaryCase('sin', tf.sin),
  unaryCase('cos', tf.cos),
  unaryCase('tan', tf.tan, { low: -1.2, high: 1.2 }),
  unaryCase('asin', tf.asin, { low: -0.9, high: 0.9 }),
  unaryCase('acos', tf.acos, { low: -0.9, high: 0.9 }),
  unaryCase('atan', tf.atan),
  unaryCase('sinh', tf.sinh),
  unaryCase('cosh', tf.cosh),
  unaryCase('tanh', tf.tanh),
  unaryCase('asinh', tf.asinh),
  unaryCase('acosh', tf.acosh, { low: 1.2, high: 4 }),
  unaryCase('atanh', tf.atanh, { low: -0.9, high: 0.9 }),
  unaryCase('sigmoid', tf.sigmoid),
  unaryCase('logSigmoid', tf.logSigmoid),
  unaryCase('softplus', tf.softplus),
  unaryCase('relu', tf.relu),
  unaryCase('relu6', tf.relu6, { low: -3, high: 9 }),
  unaryCase('elu', tf.elu),
  unaryCase('selu', tf.selu),
  unaryCase('leakyRelu', (x) => tf.leakyRelu(x, 0.3)),
  unaryCase('step', (x) => tf.step(x, 0.25)),
  binaryCase('prelu', tf.prelu, { isFlat: true }),
  {
    name: 'prelu and its gradient',
    make: (draw) => {
      const shape = draw.shape();
      return {
        inputs: { x: draw.floats(shape), alpha: draw.floats(shape.slice(draw.int(0, shape.length))) },
        fn: ({ x, alpha }) => tf.prelu(x!, alpha!),
        gradients: ['x', 'alpha'],
      };
    },
  },
  {
    name: 'expm1 and log1p where a plain formula cancels',
    // Relative to the result itself: every value is scaled to about 1.
    make: () => ({
      inputs: { x: float32([6], [1e-7, -1e-7, 1e-4, -1e-4, 1e-30, 0]) },
      fn: ({ x }) => [tf.mul(tf.expm1(x!), 1e7), tf.mul(tf.log1p(x!), 1e7), tf.mul(tf.expm1(x!), 1e30)],
    }),
  },
  {
    name: 'expm1 and log1p at the ends',
    make: () => ({
      inputs: {
        x: float32([4], [-200, -90, 100, Number.NEGATIVE_INFINITY]),
        y: float32([4], [-1, 3e38, Number.POSITIVE_INFINITY, 1e10]),
      },
      fn: ({ x, y }) => [tf.expm1(x!), tf.log1p(y!)],
    }),
  },
  {
    name: 'atan2 on the axes',
    make: () => ({
      inputs: { a: float32([6], [0, 0, 1, -1, 0, 1e-20]), b: float32([6], [1, -1, 0, 0, 0, -1]) },
      fn: ({ a, b }) => tf.atan2(a!, b!),
    }),
  },
  {
    name: 'infinities and NaN pass through',
    make: () => ({
      inputs: { x: float32([3], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) },
      fn: ({ x }) => [tf.tanh(x!), tf.sigmoid(x!), tf.exp(x!), tf.add(x!, 1), tf.mul(x!, 0), tf.abs(x!), tf.floor(x!)],
    }),
  },
];
