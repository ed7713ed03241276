import assert from 'node:assert/strict';
import { LightbulbError, stream } from '../../core/index.ts';
import { categorical, diagonalGaussian, multiCategorical } from '../../nn/distributions.ts';
import { tf } from '../../nn/engine/tf.ts';
import { assertClose, assertGradient } from './close.ts';

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

/** Gumbel noise of a named stream. */
function gumbels(shape: number[], name: string): tf.Tensor {
  const data = new Float32Array(shape.reduce((product, n) => product * n, 1));
  stream(5, name).fillGumbel(data);
  return tf.tensor(data, shape);
}

describe('categorical', () => {
  it(
    'agrees with PyTorch',
    inTidy(() => {
      // torch.distributions.Categorical(logits=[0, 1, 2]): log_prob(0..2), entropy, kl_divergence to logits [1, 1, 0]
      const p = categorical(tf.tensor2d([[0, 1, 2]]));
      const each = [0, 1, 2].map((action) => p.logProbability(tf.tensor1d([action], 'int32')).dataSync()[0]!);
      assertClose(each, [-2.4076059, -1.4076059, -0.4076059], 1e-6);
      assertClose(p.entropy().dataSync(), [0.8323955], 1e-6);
      assertClose(p.divergence(categorical(tf.tensor2d([[1, 1, 0]]))).dataSync(), [0.6948402], 1e-6);
      assert.deepEqual([...p.mode().dataSync()], [2]);
      assert.equal(p.noise, 'gumbel');
    }),
  );

  it(
    'draws with the frequencies of the softmax',
    inTidy(() => {
      const probabilities = [0.1, 0.2, 0.7];
      const draws = 20000;
      const logits = tf.add(tf.zeros([draws, 3]), tf.log(tf.tensor1d(probabilities)));
      const actions = categorical(logits).sample(gumbels([draws, 3], 'gumbel'));
      assert.equal(actions.dtype, 'int32');
      const counts = [0, 0, 0];
      for (const action of actions.dataSync()) counts[action]!++;
      // four standard deviations of a binomial: 4 * sqrt(0.25 / 20000) = 0.014
      for (const [i, p] of probabilities.entries()) assert.ok(Math.abs(counts[i]! / draws - p) < 0.015, `${counts}`);
    }),
  );

  it(
    'keeps out illegal actions: never drawn, no share in the entropy, no gradient, nothing not a number',
    inTidy(() => {
      const logits = tf.tensor2d([
        [50, 1, 2],
        [3, 4, 5],
      ]);
      const legal = tf.tensor2d([0, 1, 1, 0, 0, 1], [2, 3], 'bool');
      const p = categorical(logits, legal);
      for (let i = 0; i < 50; i++) {
        const [first, second] = p.sample(gumbels([2, 3], `masked/${i}`)).dataSync();
        assert.ok(first === 1 || first === 2);
        assert.equal(second, 2);
      }
      // Over two choices e^1 : e^2; over one choice, nothing.
      const q = 1 / (1 + Math.E);
      assertClose(p.entropy().dataSync(), [-q * Math.log(q) - (1 - q) * Math.log(1 - q), 0], 1e-6);
      assert.equal(p.divergence(categorical(tf.zeros([2, 3]), legal)).dataSync()[1], 0);
      for (const what of ['entropy', 'logProbability'] as const) {
        const gradient = tf
          .grad((x: tf.Tensor) => {
            const d = categorical(x, legal);
            return tf.sum(what === 'entropy' ? d.entropy() : d.logProbability(tf.tensor1d([1, 2], 'int32')));
          })(logits)
          .dataSync();
        assert.ok(gradient.every(Number.isFinite), `${gradient}`);
        assert.deepEqual(
          [0, 3, 4, 5].map((i) => Math.abs(gradient[i]!)),
          [0, 0, 0, 0],
        );
      }
    }),
  );

  it(
    'has right gradients',
    inTidy(() => {
      const x = tf.tensor2d([
        [0.3, -0.5, 0.1],
        [1, 0.2, -0.4],
      ]);
      const actions = tf.tensor1d([2, 0], 'int32');
      assertGradient((logits) => tf.sum(categorical(logits).logProbability(actions)), x);
      assertGradient((logits) => tf.sum(categorical(logits).entropy()), x);
      assertGradient((logits) => tf.sum(categorical(logits).divergence(categorical(tf.zeros([2, 3])))), x);
      assertGradient((logits) => tf.sum(categorical(tf.zeros([2, 3])).divergence(categorical(logits))), x);
    }),
  );

  it(
    'takes any leading axes',
    inTidy(() => {
      const p = categorical(tf.zeros([4, 2, 3, 5]));
      assert.deepEqual(p.sample(gumbels([4, 2, 3, 5], 'axes')).shape, [4, 2, 3]);
      assertClose(p.entropy().dataSync(), new Array<number>(24).fill(Math.log(5)), 1e-6);
    }),
  );
});

describe('multi-categorical', () => {
  for (const sizes of [
    [3, 3],
    [2, 4],
  ])
    it(
      `is the product of its parts, for sizes ${sizes}`,
      inTidy(() => {
        const logits = tf.tensor2d([
          [0.1, 0.2, -0.3, 0.4, 0.5, 1.6],
          [1, 0, -1, 2, 0, -2],
        ]);
        const legal = tf.tensor2d([1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0], [2, 6], 'bool');
        const noise = gumbels([2, 6], 'multi');
        const whole = multiCategorical(logits, sizes, legal);
        const cut = (x: tf.Tensor): tf.Tensor[] => tf.split(x, sizes, 1);
        const parts = cut(logits).map((part, i) => categorical(part, cut(legal)[i]));
        const total = (terms: tf.Tensor[]): tf.Tensor => terms.reduce((sum, term) => tf.add(sum, term));

        const actions = whole.sample(noise);
        const each = parts.map((part, i) => part.sample(cut(noise)[i]!));
        assert.deepEqual(actions.shape, [2, 2]);
        assert.equal(actions.dtype, 'int32');
        assert.deepEqual(actions.arraySync(), tf.stack(each, -1).arraySync());
        assert.deepEqual(
          whole.mode().arraySync(),
          tf
            .stack(
              parts.map((part) => part.mode()),
              -1,
            )
            .arraySync(),
        );
        assertClose(
          whole.logProbability(actions).dataSync(),
          total(parts.map((part, i) => part.logProbability(each[i]!))).dataSync(),
          1e-6,
        );
        assertClose(whole.entropy().dataSync(), total(parts.map((part) => part.entropy())).dataSync(), 1e-6);
        const flat = multiCategorical(tf.zeros([2, 6]), sizes, legal);
        const flatParts = cut(tf.zeros([2, 6])).map((part, i) => categorical(part, cut(legal)[i]));
        assertClose(
          whole.divergence(flat).dataSync(),
          total(parts.map((part, i) => part.divergence(flatParts[i]!))).dataSync(),
          1e-6,
        );
      }),
    );

  it('refuses logits of another width', () => {
    assert.throws(
      () => multiCategorical(tf.zeros([2, 5]), [2, 4]),
      (error: unknown) =>
        error instanceof LightbulbError && error.code === 'shape' && /\[\.\.\., 6\]/.test(error.message),
    );
  });
});

describe('diagonal Gaussian', () => {
  it(
    'agrees with PyTorch',
    inTidy(() => {
      // Independent(Normal([0.3, -1], [0.5, 2]), 1): log_prob([1, 1]), entropy, kl_divergence to ([-0.2, 0.4], [1.5, 0.7])
      const p = diagonalGaussian(tf.tensor2d([[0.3, -1]]), tf.log(tf.tensor1d([0.5, 2])));
      const q = diagonalGaussian(tf.tensor2d([[-0.2, 0.4]]), tf.log(tf.tensor2d([[1.5, 0.7]])));
      assertClose(p.logProbability(tf.tensor2d([[1, 1]])).dataSync(), [-3.3178771], 1e-6);
      assertClose(p.entropy().dataSync(), [2.8378773], 1e-6);
      assertClose(p.divergence(q).dataSync(), [5.2415342], 1e-6);
      assert.deepEqual([...p.divergence(p).dataSync()].map(Math.abs), [0]);
    }),
  );

  it(
    'draws mean + deviation * noise, and its mode is the mean',
    inTidy(() => {
      const p = diagonalGaussian(tf.tensor2d([[1, 2]]), tf.log(tf.tensor1d([0.5, 3])));
      assertClose(p.sample(tf.tensor2d([[2, -1]])).dataSync(), [2, -1], 1e-6);
      assert.deepEqual([...p.mode().dataSync()], [1, 2]);
      assert.equal(p.noise, 'normal');
    }),
  );

  it(
    'has right gradients, for a shared deviation too',
    inTidy(() => {
      const mean = tf.tensor2d([
        [0.3, -0.5],
        [1, 0.2],
      ]);
      const logStd = tf.tensor1d([0.1, -0.4]);
      const actions = tf.tensor2d([
        [0.5, 0.1],
        [0.3, -0.3],
      ]);
      const other = diagonalGaussian(actions, tf.zeros([2]));
      assertGradient((x) => tf.sum(diagonalGaussian(x, logStd).logProbability(actions)), mean);
      assertGradient((x) => tf.sum(diagonalGaussian(mean, x).logProbability(actions)), logStd);
      assertGradient((x) => tf.sum(diagonalGaussian(mean, x).entropy()), logStd);
      assertGradient((x) => tf.sum(diagonalGaussian(mean, x).divergence(other)), logStd);
      assertGradient((x) => tf.sum(other.divergence(diagonalGaussian(mean, x))), logStd);
      assertGradient((x) => tf.sum(diagonalGaussian(x, logStd).divergence(other)), mean);
    }),
  );
});
