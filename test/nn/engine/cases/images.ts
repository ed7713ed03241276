import { tf } from '../../../../nn/engine/index.ts';
import type { Case, Draw } from './case.ts';

type Pad = 'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]];

interface Geometry {
  readonly batch: number;
  readonly size: [number, number];
  readonly channels: number;
  readonly filter: [number, number];
  readonly strides: [number, number];
  readonly pad: Pad;
}

function geometry(draw: Draw, isPool = false): Geometry {
  const least = isPool ? 2 : 1;
  const filter: [number, number] = !isPool && draw.int(0, 3) === 0 ? [1, 1] : [draw.int(least, 3), draw.int(least, 3)];
  return {
    batch: draw.int(1, 3),
    size: [draw.int(3, 7), draw.int(3, 7)],
    channels: draw.int(1, 3),
    filter,
    strides: [draw.int(1, 3), draw.int(1, 3)],
    pad: draw.pick<Pad>([
      'same',
      'valid',
      'same',
      'valid',
      1,
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [0, 0],
      ],
    ]),
  };
}

const x4 = (x: tf.Tensor | undefined): tf.Tensor4D => x as tf.Tensor4D;

const convolutions: Case[] = [
  {
    name: 'conv2d',
    make: (draw) => {
      const g = geometry(draw);
      return {
        inputs: {
          x: draw.floats([g.batch, ...g.size, g.channels]),
          w: draw.floats([...g.filter, g.channels, draw.int(1, 3)]),
        },
        fn: ({ x, w }) => tf.conv2d(x4(x), x4(w), g.strides, g.pad),
        gradients: ['x', 'w'],
      };
    },
  },
  {
    name: 'conv2d with strides that leave pixels over',
    make: (draw) => {
      const strides = draw.pick([
        [3, 3],
        [4, 2],
        [3, 4],
      ] as [number, number][]);
      return {
        inputs: { x: draw.floats([2, 6, 7, 2]), w: draw.floats([2, 2, 2, 3]) },
        fn: ({ x, w }) => tf.conv2d(x4(x), x4(w), strides, 'valid'),
        gradients: ['x', 'w'],
      };
    },
  },
  {
    name: 'conv2d of one pixel, a matrix product',
    make: (draw) => ({
      inputs: { x: draw.floats([2, 3, 2, 3]), w: draw.floats([1, 1, 3, 4]), b: draw.floats([4]) },
      fn: ({ x, w, b }) => tf.add(tf.conv2d(x4(x), x4(w), 1, 'valid'), b!),
      gradients: ['x', 'w', 'b'],
    }),
  },
  {
    name: 'conv2d with channels first',
    make: (draw) => ({
      inputs: { x: draw.floats([2, 3, 5, 4]), w: draw.floats([2, 3, 3, 2]) },
      fn: ({ x, w }) => tf.conv2d(x4(x), x4(w), 1, 'same', 'NCHW'),
      gradients: ['x', 'w'],
    }),
  },
  {
    name: 'conv2d, dilated',
    make: (draw) => {
      const pad = draw.pick(['same', 'valid'] as const);
      const dilation = draw.int(1, 2);
      return {
        inputs: { x: draw.floats([2, 7, 6, 2]), w: draw.floats([2, 3, 2, 3]) },
        fn: ({ x, w }) => tf.conv2d(x4(x), x4(w), 1, pad, 'NHWC', [2, dilation]),
      };
    },
  },
  {
    name: 'conv1d',
    make: (draw) => {
      const stride = draw.int(1, 2);
      return {
        inputs: { x: draw.floats([2, 7, 3]), w: draw.floats([3, 3, 2]) },
        fn: ({ x, w }) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, stride, 'same'),
        gradients: ['x', 'w'],
      };
    },
  },
  {
    name: 'conv2dTranspose',
    make: (draw) => {
      const stride = draw.int(1, 3);
      const pad = draw.pick(['same', 'valid'] as const);
      const [h, w] = [3, 4].map((length) => (pad === 'same' ? length * stride : (length - 1) * stride + 3)) as [
        number,
        number,
      ];
      return {
        inputs: { x: draw.floats([2, 3, 4, 2]), w: draw.floats([3, 3, 1, 2]) },
        fn: ({ x, w: filter }) => tf.conv2dTranspose(x4(x), x4(filter), [2, h, w, 1], stride, pad),
        gradients: ['x', 'w'],
      };
    },
  },
  {
    name: 'depthwiseConv2d',
    make: (draw) => {
      const g = geometry(draw);
      const stride = draw.int(1, 2);
      return {
        inputs: {
          x: draw.floats([g.batch, ...g.size, g.channels]),
          w: draw.floats([...g.filter, g.channels, draw.int(1, 2)]),
        },
        fn: ({ x, w }) => tf.depthwiseConv2d(x4(x), x4(w), stride, g.pad as 'same'),
        gradients: ['x', 'w'],
      };
    },
  },
  {
    name: 'separableConv2d',
    make: (draw) => ({
      inputs: { x: draw.floats([1, 5, 5, 2]), d: draw.floats([3, 3, 2, 2]), p: draw.floats([1, 1, 4, 3]) },
      fn: ({ x, d, p }) => tf.separableConv2d(x4(x), x4(d), x4(p), 1, 'same'),
      gradients: ['x', 'd', 'p'],
    }),
  },
  {
    name: 'fused convolutions',
    make: (draw) => {
      const activation = draw.pick(['linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'sigmoid'] as const);
      return {
        inputs: {
          x: draw.floats([2, 5, 5, 2]),
          w: draw.floats([3, 3, 2, 3]),
          d: draw.floats([3, 3, 2, 1]),
          b: draw.floats([3]),
          c: draw.floats([2]),
        },
        fn: ({ x, w, d, b, c }) => [
          tf.fused.conv2d({ x: x4(x), filter: x4(w), strides: 1, pad: 'same', bias: b!, activation }),
          tf.fused.depthwiseConv2d({ x: x4(x), filter: x4(d), strides: 1, pad: 'same', bias: c!, activation }),
        ],
      };
    },
  },
];

const pools: Case[] = [
  {
    name: 'maxPool',
    make: (draw) => {
      const g = geometry(draw, true);
      return {
        inputs: { x: draw.distinct([g.batch, ...g.size, g.channels]) },
        fn: ({ x }) => tf.maxPool(x4(x), g.filter, g.strides, g.pad === 1 ? 'same' : g.pad),
        gradients: ['x'],
      };
    },
  },
  {
    name: 'maxPool, the first of equals gets the gradient',
    make: (draw) => ({
      inputs: { x: draw.floats([1, 4, 4, 2], 0, 0.001) },
      fn: ({ x }) => tf.maxPool(tf.round(x!) as tf.Tensor4D, 2, 2, 'valid'),
      gradients: ['x'],
    }),
  },
  {
    name: 'avgPool',
    make: (draw) => {
      const g = geometry(draw, true);
      return {
        inputs: { x: draw.floats([g.batch, ...g.size, g.channels]) },
        fn: ({ x }) => tf.avgPool(x4(x), g.filter, g.strides, g.pad === 1 ? 'same' : g.pad),
        gradients: ['x'],
      };
    },
  },
];

const rest: Case[] = [
  {
    name: 'batchNorm',
    make: (draw) => {
      const n = draw.int(1, 4);
      const isScaled = draw.flag();
      const names = ['x', 'mean', 'variance', 'scale', 'offset'];
      return {
        inputs: {
          x: draw.floats([2, 3, 2, n]),
          mean: draw.floats([n]),
          variance: draw.floats([n], 0.5, 2),
          scale: draw.floats([n]),
          offset: draw.floats([n]),
        },
        fn: ({ x, mean, variance, scale, offset }) =>
          tf.batchNorm(
            x!,
            mean as tf.Tensor1D,
            variance as tf.Tensor1D,
            ...(isScaled ? [offset as tf.Tensor1D, scale as tf.Tensor1D] : []),
          ),
        // tfjs's gradient needs scale and offset.
        gradients: isScaled ? names : [],
      };
    },
  },
  {
    name: 'resizeBilinear and resizeNearestNeighbor',
    make: (draw) => {
      const alignCorners = draw.flag();
      const [side, channels] = [draw.int(2, 4), draw.int(1, 2)];
      const to: [number, number] = [draw.int(2, 6), draw.int(2, 6)];
      return {
        // One square image: tfjs's gradients mix up height and width, and the images of a batch.
        inputs: { x: draw.floats([1, side, side, channels]) },
        fn: ({ x }) => [
          tf.image.resizeBilinear(x4(x), to, alignCorners),
          tf.image.resizeNearestNeighbor(x4(x), to, alignCorners),
        ],
        gradients: ['x'],
      };
    },
  },
  {
    name: 'resize with half-pixel centres',
    make: (draw) => {
      const side = draw.int(1, 6);
      return {
        inputs: { x: draw.floats([1, 3, 4, 2]) },
        fn: ({ x }) => [
          tf.image.resizeBilinear(x4(x), [side, 5], false, true),
          tf.image.resizeNearestNeighbor(x4(x), [5, side], false, true),
        ],
      };
    },
  },
];

export const imageCases: Case[] = [...convolutions, ...pools, ...rest];
