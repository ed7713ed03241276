import { LightbulbError } from '../../../core/index.ts';
import { tf } from '../../../nn/index.ts';
import type { Space } from '../../space.ts';
import { flatSize } from '../../spaces/index.ts';
import { modelScale } from '../inputs.ts';
import { symexp, symlog } from '../symlog.ts';

/** How observations are distributed about what a decoder says: what it means, and what it costs to be wrong. */
export interface Likelihood {
  /** What a decoder gave, [..., D], in the units of observations. */
  restore(decoded: tf.Tensor): tf.Tensor;
  /** Of what it gave [R, D] for x [R, D], summed over the numbers of an observation: [R]. */
  error(decoded: tf.Tensor, x: tf.Tensor): tf.Tensor;
}

export type LikelihoodName = 'gaussian' | 'bernoulli';

/** Squared error between symlogs, for numbers of any size. With a `scale` [D], of the numbers times that. */
export function symlogGaussian(scale: readonly number[] | null): Likelihood {
  if (scale === null) return { restore: symexp, error: (decoded, x) => squared(decoded, symlog(x)) };
  return {
    restore: (decoded) => tf.div(symexp(decoded), tf.tensor1d([...scale])),
    error: (decoded, x) => squared(decoded, symlog(scaled(x, scale))),
  };
}

/** x: [..., D], times `scale` [D]; as it is without. */
export function scaled(x: tf.Tensor, scale: readonly number[] | null): tf.Tensor {
  return scale === null ? x : tf.mul(x, tf.tensor1d([...scale]));
}

/** Squared error of what a sigmoid makes of the decoder's numbers, for [0, 1]. */
export const unitGaussian: Likelihood = {
  restore: tf.sigmoid,
  error: (decoded, x) => squared(tf.sigmoid(decoded), x),
};

/**
 * Cross-entropy of the logits that a decoder gives, in nats. Where few of many numbers are 1 it goes on teaching long after a
 * squared error is small: its slope is p - x, the squared error's that times p (1 - p).
 */
export const bernoulli: Likelihood = {
  restore: tf.sigmoid,
  error: (decoded, x) => tf.sum(binaryLoss(decoded, x), -1),
};

/** Cross-entropy of the probability whose logit this is, in nats. */
export function binaryLoss(logit: tf.Tensor, happened: tf.Tensor): tf.Tensor {
  return tf.sub(tf.softplus(logit), tf.mul(logit, happened));
}

/** Error `invalid_input` where a Bernoulli likelihood is to explain numbers that do not lie in [0, 1]. */
export function checkLikelihood(name: LikelihoodName, space: Space): void {
  if (name === 'gaussian' || liesInUnit(space)) return;
  throw new LightbulbError('invalid_input', 'a Bernoulli likelihood is for numbers from 0 to 1', {
    where: '/likelihood',
    wanted: 'gaussian, as these observations go beyond',
    got: name,
  });
}

/** Error `invalid_input` where numbers are to be scaled that are no vector of as many, or have a unit of their own. */
export function checkScale(scale: readonly number[] | null, name: LikelihoodName, space: Space): void {
  if (scale === null) return;
  const isPicture = space.type === 'box' && space.dtype === 'uint8';
  if (isPicture || name === 'bernoulli')
    throw new LightbulbError('invalid_input', 'only vectors with a Gaussian likelihood are scaled', {
      where: '/observationScale',
      wanted: 'null',
      got: JSON.stringify(scale),
    });
  const size = flatSize(space);
  if (scale.length !== size || !scale.every((each) => Number.isFinite(each) && each > 0))
    throw new LightbulbError('invalid_input', 'these are no scales of the numbers of an observation', {
      where: '/observationScale',
      wanted: `${size} numbers above 0`,
      got: JSON.stringify(scale),
    });
}

/** Whether all numbers that models see of a space lie in [0, 1]. */
function liesInUnit(space: Space): boolean {
  switch (space.type) {
    case 'box': {
      const scale = modelScale(space);
      return [space.low].flat().every((low) => low >= 0) && [space.high].flat().every((high) => high * scale <= 1);
    }
    case 'dict':
      return Object.values(space.spaces).every(liesInUnit);
    case 'tuple':
      return space.spaces.every(liesInUnit);
    default:
      // One-hots and bits.
      return space.type !== 'text';
  }
}

function squared(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sum(tf.square(tf.sub(a, b)), -1);
}
