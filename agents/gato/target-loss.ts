import { embedding, logSumExp, tf } from '../../nn/index.ts';
import type { GatoModel, GatoOf } from './model.ts';
import type { TargetInputs } from './token-inputs.ts';

/** What a model says about M targets. */
export interface TargetScores {
  /** What is minimised: the weighted mean of cross-entropies, and zLoss times that of the squared log-sums. */
  readonly loss: tf.Scalar;
  /** [M], in nats. */
  readonly crossEntropy: tf.Tensor;
  /** [M]: 1 where no id is more likely than the target, else 0. */
  readonly isRight: tf.Tensor;
}

/** Vectors [B, L, D] at places b L + l (int32 [M]): [M, D]. */
export function vectorsAt(hidden: tf.Tensor, at: tf.Tensor): tf.Tensor {
  return embedding.apply({ table: tf.reshape(hidden, [-1, hidden.shape[2]!]) }, at);
}

/**
 * How well targets are told from the vectors [B, L, D] before them (Gato, arXiv 2205.06175, equation 2): only places
 * that have a target cross the head, which for actions is a fraction of them. The weights add up to 1, or are all 0.
 */
export function scoreTargets(
  model: GatoModel,
  parameters: GatoOf<tf.Tensor>,
  hidden: tf.Tensor,
  { at, target, weight }: TargetInputs<tf.Tensor>,
): TargetScores {
  const logits = model.logits(parameters, vectorsAt(hidden, at));
  const logSum = logSumExp(logits);
  const isTarget = tf.equal(tf.expandDims(target, -1), tf.range(0, model.vocabulary.size, 1, 'int32'));
  const chosen = tf.sum(tf.mul(logits, tf.cast(isTarget, 'float32')), -1);
  const crossEntropy = tf.sub(logSum, chosen);
  const { zLoss } = model.backbone.config;
  const each = zLoss === 0 ? crossEntropy : tf.add(crossEntropy, tf.mul(tf.square(logSum), zLoss));
  return {
    loss: tf.sum<tf.Scalar>(tf.mul(each, weight)),
    crossEntropy,
    isRight: tf.cast(tf.greaterEqual(chosen, tf.max(logits, -1)), 'float32'),
  };
}
