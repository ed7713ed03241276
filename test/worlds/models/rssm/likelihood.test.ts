import assert from 'node:assert/strict';
import { stream } from '../../../../core/index.ts';
import { mapTree, type Tree, tf, type Value } from '../../../../nn/index.ts';
import type { Space } from '../../../../worlds/index.ts';
import { createCodec } from '../../../../worlds/models/rssm/index.ts';
import { assertClose } from '../../../nn/close.ts';

const SIZES = { units: 8, layers: 1, channels: 2, observationScale: null };
const BITS: Space = { type: 'box', shape: [3], low: 0, high: 1 };
const BYTES: Space = { type: 'box', shape: [5, 6, 1], low: 0, high: 255, dtype: 'uint8' };

const codecOf = (space: Space, likelihood: 'gaussian' | 'bernoulli') => createCodec(space, 4, { ...SIZES, likelihood });

describe("a decoder's likelihood", () => {
  it('is, for Bernoulli, minus the logarithm of the probability of what was seen, summed over its numbers', () => {
    tf.tidy(() => {
      const codec = codecOf(BITS, 'bernoulli');
      const logits = tf.tensor2d([0, Math.log(3), -Math.log(4)], [1, 3]);
      const seen = tf.tensor2d([1, 0, 0], [1, 3]);
      // Probabilities of a 1: 1/2, 3/4, 1/5.
      assertClose(codec.restore(logits).dataSync(), [0.5, 0.75, 0.2], 1e-6);
      assertClose(codec.error(logits, seen).dataSync(), [-Math.log(0.5) - Math.log(0.25) - Math.log(0.8)], 1e-6);
    });
  });

  it('has, for Bernoulli, the slope p - x, however sure the decoder is of what is wrong', () => {
    tf.tidy(() => {
      const { error } = codecOf(BITS, 'bernoulli');
      const seen = tf.tensor2d([1, 1, 0], [1, 3]);
      const slope = tf.grad((logits: tf.Tensor) => tf.sum(error(logits, seen)))(tf.tensor2d([-40, 0, 40], [1, 3]));
      assertClose(slope.dataSync(), [-1, -0.5, 1], 1e-6);
    });
  });

  it('is, for Gaussian, the squared error of symlogs for vectors and of brightness for pictures', () => {
    tf.tidy(() => {
      const vector = codecOf({ ...BITS, low: -9, high: 9 }, 'gaussian');
      const decoded = tf.tensor2d([0, Math.log(3), -1], [1, 3]);
      assertClose(vector.restore(decoded).dataSync(), [0, 2, 1 - Math.E], 1e-5);
      const squares = Math.log(3) ** 2 + (1 + Math.log(3)) ** 2;
      assertClose(vector.error(decoded, tf.tensor2d([0, 0, 2], [1, 3])).dataSync(), [squares], 1e-5);
      const picture = codecOf(BYTES, 'gaussian');
      const dark = tf.zeros([1, 30]);
      assertClose(picture.restore(dark).dataSync(), Array(30).fill(0.5), 1e-6);
      assertClose(picture.error(dark, tf.ones([1, 30])).dataSync(), [30 / 4], 1e-5);
    });
  });

  it('counts errors in the units that numbers are scaled to, and gives them back in their own', () => {
    tf.tidy(() => {
      const space: Space = { type: 'box', shape: [2], low: -9, high: 9 };
      const { restore, error } = createCodec(space, 4, { ...SIZES, likelihood: 'gaussian', observationScale: [10, 1] });
      const decoded = tf.tensor2d([Math.log(3), Math.log(3)], [1, 2]);
      assertClose(restore(decoded).dataSync(), [0.2, 2], 1e-6);
      assertClose(error(decoded, tf.tensor2d([0.2, 2], [1, 2])).dataSync(), [0], 1e-6);
      assertClose(error(decoded, tf.tensor2d([0, 2], [1, 2])).dataSync(), [Math.log(3) ** 2], 1e-5);
    });
    for (const [of, scale] of [
      [{ type: 'box', shape: [2], low: -9, high: 9 }, [1]],
      [{ type: 'box', shape: [2], low: -9, high: 9 }, [1, 0]],
      [BYTES, Array(30).fill(2)],
    ] as const)
      assert.throws(() => createCodec(of, 4, { ...SIZES, likelihood: 'gaussian', observationScale: scale }), {
        code: 'invalid_input',
      });
  });

  it('leaves the network as it is: the same weights and logits of a picture under either', () => {
    tf.tidy(() => {
      const upload = ({ data, shape }: Value): tf.Tensor => tf.tensor(data, [...shape]);
      const decoded = (['gaussian', 'bernoulli'] as const).map((likelihood) => {
        const codec = codecOf(BYTES, likelihood);
        const parameters = mapTree(codec.initialise(stream(1, 'codec')), upload) as Tree<tf.Tensor>;
        return codec.restore(codec.decode(parameters, tf.ones([2, 4]))).dataSync();
      });
      assert.deepEqual(decoded[0], decoded[1]);
      assert.ok(decoded[0]!.every((number) => number > 0 && number < 1));
    });
  });

  it('can be Bernoulli only where all numbers lie in [0, 1], bytes over 255', () => {
    const fits: Space[] = [
      BITS,
      BYTES,
      { type: 'discrete', n: 4 },
      { type: 'multiBinary', n: 4 },
      { type: 'tuple', spaces: [BITS, { type: 'discrete', n: 2 }] },
    ];
    for (const space of fits) codecOf(space, 'bernoulli');
    const beyond: Space[] = [
      { ...BITS, low: -1 },
      { ...BITS, high: [1, 1, 1.5] },
      { type: 'dict', spaces: { seen: BITS, speed: { ...BITS, high: 9 } } },
    ];
    for (const space of beyond) {
      codecOf(space, 'gaussian');
      assert.throws(() => codecOf(space, 'bernoulli'), { code: 'invalid_input', message: /likelihood/ });
    }
  });
});
