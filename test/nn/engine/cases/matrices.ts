import { tf } from '../../../../nn/engine/index.ts';
import type { Case, Draw } from './case.ts';

const products = (name: string, batch: (draw: Draw) => [number[], number[]], hasGradient: boolean): Case => ({
  name,
  make: (draw) => {
    const [m, k, n] = [draw.int(1, 5), draw.int(1, 5), draw.int(1, 5)];
    const [isATurned, isBTurned] = [draw.flag(), draw.flag()];
    const [left, right] = batch(draw);
    return {
      inputs: {
        a: draw.floats([...left, ...(isATurned ? [k, m] : [m, k])]),
        b: draw.floats([...right, ...(isBTurned ? [n, k] : [k, n])]),
      },
      fn: ({ a, b }) => tf.matMul(a!, b!, isATurned, isBTurned),
      gradients: hasGradient ? ['a', 'b'] : [],
    };
  },
});

const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'sigmoid', 'prelu'] as const;

export const matrixCases: Case[] = [
  products('matMul', () => [[], []], true),
  products(
    'matMul of batches',
    (draw) => {
      const batch = draw.shape(1, 2);
      return [batch, batch];
    },
    true,
  ),
  products('matMul of batches that broadcast', (draw) => [[1], [draw.int(1, 3)]], false),
  {
    name: 'matMul of integers',
    make: (draw) => ({
      inputs: { a: draw.ints([2, 3]), b: draw.ints([2, 3]), c: draw.ints([2, 2, 3]) },
      fn: ({ a, b }) => [tf.matMul(a!, b!, false, true), tf.matMul(a!, b!, true, false)],
    }),
  },
  {
    name: 'matMul and a bias, one product',
    make: (draw) => {
      const [rows, time, width, out] = [draw.int(1, 4), draw.int(1, 3), draw.int(1, 4), draw.int(1, 4)];
      return {
        inputs: {
          x: draw.floats([rows, time, width]),
          w: draw.floats([width, out]),
          b: draw.floats(draw.flag() ? [out] : [1, out]),
        },
        fn: ({ x, w, b }) => {
          const flat = tf.matMul(tf.reshape(x!, [rows * time, width]), w!);
          const product = tf.matMul(tf.reshape(x!, [rows * time, width]), tf.square(w!));
          return [
            tf.add(tf.reshape(flat, [rows, time, out]), b!),
            tf.relu(tf.add(b!, product)),
            tf.tanh(product),
            tf.add(tf.matMul(tf.reshape(x!, [rows * time, width]), tf.abs(w!)), 1),
          ];
        },
        gradients: ['x', 'w', 'b'],
      };
    },
  },
  {
    name: 'dot and outerProduct',
    make: (draw) => ({
      inputs: { a: draw.floats([3]), b: draw.floats([3]), m: draw.floats([3, 2]) },
      fn: ({ a, b, m }) => [tf.dot(a!, b!), tf.dot(a!, m!), tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D)],
      gradients: ['a', 'b', 'm'],
    }),
  },
  {
    name: 'fused matMul',
    make: (draw) => {
      const activation = draw.pick(ACTIVATIONS);
      return {
        inputs: { a: draw.floats([3, 2]), b: draw.floats([2, 4]), bias: draw.floats([4]), alpha: draw.floats([4]) },
        fn: ({ a, b, bias, alpha }) =>
          tf.fused.matMul({
            a: a!,
            b: b!,
            bias: bias!,
            activation,
            leakyreluAlpha: 0.3,
            ...(activation === 'prelu' ? { preluActivationWeights: alpha! } : {}),
          }),
      };
    },
  },
  {
    name: 'einsum',
    make: (draw) => ({
      inputs: { a: draw.floats([2, 3, 4]), b: draw.floats([2, 4, 3]) },
      fn: ({ a, b }) => [tf.einsum('bij,bjk->bik', a!, b!), tf.einsum('bij->bj', a!), tf.einsum('bij,bji->b', a!, b!)],
    }),
  },
];
