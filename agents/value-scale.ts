import { type tf as Tf, tf } from '../nn/index.ts';

/**
 * The running scale of value targets: a vector [3] of (moving mean, moving mean of squares, bias correction). Decay
 * 0.99999 and variance at least 0.01, as in on-policy's ValueNorm (github.com/marlbenchmark/on-policy).
 */
const DECAY = 0.99999;
const MINIMUM_VARIANCE = 1e-2;

export interface Scale {
  readonly mean: number;
  readonly std: number;
}

/** The scale that a state stands for: (0, 1) before the first target. */
export function readScale(state: ArrayLike<number>): Scale {
  const correction = state[2]!;
  if (correction === 0) return { mean: 0, std: 1 };
  const mean = state[0]! / correction;
  return { mean, std: Math.sqrt(Math.max(state[1]! / correction - mean * mean, MINIMUM_VARIANCE)) };
}

/** `readScale` inside a program. state: [3]. */
export function scaleOf(state: Tf.Tensor): { readonly mean: Tf.Tensor; readonly std: Tf.Tensor } {
  const [first, second, correction] = tf.unstack(state) as [Tf.Tensor, Tf.Tensor, Tf.Tensor];
  const isFresh = tf.equal(correction, 0);
  const divisor = tf.where(isFresh, tf.onesLike(correction), correction);
  const mean = tf.div(first, divisor);
  const variance = tf.maximum(tf.sub(tf.div(second, divisor), tf.square(mean)), MINIMUM_VARIANCE);
  return { mean, std: tf.where(isFresh, tf.onesLike(variance), tf.sqrt(variance)) };
}

/** Takes in a minibatch's mean target and mean squared target (scalars). */
export function updateScale(state: Tf.Tensor, mean: Tf.Tensor, square: Tf.Tensor): Tf.Tensor {
  const sample = tf.stack([mean, square, tf.onesLike(mean)]);
  return tf.add(tf.mul(state, DECAY), tf.mul(sample, 1 - DECAY));
}
