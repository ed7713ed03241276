import { float32, int32, tf } from '../../../../nn/engine/index.ts';
import { binaryCase, type Case, integerCase, unaryCase } from './case.ts';

const arithmetic: Case[] = [
  binaryCase('add', tf.add),
  binaryCase('sub', tf.sub),
  binaryCase('mul', tf.mul),
  binaryCase('div', tf.div, { b: [0.5, 3] }),
  binaryCase('div by negative numbers', tf.div, { b: [-3, -0.5] }),
  binaryCase('maximum', tf.maximum, { isFlat: true }),
  binaryCase('maximum and its gradient', tf.maximum, { isSameShape: true }),
  binaryCase('minimum', tf.minimum, { isFlat: true }),
  binaryCase('minimum and its gradient', tf.minimum, { isSameShape: true }),
  binaryCase('pow', tf.pow, { a: [0.2, 3] }),
  binaryCase('squaredDifference', tf.squaredDifference, { isFlat: true }),
  binaryCase('squaredDifference and its gradient', tf.squaredDifference, { isSameShape: true }),
  binaryCase('mod', tf.mod, { b: [0.5, 3] }),
  binaryCase('mod by negative numbers', tf.mod, { b: [-3, -0.5] }),
  binaryCase('floorDiv', tf.floorDiv, { b: [0.5, 3], isFlat: true }),
  binaryCase('atan2', tf.atan2),
  binaryCase('divNoNan', tf.divNoNan, { isFlat: true }),
  integerCase('add of integers', tf.add),
  integerCase('sub of integers', tf.sub),
  integerCase('mul of integers', tf.mul),
  integerCase('mul of bools', tf.mul, ['bool']),
  integerCase('div of integers, by zero too', tf.div),
  integerCase('floorDiv of integers, by zero too', tf.floorDiv),
  integerCase('maximum of integers', tf.maximum, ['int32', 'bool']),
  integerCase('minimum of integers', tf.minimum, ['int32', 'bool']),
  integerCase('pow of integers', (a, b) => tf.pow(a, tf.abs(b))),
  integerCase('squaredDifference of integers', tf.squaredDifference),
  {
    name: 'mod of integers',
    make: (draw) => {
      const shape = draw.shape(1);
      return {
        inputs: { a: draw.ints(shape, -20, 20), b: draw.ints(shape, 1, 5), sign: draw.bools(shape) },
        fn: ({ a, b, sign }) =>
          tf.mod(a!, tf.mul(b!, tf.sub(tf.mul(tf.cast(sign!, 'int32'), tf.scalar(2, 'int32')), tf.scalar(1, 'int32')))),
      };
    },
  },
  {
    name: 'addN',
    make: (draw) => {
      const shape = draw.shape();
      return {
        inputs: { a: draw.floats(shape), b: draw.floats(shape), c: draw.floats(shape) },
        fn: ({ a, b, c }) => tf.addN([a!, b!, c!, tf.zerosLike(a!)]),
        gradients: ['a', 'b', 'c'],
      };
    },
  },
];

const comparisons: Case[] = (['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual'] as const).flatMap(
  (name) => [
    integerCase(`${name} of integers and bools`, (a, b) => tf[name](a, b), ['int32', 'bool']),
    binaryCase(name, (a, b) => tf[name](tf.round(a), tf.round(b)), { isFlat: true }),
  ],
);

const logic: Case[] = [
  integerCase('logicalAnd', tf.logicalAnd, ['bool']),
  integerCase('logicalOr', tf.logicalOr, ['bool']),
  integerCase('logicalXor', tf.logicalXor, ['bool']),
  {
    name: 'logicalNot',
    make: (draw) => ({ inputs: { x: draw.bools(draw.shape()) }, fn: ({ x }) => tf.logicalNot(x!) }),
  },
  {
    name: 'isNaN, isInf, isFinite',
    make: (draw) => ({
      inputs: { x: float32([5], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, draw.int(-9, 9)]) },
      fn: ({ x }) => [tf.isNaN(x!), tf.isInf(x!), tf.isFinite(x!)],
    }),
  },
  {
    name: 'where',
    make: (draw) => {
      const [a, b] = draw.pair();
      const dtype = draw.pick(['float32', 'int32', 'bool'] as const);
      return {
        inputs: { test: draw.bools(draw.pick([a, b])), a: draw.values(dtype, a), b: draw.values(dtype, b) },
        fn: ({ test, a: yes, b: no }) => tf.where(test!, yes!, no!),
        gradients: dtype === 'float32' ? ['a', 'b'] : [],
      };
    },
  },
  {
    name: 'where of an integer and a float',
    make: (draw) => ({
      inputs: { test: draw.bools([4]), a: draw.ints([4]), b: draw.floats([4]) },
      fn: ({ test, a, b }) => tf.where(test!, a!, b!),
    }),
  },
];

const rounding: Case[] = [
  unaryCase('floor', tf.floor),
  unaryCase('ceil', tf.ceil),
  unaryCase('round', tf.round),
  {
    name: 'round halves to even',
    make: () => ({
      inputs: { x: float32([8], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5]) },
      fn: ({ x }) => tf.round(x!),
    }),
  },
  unaryCase('sign', tf.sign),
  unaryCase('abs', tf.abs),
  unaryCase('neg', tf.neg),
  unaryCase('square', tf.square),
  unaryCase('reciprocal', tf.reciprocal, { low: 0.3 }),
  unaryCase('sqrt', tf.sqrt, { low: 0.1 }),
  unaryCase('rsqrt', tf.rsqrt, { low: 0.1 }),
  unaryCase('clipByValue', (x) => tf.clipByValue(x, -1, 1.5)),
  {
    name: 'clipByValue of integers',
    make: (draw) => ({
      inputs: { x: draw.ints([6]) },
      fn: ({ x }) => [tf.clipByValue(x!, -1.5, 2.5), tf.clipByValue(x!, Number.NEGATIVE_INFINITY, 1)],
    }),
  },
  {
    name: 'ops of one integer operand',
    make: (draw) => ({
      inputs: { x: draw.ints(draw.shape()) },
      fn: ({ x }) => [tf.abs(x!), tf.neg(x!), tf.sign(x!), tf.square(x!), tf.round(x!), tf.relu(x!), tf.step(x!)],
    }),
  },
];

const casts: Case[] = [
  {
    name: 'cast',
    make: (draw) => {
      const from = draw.pick(['float32', 'int32', 'bool'] as const);
      const to = draw.pick(['float32', 'int32', 'bool'] as const);
      return {
        inputs: { x: draw.values(from, draw.shape()) },
        fn: ({ x }) => tf.cast(x!, to),
        gradients: from === 'float32' && to === 'float32' ? ['x'] : [],
      };
    },
  },
  {
    name: 'fill, zerosLike, onesLike, range, linspace',
    make: (draw) => {
      const shape = draw.shape();
      return {
        inputs: { x: draw.floats(shape), n: draw.ints(shape) },
        fn: ({ x, n }) =>
          [
            tf.add(tf.fill(shape, 0.3), x!),
            tf.zerosLike(n!),
            tf.onesLike(x!),
            tf.fill(shape, 7, 'int32'),
            tf.range(1, 8, 2, 'int32'),
            tf.range(5, 1),
            tf.range(5, 1, -0.3),
            tf.range(1, 1),
            tf.linspace(0, 1, 7),
          ].filter((tensor) => tensor.size > 0),
      };
    },
  },
  {
    name: 'identities and constants that fold',
    make: (draw) => {
      const [a, b] = draw.pair();
      return {
        inputs: { a: draw.floats(a), n: int32([2], [3, -4]) },
        fn: ({ a: x, n }) => [
          tf.mul(x!, tf.ones(b)),
          tf.add(tf.zeros(b), x!),
          tf.div(tf.zeros([2]), tf.zeros([2])),
          tf.div(tf.ones([2]), tf.zeros([2])),
          tf.sub(x!, tf.zeros(b)),
          tf.sub(tf.zeros(b), x!),
          tf.pow(x!, 1),
          tf.pow(x!, 2),
          tf.mul(n!, tf.onesLike(n!)),
          tf.add(tf.fill([2, 2], 0.1), tf.fill([2, 1], 0.2)),
          tf.sum(tf.mul(tf.ones([3, 2]), 0.7), 1),
          tf.mean(tf.ones([3, 2])),
          tf.max(tf.fill([3], -2)),
          tf.clone(x!),
          tf.mul(x!, 0),
          tf.cast(tf.fill([2], -1.7), 'int32'),
        ],
        gradients: ['a'],
      };
    },
  },
];

export const elementwiseCases: Case[] = [...arithmetic, ...comparisons, ...logic, ...rounding, ...casts];
