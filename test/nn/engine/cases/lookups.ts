import { int32, tf } from '../../../../nn/engine/index.ts';
import type { Case } from './case.ts';

/** Reading and writing by index. */
export const lookupCases: Case[] = [
  {
    name: 'gather',
    make: (draw) => {
      const shape = draw.shape(1, 3);
      const axis = draw.int(0, shape.length - 1);
      return {
        inputs: { x: draw.floats(shape), at: draw.ints(draw.shape(0, 2), 0, shape[axis]! - 1) },
        fn: ({ x, at }) => tf.gather(x!, at as tf.Tensor1D, axis),
        gradients: ['x'],
      };
    },
  },
  {
    name: 'gather in batches',
    make: (draw) => {
      const [batch, rest] = [draw.int(1, 3), draw.shape(1, 3)];
      const axis = draw.int(1, rest.length);
      const hasTail = draw.flag();
      return {
        inputs: {
          x: draw.floats([batch, ...rest]),
          at: draw.ints(hasTail ? [batch, draw.int(1, 3)] : [batch], 0, rest[axis - 1]! - 1),
        },
        fn: ({ x, at }) => tf.gather(x!, at as tf.Tensor1D, axis, 1),
        // tfjs's gradient takes the batch for one more axis unless the gathered one comes right after it.
        gradients: hasTail && rest.length === 1 ? ['x'] : [],
      };
    },
  },
  {
    name: 'gather of integers and bools',
    make: (draw) => ({
      inputs: { x: draw.ints([4, 2]), y: draw.bools([4, 2]), at: draw.ints([3], 0, 3) },
      fn: ({ x, y, at }) => [tf.gather(x!, at as tf.Tensor1D), tf.gather(y!, at as tf.Tensor1D)],
    }),
  },
  {
    name: 'gatherND',
    make: (draw) => ({
      inputs: { x: draw.floats([3, 4, 2]), at: draw.ints([2, draw.int(1, 3)], 0, 1) },
      fn: ({ x, at }) => tf.gatherND(x!, at!),
    }),
  },
  {
    name: 'scatterND, equal indices add up',
    make: (draw) => ({
      inputs: { at: draw.ints([5, 1], 0, 3), updates: draw.floats([5, 2]), whole: draw.ints([5, 2]) },
      fn: ({ at, updates, whole }) => [tf.scatterND(at!, updates!, [4, 2]), tf.scatterND(at!, whole!, [4, 2])],
    }),
  },
  {
    name: 'tensorScatterUpdate',
    make: (draw) => ({
      inputs: { x: draw.floats([4, 2]), at: int32([2, 1], draw.order(4).slice(0, 2)), updates: draw.floats([2, 2]) },
      fn: ({ x, at, updates }) => tf.tensorScatterUpdate(x!, at!, updates!),
    }),
  },
  {
    name: 'unsortedSegmentSum, some segments out of range',
    make: (draw) => {
      const rest = draw.shape(0, 2);
      const isWhole = draw.int(0, 4) === 0;
      return {
        inputs: { x: isWhole ? draw.ints([6, ...rest]) : draw.floats([6, ...rest]), ids: draw.ints([6], -2, 4) },
        fn: ({ x, ids }) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 3),
      };
    },
  },
  {
    name: 'unsortedSegmentSum and its gradient',
    make: (draw) => ({
      inputs: { x: draw.floats([6, ...draw.shape(0, 2)]), ids: draw.ints([6], -1, 2) },
      fn: ({ x, ids }) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 3),
      gradients: ['x'],
    }),
  },
  {
    name: 'oneHot, indices out of range are all off',
    make: (draw) => ({
      inputs: { x: draw.ints(draw.shape(), -2, 5) },
      fn: ({ x }) => [
        tf.oneHot(x!, 4),
        tf.oneHot(x!, 4, 0.9, 0.05, 'float32'),
        tf.oneHot(x!, 4, 1, 0, 'bool'),
        tf.oneHot(x!, 3, 5, -1),
      ],
    }),
  },
  {
    name: 'topk, ties in order',
    make: (draw) => {
      const shape = draw.shape(1, 3, 6);
      const k = draw.int(1, shape.at(-1)!);
      const ofInts = (x: tf.Tensor): tf.Tensor[] => Object.values(tf.topk(x, k));
      return {
        inputs: { x: draw.ints(shape, 0, 3), y: draw.floats(shape) },
        fn: ({ x, y }) => [...ofInts(x!), ...ofInts(y!)],
      };
    },
  },
  {
    name: 'bincount and denseBincount',
    make: (draw) => ({
      inputs: {
        x: draw.ints([6], 0, 5),
        y: draw.ints([2, 3], 0, 5),
        weights: draw.floats([6]),
        more: draw.floats([2, 3]),
      },
      fn: ({ x, y, weights, more }) => [
        tf.bincount(x as tf.Tensor1D, weights as tf.Tensor1D, 4),
        tf.bincount(x as tf.Tensor1D, [] as unknown as tf.Tensor1D, 4),
        tf.denseBincount(y as tf.Tensor2D, more as tf.Tensor2D, 4),
        tf.denseBincount(y as tf.Tensor2D, more as tf.Tensor2D, 4, true),
      ],
    }),
  },
  {
    name: 'diag',
    make: (draw) => ({
      inputs: { x: draw.floats(draw.shape(1, 2)), n: draw.ints([3]) },
      fn: ({ x, n }) => [tf.diag(x!), tf.diag(n!)],
    }),
  },
];
