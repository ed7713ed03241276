import type { Value } from '../../../../nn/engine/index.ts';
import { tf } from '../../../../nn/engine/index.ts';
import type { Case, Draw, Instance } from './case.ts';

const DTYPES = ['float32', 'int32', 'bool'] as const;

/** A case on one tensor of any dtype, differentiated where it is float32. */
function anyType(
  name: string,
  make: (draw: Draw, shape: number[]) => (x: tf.Tensor) => tf.Tensor | tf.Tensor[],
  minRank = 1,
  maxRank = 4,
): Case {
  return {
    name,
    make: (draw): Instance => {
      const dtype = draw.pick(DTYPES);
      const shape = draw.shape(minRank, maxRank);
      const op = make(draw, shape);
      return {
        inputs: { x: draw.values(dtype, shape) },
        fn: ({ x }) => op(x!),
        gradients: dtype === 'float32' ? ['x'] : [],
      };
    },
  };
}

/** Where each axis is cut: begin and size. */
function cut(draw: Draw, shape: readonly number[]): [number[], number[]] {
  const begin = shape.map((length) => draw.int(0, length - 1));
  return [begin, shape.map((length, i) => draw.int(1, length - begin[i]!))];
}

const sides = (draw: Draw, shape: readonly number[], most = 2): [number, number][] =>
  shape.map((length) => [draw.int(0, Math.min(most, length)), draw.int(0, Math.min(most, length))]);

export const shapeCases: Case[] = [
  anyType(
    'reshape',
    (draw, shape) => {
      const middle = draw.flag() ? [-1] : [...shape].reverse();
      return (x) => tf.reshape(tf.reshape(x, middle), [1, ...shape, 1]);
    },
    0,
  ),
  anyType('expandDims and squeeze', (draw, shape) => {
    const axis = draw.int(0, shape.length);
    return (x) => [tf.expandDims(x, axis), tf.squeeze(x)];
  }),
  anyType('transpose', (draw, shape) => {
    const [first, second] = [draw.order(shape.length), draw.order(shape.length)];
    return (x) => [tf.transpose(x, first), tf.transpose(tf.transpose(x, first), second)];
  }),
  anyType('slice', (draw, shape) => {
    const [begin, size] = cut(draw, shape);
    return (x) => tf.slice(x, begin, size);
  }),
  anyType('reverse', (draw, shape) => {
    const axes = draw.order(shape.length).slice(0, draw.int(1, shape.length));
    return (x) => tf.reverse(x, axes);
  }),
  anyType(
    'tile',
    (draw, shape) => {
      const reps = shape.map(() => draw.int(1, 3));
      return (x) => tf.tile(x, reps);
    },
    1,
    3,
  ),
  anyType('stack and unstack', (draw, shape) => {
    const axis = draw.int(0, shape.length - 1);
    // tfjs cannot differentiate an unstack into one part, nor a split.
    return (x) => [tf.stack([x, x], axis), ...tf.unstack(tf.concat([x, x], axis), axis)];
  }),
  anyType('split', (draw, shape) => {
    const axis = draw.axis(shape);
    const length = shape.at(axis)!;
    const first = draw.int(1, length);
    return (x) => tf.split(tf.concat([x, x], axis), [first, 2 * length - first], axis);
  }),
  anyType('pad', (draw, shape) => {
    const [around, value] = [sides(draw, shape), draw.int(-1, 1)];
    return (x) => tf.pad(x, around, x.dtype === 'bool' ? 1 : value);
  }),
  anyType('mirrorPad', (draw, shape) => {
    const mode = draw.pick(['reflect', 'symmetric'] as const);
    const around = sides(
      draw,
      shape.map((length) => length - Number(mode === 'reflect')),
    );
    return (x) => tf.mirrorPad(x, around, mode);
  }),
  anyType(
    'broadcastTo',
    (draw, shape) => {
      const to = [draw.int(1, 2), ...shape.map((length) => (length === 1 ? draw.int(1, 3) : length))];
      return (x) => [tf.broadcastTo(x, to), tf.sum(tf.broadcastTo(tf.cast(x, 'float32'), to))];
    },
    1,
    3,
  ),
  {
    name: 'broadcasts that stay lazy',
    make: (draw) => {
      const [rows, columns] = [draw.int(1, 4), draw.int(1, 4)];
      return {
        inputs: { x: draw.floats([rows, 1]), y: draw.floats([rows, columns]), b: draw.floats([columns]) },
        fn: ({ x, y, b }) => {
          const wide = tf.broadcastTo(x!, [rows, columns]);
          const tall = tf.broadcastTo(tf.reshape(wide, [rows, 1, columns]), [rows, 2, columns]);
          return [
            tf.mul(tf.exp(wide), y!),
            tf.add(wide, b!),
            tf.mul(tall, tf.expandDims(y!, 1)),
            tf.reshape(tall, [rows * 2, columns]),
            tf.sum(tf.square(wide), 1),
            tf.concat([wide, y!], 1),
            tf.matMul(wide, y!, true, false),
            tf.add(tf.fill([rows, columns], 2), tf.broadcastTo(b!, [rows, columns])),
          ];
        },
        gradients: ['x', 'y', 'b'],
      };
    },
  },
  {
    name: 'concat',
    make: (draw) => {
      const shape = draw.shape(1);
      const axis = draw.axis(shape);
      const at = axis < 0 ? axis + shape.length : axis;
      const other = shape.map((length, i) => (i === at ? draw.int(1, 3) : length));
      return {
        inputs: { a: draw.floats(shape), b: draw.floats(other) },
        fn: ({ a, b }) => tf.concat([a!, b!, tf.zerosLike(a!)], axis),
        gradients: ['a', 'b'],
      };
    },
  },
  {
    name: 'stridedSlice',
    make: (draw) => {
      const shape = draw.shape(1, 3, 5);
      const steps = shape.map(() => draw.pick([-2, -1, 1, 2]));
      const begin = shape.map((length, i) => (steps[i]! > 0 ? 0 : length - 1));
      const end = shape.map((length, i) => (steps[i]! > 0 ? length : -length - 1));
      return {
        inputs: { x: draw.floats(shape) },
        fn: ({ x }) => [
          tf.stridedSlice(x!, begin, end, steps),
          tf.stridedSlice(x!, [0], [1], [1], 0, 0, 0, 0, 1),
          tf.stridedSlice(x!, [0], [2]),
        ],
      };
    },
  },
  {
    name: 'spaceToBatchND and batchToSpaceND',
    make: (draw) => {
      const shape = [draw.int(1, 2), 4, 2, draw.int(1, 3)];
      const pads: [number, number][] = draw.pick([
        [
          [0, 0],
          [0, 0],
        ],
        [
          [1, 1],
          [2, 0],
        ],
        [
          [2, 0],
          [1, 1],
        ],
      ] as [number, number][][]);
      return {
        inputs: { x: draw.floats(shape) },
        fn: ({ x }) => {
          const batches = tf.spaceToBatchND(x!, [2, 2], pads);
          return [batches, tf.batchToSpaceND(batches, [2, 2], pads)];
        },
        gradients: ['x'],
      };
    },
  },
  {
    name: 'depthToSpace',
    make: (draw) => ({
      inputs: { x: draw.floats([draw.int(1, 2), draw.int(1, 3), 2, 8]) },
      fn: ({ x }) => tf.depthToSpace(x as tf.Tensor4D, 2),
    }),
  },
];

/** A reduction over random axes, or all. */
function reduction(
  name: string,
  op: (x: tf.Tensor, axes: number[] | undefined, keepDims: boolean) => tf.Tensor,
  dtypes: readonly ('float32' | 'int32' | 'bool')[],
  values?: (draw: Draw, shape: number[]) => Value,
): Case {
  return {
    name,
    make: (draw) => {
      const dtype = draw.pick(dtypes);
      const shape = draw.shape(0, 4);
      const axes = draw.flag()
        ? undefined
        : draw
            .order(shape.length)
            .slice(0, draw.int(0, shape.length))
            .map((axis) => (draw.flag() ? axis : axis - shape.length));
      const keepDims = draw.flag();
      return {
        inputs: {
          x: dtype === 'float32' ? (values ?? ((d, s) => d.floats(s)))(draw, shape) : draw.values(dtype, shape),
        },
        fn: ({ x }) => op(x!, axes, keepDims),
        gradients: dtype === 'float32' ? ['x'] : [],
      };
    },
  };
}

const scanned = (
  name: string,
  op: (x: tf.Tensor, axis: number, exclusive: boolean, reverse: boolean) => tf.Tensor,
  hasGradient: boolean,
): Case => ({
  name,
  make: (draw) => {
    const shape = draw.shape(1, 3, 6);
    // tfjs's gradient of cumsum leaves the axes in the wrong order unless the axis is the last one.
    const axis = hasGradient ? shape.length - 1 : draw.int(0, shape.length - 1);
    const [exclusive, reverse] = [draw.flag(), draw.flag()];
    const isWhole = draw.flag();
    return {
      inputs: { x: isWhole ? draw.ints(shape) : draw.floats(shape) },
      fn: ({ x }) => op(x!, axis, exclusive, reverse),
      gradients: hasGradient && !isWhole ? ['x'] : [],
    };
  },
});

export const reductionCases: Case[] = [
  reduction('sum', tf.sum, ['float32', 'int32', 'bool']),
  reduction('mean', tf.mean, ['float32', 'int32', 'bool']),
  reduction('max', tf.max, ['float32', 'int32'], (draw, shape) => draw.distinct(shape)),
  reduction('min', tf.min, ['float32', 'int32'], (draw, shape) => draw.distinct(shape)),
  reduction('all', (x, axes, keepDims) => tf.all(x, axes, keepDims), ['bool']),
  reduction('any', (x, axes, keepDims) => tf.any(x, axes, keepDims), ['bool']),
  reduction('logSumExp', tf.logSumExp, ['float32']),
  {
    name: 'prod',
    make: (draw) => {
      const shape = draw.shape(1, 3, 5);
      const axis = draw.int(0, shape.length - 1);
      // tfjs's gradient of prod over several axes has the wrong shape unless they are all of them.
      return {
        inputs: { x: draw.floats(shape) },
        fn: ({ x }) => tf.prod(x!, axis),
        gradients: axis === shape.length - 1 ? ['x'] : [],
      };
    },
  },
  {
    name: 'prod of integers and bools',
    make: (draw) => ({
      inputs: { x: draw.ints([3, 2]), y: draw.bools([3]) },
      fn: ({ x, y }) => [tf.prod(x!, 0), tf.prod(y!)],
    }),
  },
  {
    name: 'argMax and argMin, ties included',
    make: (draw) => {
      const shape = draw.shape(1);
      const axis = draw.axis(shape);
      return {
        inputs: { x: draw.ints(shape, 0, 2), y: draw.floats(shape) },
        fn: ({ x, y }) => [tf.argMax(x!, axis), tf.argMin(x!, axis), tf.argMax(y!, axis), tf.argMin(y!, axis)],
      };
    },
  },
  {
    name: 'softmax and logSoftmax',
    make: (draw) => ({
      inputs: { x: draw.floats(draw.shape(1)) },
      fn: ({ x }) => [tf.softmax(x!), tf.logSoftmax(x!)],
      gradients: ['x'],
    }),
  },
  {
    name: 'moments',
    make: (draw) => ({
      inputs: { x: draw.floats(draw.shape(1)) },
      fn: ({ x }) => Object.values(tf.moments(x!, -1, true)),
      gradients: ['x'],
    }),
  },
  scanned('cumsum', tf.cumsum, true),
  scanned('cumsum along any axis', tf.cumsum, false),
  scanned('cumprod', tf.cumprod, false),
];
