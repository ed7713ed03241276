import assert from 'node:assert/strict';
import { ppoDefaults } from '../../agents/index.ts';
import type { PpoOptions } from '../../agents/options.ts';
import { clippedSurrogate, valueLossOf, weighTerms } from '../../agents/ppo-loss.ts';
import { tf } from '../../nn/index.ts';
import { assertClose, assertGradient } from '../nn/close.ts';

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

const valueLoss = (value: number[], old: number[] | null, target: number[], options: Partial<PpoOptions>): number[] => [
  ...valueLossOf(tf.tensor1d(value), old === null ? null : tf.tensor1d(old), tf.tensor1d(target), {
    ...ppoDefaults,
    ...options,
  }).dataSync(),
];

describe('the clipped surrogate', () => {
  it(
    'takes the smaller gain of the plain and the clipped ratio',
    inTidy(() => {
      // A = 1: ratio 1.5 gains no more than 1.2, ratio 0.5 gains 0.5; A = -1: 0.5 loses at least 0.8, 1.5 loses 1.5
      const loss = clippedSurrogate(tf.tensor1d([1.5, 0.5, 1, 0.5, 1.5]), tf.tensor1d([1, 1, 2, -1, -1]), 0.2);
      assertClose(loss.dataSync(), [-1.2, -0.5, -2, 0.8, 1.5], 1e-6);
    }),
  );

  it(
    'pushes only where the ratio may still move',
    inTidy(() => {
      const advantage = tf.tensor1d([1, 1, -1, -1]);
      const gradient = tf.grad((ratio: tf.Tensor) => clippedSurrogate(ratio, advantage, 0.2).sum());
      // Beyond the clip in the direction of the gain there is no gradient; on the other side there is.
      assert.deepEqual(
        [...gradient(tf.tensor1d([1.5, 0.5, 0.5, 1.5])).dataSync()].map((x) => x + 0),
        [0, -1, 0, 1],
      );
    }),
  );

  it(
    'has the gradient that finite differences find',
    inTidy(() => {
      const advantage = tf.tensor1d([1, -0.7, 0.4, -1.3]);
      assertGradient((ratio) => clippedSurrogate(ratio, advantage, 0.2).sum(), tf.tensor1d([1.1, 0.9, 1.4, 0.7]));
    }),
  );
});

describe('the value loss', () => {
  it('is half the squared error', () => {
    assertClose(valueLoss([1, 2], null, [3, 1.5], { valueClip: 0.2 }), [2, 0.125], 1e-6);
    assertClose(valueLoss([1, 2], [0, 0], [3, 1.5], { valueClip: null }), [2, 0.125], 1e-6);
  });

  it('takes the larger of the plain and the clipped one', () => {
    // value 1 from 0, target 1: plain 0, clipped to 0.2: 0.8^2 / 2 = 0.32
    // value 1 from 0, target -1: plain 2, clipped 1.2^2 / 2 = 0.72; value 0.1 from 0 is not clipped: 0.9^2 / 2
    assertClose(valueLoss([1, 1, 0.1], [0, 0, 0], [1, -1, 1], { valueClip: 0.2 }), [0.32, 2, 0.405], 1e-6);
  });

  it("is Huber's with valueLoss huber: linear beyond delta", () => {
    // delta 2: 0.5 * 1; at 2 both: 2; beyond: 0.5 * 4 + 2 * (5 - 2) = 8, the same on the other side
    const options = { valueLoss: 'huber', huberDelta: 2, valueClip: null } as const;
    assertClose(valueLoss([1, 2, 5, -5], null, [0, 0, 0, 0], options), [0.5, 2, 8, 8], 1e-6);
  });

  it(
    'has the gradients that finite differences find',
    inTidy(() => {
      const old = tf.tensor1d([0, 0.5, 1, -2]);
      const target = tf.tensor1d([1, -1, 1.4, 3]);
      for (const options of [
        { valueLoss: 'squared', valueClip: null },
        { valueLoss: 'squared', valueClip: 0.2 },
        { valueLoss: 'huber', valueClip: null, huberDelta: 1 },
        { valueLoss: 'huber', valueClip: 0.2, huberDelta: 1 },
      ] as const)
        assertGradient(
          (value) => valueLossOf(value, old, target, { ...ppoDefaults, ...options }).sum(),
          tf.tensor1d([0.4, 0.45, 1.15, -1]),
        );
    }),
  );
});

describe('weighing terms', () => {
  it(
    'adds each term times its scale',
    inTidy(() => {
      const total = weighTerms({ policy: tf.scalar(2), entropy: tf.scalar(3) }, { entropy: -0.5, policy: 1 });
      assertClose(total.dataSync(), [0.5], 1e-6);
    }),
  );

  it(
    'refuses a term that nobody weighs, and a weight of nothing',
    inTidy(() => {
      assert.throws(() => weighTerms({ policy: tf.scalar(2) }, { value: 1 }), { code: 'internal' });
      assert.throws(() => weighTerms({ policy: tf.scalar(2) }, { policy: 1, value: 1 }), { code: 'internal' });
    }),
  );
});
