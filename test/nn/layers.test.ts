import assert from 'node:assert/strict';
import { LightbulbError, stream } from '../../core/index.ts';
import { tf } from '../../nn/engine/tf.ts';
import type { Value } from '../../nn/engine/value.ts';
import {
  type Activation,
  activations,
  convolution,
  dense,
  embedding,
  groupNorm,
  layerNorm,
  mlp,
  project,
  rmsNorm,
} from '../../nn/layers/index.ts';
import { isSmall } from '../../nn/layers/small-convolution.ts';
import { leaves, mapTree } from '../../nn/tree.ts';
import { assertClose, assertGradient, wave } from './close.ts';

const upload = ({ data, shape }: Value): tf.Tensor => tf.tensor(data, [...shape]);

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

/** To a scalar that depends on every element in its own way. */
const mix = (y: tf.Tensor): tf.Tensor => tf.sum(tf.mul(y, wave(y.shape, 0.37)));

describe('dense', () => {
  it(
    'multiplies and adds over the last axis, whatever stands before it',
    inTidy(() => {
      const parameters = {
        weight: tf.tensor2d([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        bias: tf.tensor1d([10, 20]),
      };
      // by hand: [1, 0, 2] -> [1 + 10, 2 + 12] + [10, 20]
      assert.deepEqual([...dense.apply(parameters, tf.tensor1d([1, 0, 2])).dataSync()], [21, 34]);
      const y = dense.apply(parameters, tf.ones([2, 4, 3]));
      assert.deepEqual(y.shape, [2, 4, 2]);
      assert.deepEqual([...y.dataSync()].slice(0, 2), [19, 32]);
      assert.deepEqual([...project(parameters.weight, tf.ones([1, 3])).dataSync()], [9, 12]);
    }),
  );

  it(
    'has right gradients on three axes, where a broadcast product would throw',
    inTidy(() => {
      const [weight, bias, x] = [wave([3, 2], 0.7), wave([2], 1.1), wave([2, 2, 3], 1.3)];
      assertGradient((w) => mix(dense.apply({ weight: w, bias }, x)), weight);
      assertGradient((b) => mix(dense.apply({ weight, bias: b }, x)), bias);
      assertGradient((input) => mix(dense.apply({ weight, bias }, input)), x);
    }),
  );
});

describe('activations', () => {
  it(
    'agree with PyTorch',
    inTidy(() => {
      // torch.nn.functional.gelu and silu of [-3, -1, -0.1, 0, 0.5, 2]; erf has 5 to 6 digits in tfjs's cpu backend
      const x = tf.tensor1d([-3, -1, -0.1, 0, 0.5, 2]);
      const gelu = [-0.0040502, -0.1586553, -0.0460172, 0, 0.3457312, 1.9544997];
      assertClose(activations.gelu(x).dataSync(), gelu, 2e-6);
      const silu = [-0.1422776, -0.2689414, -0.0475021, 0, 0.3112297, 1.7615941];
      assertClose(activations.silu(x).dataSync(), silu, 1e-6);
    }),
  );

  for (const name of Object.keys(activations) as Activation[])
    it(
      `${name} has the right gradient`,
      inTidy(() => assertGradient((x) => mix(activations[name](x)), tf.tensor1d([-2, -0.5, 0.3, 1.5]))),
    );
});

describe('multilayer perceptron', () => {
  it(
    'is dense layers with an activation between',
    inTidy(() => {
      const parameters = mapTree(mlp.init(stream(1, 'mlp'), { sizes: [3, 5, 2] }), upload);
      const x = wave([4, 3], 1.3);
      const hidden = tf.tanh(dense.apply(parameters['0']!, x));
      const expected = dense.apply(parameters['1']!, hidden);
      assertClose(mlp.apply(parameters, x).dataSync(), expected.dataSync(), 1e-6);
      const trunk = mlp.apply(parameters, x, { activation: 'relu', activateLast: true });
      assert.ok(trunk.dataSync().every((y) => y >= 0));
      assertGradient((input) => mix(mlp.apply(parameters, input)), x);
    }),
  );

  it('keeps its layers in order past nine', () => {
    const sizes = Array.from({ length: 13 }, (_, i) => i + 1);
    tf.tidy(() => {
      const parameters = mapTree(mlp.init(stream(1, 'deep'), { sizes }), upload);
      assert.deepEqual(mlp.apply(parameters, tf.ones([2, 1])).shape, [2, 13]);
    });
  });

  it('is the same for the same seed and refuses a single width', () => {
    const make = (seed: number) => leaves<Value>(mlp.init(stream(seed, 'mlp'), { sizes: [2, 4, 1] }));
    assert.deepEqual(make(3), make(3));
    assert.notDeepEqual(make(3), make(4));
    assert.throws(
      () => mlp.init(stream(1, 'mlp'), { sizes: [3] }),
      (e: unknown) => e instanceof LightbulbError,
    );
  });
});

describe('embedding', () => {
  it(
    'finds rows, and adds the gradients of a row used twice',
    inTidy(() => {
      const table = tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      const ids = tf.tensor2d(
        [
          [2, 0],
          [2, 2],
        ],
        [2, 2],
        'int32',
      );
      assert.deepEqual(embedding.apply({ table }, ids).arraySync(), [
        [
          [5, 6],
          [1, 2],
        ],
        [
          [5, 6],
          [5, 6],
        ],
      ]);
      const gradient = tf.grad((x: tf.Tensor) => {
        const y = embedding.apply({ table: x }, ids);
        return tf.sum(tf.mul(y, tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])));
      })(table);
      // by hand: row 2 gets (1, 2) + (5, 6) + (7, 8), row 0 gets (3, 4), row 1 nothing
      assert.deepEqual(gradient.arraySync(), [
        [3, 4],
        [0, 0],
        [13, 16],
      ]);
      assertGradient((x) => mix(tf.square(embedding.apply({ table: x }, ids))), wave([3, 2], 0.7));
    }),
  );
});

describe('convolution', () => {
  it(
    'agrees with PyTorch',
    inTidy(() => {
      // torch conv2d of x [1,3,3,2] = wave 1.3, w [2,2,2,2] = wave 0.7, b = wave 1.1, axes moved to NCHW and OIHW
      const parameters = { kernel: wave([2, 2, 2, 2], 0.7), bias: wave([2], 1.1) };
      const x = wave([1, 3, 3, 2], 1.3);
      const expected = [0.2181884, 0.9618258, -0.2854476, 0.0296272, -0.1789953, 0.524533, 0.0357528, 0.113667];
      assertClose(convolution.apply(parameters, x).dataSync(), expected, 1e-6);
      assert.deepEqual(convolution.apply(parameters, x, { strides: 2, padding: 'same' }).shape, [1, 2, 2, 2]);
      assertGradient((kernel) => mix(convolution.apply({ ...parameters, kernel }, x)), parameters.kernel);
      assertGradient((input) => mix(convolution.apply(parameters, input)), x);
    }),
  );

  it(
    'is the same where pictures are so small that it is one product, gradients included',
    inTidy(() => {
      const shapes: [picture: number[], kernel: number[], strides: number][] = [
        [[5, 5, 2], [3, 3, 2, 4], 1],
        [[4, 3, 1], [3, 2, 1, 3], 1],
        [[3, 3, 2], [3, 3, 2, 2], 1],
        [[5, 4, 2], [3, 3, 2, 3], 2],
        [[6, 6, 1], [4, 4, 1, 2], 2],
      ];
      for (const [picture, size, strides] of shapes) {
        assert.ok(isSmall({ picture, kernel: size, strides } as unknown as Parameters<typeof isSmall>[0]));
        const given = [wave([3, ...picture], 1.3), wave(size, 0.7), wave([size[3]!], 1.1)];
        const small = (x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
          convolution.apply({ kernel, bias }, x, { strides });
        const plain = (x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
          tf.add(tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, strides, 'valid'), bias);
        const [x, kernel, bias] = given as [tf.Tensor, tf.Tensor, tf.Tensor];
        assert.deepEqual(small(x, kernel, bias).shape, plain(x, kernel, bias).shape);
        assertClose(small(x, kernel, bias).dataSync(), plain(x, kernel, bias).dataSync(), 1e-5);
        const [mine, theirs] = [small, plain].map((f) => tf.grads((...of) => mix(f(of[0]!, of[1]!, of[2]!)))(given));
        for (const [i, gradient] of mine!.entries()) assertClose(gradient.dataSync(), theirs![i]!.dataSync(), 1e-5);
      }
      const large = { picture: [8, 8, 1], kernel: [4, 4, 1, 8], strides: 2 } as const;
      assert.ok(!isSmall(large), 'four times the work');
      assert.ok(!isSmall({ picture: [6, 6, 128], kernel: [4, 4, 128, 256], strides: 2 }), 'a large matrix');
    }),
  );

  it('begins with the fans of its receptive field', () => {
    const { kernel } = convolution.init(stream(1, 'conv'), { size: [4, 4], inputs: 8, outputs: 64 });
    const variance = Array.from(kernel.data).reduce((sum, w) => sum + w * w, 0) / kernel.data.length;
    assert.ok(Math.abs(variance * 128 - 1) < 0.1, `variance ${variance}, wanted 1 / (4 * 4 * 8)`);
  });
});

describe('normalisation', () => {
  const scale = (): tf.Tensor => tf.add(wave([4], 1.1), 1);

  it(
    'agrees with PyTorch',
    inTidy(() => {
      // layer_norm(x, (4,), scale, offset), rms_norm(x, (4,), scale, 1e-6): x = wave 1.3 [2,4], scale = 1 + wave 1.1, offset = wave 1.7
      const x = wave([2, 4], 1.3);
      const parameters = { scale: scale(), offset: wave([4], 1.7) };
      const layer = [-0.3218842, 2.2969811, 0.5980897, -1.790222, -1.5501819, 0.6089599, 1.6128504, -0.2488501];
      assertClose(layerNorm.apply(parameters, x).dataSync(), layer, 2e-6);
      const rms = [0, 2.1575468, 1.1212611, -0.9812809, -1.2732691, 0.4481939, 2.0209088, 0.4236242];
      assertClose(rmsNorm.apply(parameters, x).dataSync(), rms, 2e-6);
      // group_norm(x, 2, scale, offset) of x = wave 1.3 [2, 4, 2, 1], channels second there and last here
      const picture = tf.transpose(wave([2, 4, 2, 1], 1.3), [0, 2, 3, 1]);
      const group = [
        -0.3218842, 1.2430694, -2.3046107, 0.678866, 1.245949, -1.5872364, -0.0178795, -0.2488502, -1.0080245,
        1.3638566, 0.6048025, -1.0766585, -0.9231629, 2.4195399, -1.822619, 0.7820556,
      ];
      assertClose(groupNorm.apply(parameters, picture, 2).dataSync(), group, 2e-6);
    }),
  );

  it(
    'has right gradients',
    inTidy(() => {
      const x = wave([2, 4], 1.3);
      const parameters = { scale: scale(), offset: wave([4], 1.7) };
      assertGradient((input) => mix(layerNorm.apply(parameters, input)), x);
      assertGradient((s) => mix(layerNorm.apply({ ...parameters, scale: s }, x)), parameters.scale);
      assertGradient((input) => mix(rmsNorm.apply(parameters, input)), x);
      const rows = wave([2, 3, 4], 1.3);
      assertGradient((input) => mix(groupNorm.apply(parameters, input, 2)), rows);
    }),
  );

  it('begins as the plain norm and refuses groups that do not divide', () => {
    assert.deepEqual([...layerNorm.init(2).scale.data, ...layerNorm.init(2).offset.data], [1, 1, 0, 0]);
    tf.tidy(() => {
      const parameters = { scale: tf.ones([4]), offset: tf.zeros([4]) };
      assert.throws(
        () => groupNorm.apply(parameters, tf.ones([1, 2, 4]), 3),
        (error: unknown) => error instanceof LightbulbError && error.code === 'shape',
      );
    });
  });
});
