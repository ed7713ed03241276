import { LightbulbError } from '../core/index.ts';
import { tf } from '../nn/index.ts';
import type { PpoOptions } from './options.ts';

/**
 * The clipped surrogate (PPO, equation 7), to be minimised: -min(r A, clip(r, 1 - c, 1 + c) A) per row.
 * logRatio, advantage: [R]. Returns the loss [R].
 */
export function clippedSurrogate(ratio: tf.Tensor, advantage: tf.Tensor, clip: number): tf.Tensor {
  const clipped = tf.clipByValue(ratio, 1 - clip, 1 + clip);
  return tf.neg(tf.minimum(tf.mul(ratio, advantage), tf.mul(clipped, advantage)));
}

/** 0.5 e^2, or Huber's loss of e (quadratic up to delta), per row. */
export function errorLoss(
  error: tf.Tensor,
  { valueLoss, huberDelta }: Pick<PpoOptions, 'valueLoss' | 'huberDelta'>,
): tf.Tensor {
  if (valueLoss === 'squared') return tf.mul(tf.square(error), 0.5);
  const size = tf.abs(error);
  const quadratic = tf.minimum(size, huberDelta);
  return tf.add(tf.mul(tf.square(quadratic), 0.5), tf.mul(tf.sub(size, quadratic), huberDelta));
}

/** The value loss per row; with `valueClip`, the larger of the plain and the clipped one, as in the PPO code. */
export function valueLossOf(
  value: tf.Tensor,
  old: tf.Tensor | null,
  target: tf.Tensor,
  options: PpoOptions,
): tf.Tensor {
  const plain = errorLoss(tf.sub(value, target), options);
  if (options.valueClip === null || old === null) return plain;
  const near = tf.add(old, tf.clipByValue(tf.sub(value, old), -options.valueClip, options.valueClip));
  return tf.maximum(plain, errorLoss(tf.sub(near, target), options));
}

/** The sum of named loss terms, each times its scale. The names must agree: a term nobody weighs is a mistake. */
export function weighTerms(
  terms: Readonly<Record<string, tf.Scalar>>,
  scales: Readonly<Record<string, number>>,
): tf.Scalar {
  const [names, scaled] = [Object.keys(terms).sort(), Object.keys(scales).sort()];
  if (names.join() !== scaled.join()) {
    throw new LightbulbError('internal', 'loss terms and scales do not have the same names', {
      wanted: names.join(', '),
      got: scaled.join(', '),
    });
  }
  return names
    .map((name) => tf.mul<tf.Scalar>(terms[name]!, scales[name]!))
    .reduce((sum, term) => tf.add<tf.Scalar>(sum, term));
}
