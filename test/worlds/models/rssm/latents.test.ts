import assert from 'node:assert/strict';
import { stream } from '../../../../core/index.ts';
import { tf } from '../../../../nn/index.ts';
import { divergence, drawn, type LatentShape, mixed, softmaxed } from '../../../../worlds/models/rssm/latents.ts';
import { assertClose, assertGradient } from '../../../nn/close.ts';

const SHAPE: LatentShape = { groups: 1, classes: 2, mix: 0.01 };

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

describe('latents', () => {
  it(
    'have 1 % of the uniform in them: 0.99 softmax + 0.01 / classes',
    inTidy(() => {
      const logits = tf.tensor2d([[0, Math.log(3)]]);
      assertClose(mixed(softmaxed(logits, SHAPE), SHAPE).dataSync(), [0.99 / 4 + 0.005, (0.99 * 3) / 4 + 0.005], 1e-6);
      // No logit puts a class out of reach.
      assertClose(mixed(softmaxed(tf.tensor2d([[0, 200]]), SHAPE), SHAPE).dataSync(), [0.005, 0.995], 1e-6);
    }),
  );

  it(
    'are drawn where the sum of probabilities passes the number: 0.2, 0.5, 0.3 at 0, 0.19, 0.2, 0.69, 0.7, nearly 1',
    inTidy(() => {
      const shape = { groups: 1, classes: 3, mix: 0 };
      const probabilities = tf.tile(tf.tensor3d([0.2, 0.5, 0.3], [1, 1, 3]), [6, 1, 1]);
      const latent = drawn(probabilities, tf.tensor2d([0, 0.19, 0.2000001, 0.69, 0.7000001, 0.9999999], [6, 1]), shape);
      assert.deepEqual([...tf.argMax(latent, 1).dataSync()], [0, 0, 1, 1, 2, 2]);
      assert.deepEqual([...tf.sum(latent, 1).dataSync()], [1, 1, 1, 1, 1, 1]);
    }),
  );

  it(
    'are drawn with their probabilities, each group by itself',
    inTidy(() => {
      const shape = { groups: 2, classes: 4, mix: 0 };
      const draws = 10_000;
      const probabilities = [0.1, 0.2, 0.3, 0.4, 0.7, 0.1, 0.1, 0.1];
      const random = stream(3, 'latents');
      const uniform = tf.tensor2d(
        Float32Array.from({ length: 2 * draws }, () => random.uniform()),
        [draws, 2],
      );
      const rows = tf.tile(tf.tensor3d(probabilities, [1, 2, 4]), [draws, 1, 1]);
      // Four standard deviations of a share at one half.
      assertClose(tf.mean(drawn(rows, uniform, shape), 0).dataSync(), probabilities, 0.02);
    }),
  );

  it(
    'diverge as worked by hand: sum p log(p / q), both with the uniform mixed in',
    inTidy(() => {
      const [posterior, prior] = [tf.tensor2d([[0, Math.log(3)]]), tf.tensor2d([[0, 0]])];
      const p = [0.2525, 0.7475];
      const wanted = p[0]! * Math.log(p[0]! / 0.5) + p[1]! * Math.log(p[1]! / 0.5);
      for (const learner of ['prior', 'posterior'] as const)
        assertClose(divergence(posterior, prior, learner, SHAPE).dataSync(), [wanted], 1e-6);
    }),
  );

  it('let only the side learn that is asked to, by the gradient that differences show', () => {
    const shape: LatentShape = { groups: 2, classes: 3, mix: 0.01 };
    const posterior = tf.tensor2d([[0.5, -1, 0.3, 1.2, 0, -0.7]]);
    const prior = tf.tensor2d([[-0.2, 0.4, 0.9, 0, 0.8, -1.1]]);
    const sum = (p: tf.Tensor, q: tf.Tensor, learner: 'prior' | 'posterior'): tf.Tensor =>
      tf.sum(divergence(p, q, learner, shape));
    assertGradient((x) => sum(posterior, x, 'prior'), prior);
    assertGradient((x) => sum(x, prior, 'posterior'), posterior);
    tf.tidy(() => {
      const both = tf.grads((p: tf.Tensor, q: tf.Tensor) => tf.add(sum(p, q, 'prior'), tf.mul(tf.sum(p), 0)));
      const [toPosterior] = both([posterior, prior]);
      assert.ok([...toPosterior!.dataSync()].every((number) => number === 0));
    });
  });
});
