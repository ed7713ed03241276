import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compile, float32, tf } from '../../../nn/index.ts';
import { symexp, symlog } from '../../../worlds/models/symlog.ts';
import { twoHot } from '../../../worlds/models/two-hot.ts';
import { assertClose, assertGradient } from '../../nn/close.ts';

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

describe('symlog', () => {
  it(
    'is sign(x) log(1 + |x|), and symexp takes it back',
    inTidy(() => {
      const x = tf.tensor1d([-(Math.E - 1), -1e-6, 0, 1, Math.E ** 3 - 1]);
      assertClose(symlog(x).dataSync(), [-1, -1e-6, 0, Math.LN2, 3], 1e-6);
      assertClose(symexp(symlog(x)).dataSync(), x.dataSync(), 1e-5);
      assertClose(symexp(tf.tensor1d([-2])).dataSync(), [1 - Math.E ** 2], 1e-6);
    }),
  );
});

describe('two-hot', () => {
  // Three bins: symexp(-1), 0, symexp(1).
  const e = Math.E - 1;

  it(
    'shares a number out between the two bins around it, worked by hand',
    inTidy(() => {
      const head = twoHot({ bins: 3, limit: 1 });
      assertClose(head.bins, [-e, 0, e], 1e-12);
      const weights = head.target(tf.tensor1d([0, e / 4, -e / 2, e, 5, -5]));
      assertClose(weights.dataSync(), [0, 1, 0, 0, 0.75, 0.25, 0.5, 0.5, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0], 1e-6);
    }),
  );

  it(
    'loses as cross-entropy does, worked by hand: logits ln 1, ln 2, ln 5 against (0, 3/4, 1/4)',
    inTidy(() => {
      const head = twoHot({ bins: 3, limit: 1 });
      const logits = tf.tensor2d([[0, Math.log(2), Math.log(5)]]);
      const wanted = -(0.75 * Math.log(2 / 8) + 0.25 * Math.log(5 / 8));
      assertClose(head.loss(logits, tf.tensor1d([e / 4])).dataSync(), [wanted], 1e-6);
      assertClose(head.mean(logits).dataSync(), [(5 / 8 - 1 / 8) * e], 1e-6);
    }),
  );

  it('gives every number back as the mean of its weights, to six digits of it', () => {
    const head = twoHot();
    fc.assert(
      fc.property(fc.double({ min: -19.9, max: 19.9, noNaN: true }), (exponent) =>
        tf.tidy(() => {
          const x = Math.fround(Math.sign(exponent) * Math.expm1(Math.abs(exponent)));
          const weights = head.target(tf.tensor1d([x])).dataSync();
          const kept = [...weights].filter((weight) => weight > 0);
          assert.ok(kept.length <= 2, `${kept}`);
          assert.ok(Math.abs(kept.reduce((sum, weight) => sum + weight) - 1) < 1e-5);
          const mean = [...weights].reduce((sum, weight, k) => sum + weight * head.bins[k]!, 0);
          assert.ok(Math.abs(mean - x) <= 1e-5 * Math.abs(x) + 1e-6, `${x} became ${mean}`);
        }),
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  it(
    'predicts exactly 0 from equal logits, though the last bins are of the order of 1e8',
    inTidy(() => {
      const logits = tf.fill([4, 255], 0.3);
      assert.deepEqual([...twoHot().mean(logits).dataSync()], [0, 0, 0, 0]);
    }),
  );

  it('has the gradient that differences show', () => {
    const head = twoHot({ bins: 5, limit: 2 });
    const logits = tf.tensor2d([[0.3, -0.2, 0.5, 0.1, -0.4]]);
    assertGradient((x) => tf.sum(head.loss(x, tf.tensor1d([0.9]))), logits);
    assertGradient((x) => tf.mul(tf.sum(head.mean(x)), 0.2), logits);
  });

  it('is the same compiled', () => {
    const head = twoHot();
    const f = ({ logits, x }: Record<string, tf.Tensor>): Record<string, tf.Tensor> => ({
      loss: head.loss(logits!, x!),
      mean: head.mean(logits!),
      gradient: tf.grad((given: tf.Tensor) => tf.sum(head.loss(given, x!)))(logits!),
    });
    const logits = float32(
      [3, 255],
      Float32Array.from({ length: 765 }, (_, i) => 3 * Math.sin(i * i)),
    );
    const x = float32([3], [0, -17.25, 123456]);
    const compiled = compile(f).run({ logits, x });
    tf.tidy(() => {
      const eager = f({ logits: tf.tensor(logits.data, [3, 255]), x: tf.tensor(x.data) });
      for (const [name, tensor] of Object.entries(eager)) assertClose(compiled[name]!.data, tensor.dataSync(), 1e-4);
    });
  });

  it('refuses an even number of bins', () => {
    assert.throws(() => twoHot({ bins: 4 }), /an odd number/);
  });
});
