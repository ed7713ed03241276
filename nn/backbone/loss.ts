import { tf } from '../engine/tf.ts';
import { logSumExp } from './softmax.ts';

/** Means over the targets that count, in nats. */
export interface TokenLoss {
  readonly crossEntropy: tf.Scalar;
  /** The mean square of log sum e^logit; not weighted yet. */
  readonly squaredLogSum: tf.Scalar;
}

/**
 * How well each token is told from those before it: logits [B, L, V] at place l against ids (int32 [B, L]) at l + 1.
 * weights: float32 [B, L], how much the token at each place counts as a target; the first one is nobody's target. All
 * count alike without. Where none counts both are 0.
 *
 * The last place, which has no target, is kept with a weight of 0: cutting it off would copy all logits, twice.
 */
export function nextTokenLoss(logits: tf.Tensor, ids: tf.Tensor, weights?: tf.Tensor): TokenLoss {
  const [batch, length, vocabulary] = logits.shape as [number, number, number];
  const shifted = (x: tf.Tensor): tf.Tensor =>
    tf.concat([tf.slice(x, [0, 1], [batch, length - 1]), tf.zeros([batch, 1], x.dtype as 'int32')], 1);
  const targets = shifted(ids);
  const counts = shifted(weights ?? tf.ones([batch, length]));
  const total = tf.maximum(tf.sum(counts), 1e-9);
  const mean = (x: tf.Tensor): tf.Scalar => tf.div(tf.sum(tf.mul(x, counts)), total);
  const logSum = logSumExp(logits);
  const isTarget = tf.cast(tf.equal(tf.expandDims(targets, -1), tf.range(0, vocabulary, 1, 'int32')), 'float32');
  const chosen = tf.sum(tf.mul(logits, isTarget), -1);
  return { crossEntropy: mean(tf.sub(logSum, chosen)), squaredLogSum: mean(tf.square(logSum)) };
}
