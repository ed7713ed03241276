import { LightbulbError } from '../core/index.ts';
import { categorical, type Distribution, diagonalGaussian, maskLogits, multiCategorical, tf } from '../nn/index.ts';
import { actionChoices, actionComponents, type Space } from '../worlds/index.ts';

/** How the numbers of a network's last layer become a distribution over the actions of a space. */
export interface ActionHead {
  /** Outputs the network needs per row. */
  readonly outputs: number;
  /** Parameters that do not depend on the observation (the log standard deviations of a box): their number, or 0. */
  readonly freeParameters: number;
  /** What `draw` wants: standard Gumbel deviates (a perturbed maximum is a draw, Maddison et al. 2014) or normals. */
  readonly noise: 'gumbel' | 'normal';
  /** Noise numbers per row. */
  readonly noiseSize: number;
  /** Action components per row. */
  readonly components: number;
  readonly dtype: 'int32' | 'float32';
  /** outputs [R, outputs], free [freeParameters], mask bool [R, M] -> a distribution of batch [R]. */
  distribution(outputs: tf.Tensor, free: tf.Tensor | undefined, mask: tf.Tensor | undefined): Distribution;
  /** A drawn or most probable action of `distribution` as [R, components]. */
  asRows(action: tf.Tensor): tf.Tensor;
  /** [R, components] as the distribution takes it. */
  fromRows(action: tf.Tensor): tf.Tensor;
}

/** The head for an action space: categorical, a product of categoricals, or a diagonal Gaussian for boxes. */
export function actionHead(space: Space): ActionHead {
  const choices = actionChoices(space);
  return choices === null
    ? gaussianHead(space)
    : choices.length === 1
      ? categoricalHead(choices[0]!)
      : multiHead(choices);
}

function categoricalHead(n: number): ActionHead {
  return {
    outputs: n,
    freeParameters: 0,
    noise: 'gumbel',
    noiseSize: n,
    components: 1,
    dtype: 'int32',
    distribution: (logits, _, mask) => categorical(mask === undefined ? logits : maskLogits(logits, mask)),
    asRows: (action) => tf.reshape(action, [-1, 1]),
    fromRows: (action) => tf.reshape(action, [-1]),
  };
}

function multiHead(choices: readonly number[]): ActionHead {
  const total = choices.reduce((sum, n) => sum + n, 0);
  return {
    outputs: total,
    freeParameters: 0,
    noise: 'gumbel',
    noiseSize: total,
    components: choices.length,
    dtype: 'int32',
    distribution: (logits, _, mask) => multiCategorical(logits, choices, mask),
    asRows: (action) => action,
    fromRows: (action) => action,
  };
}

function gaussianHead(space: Space): ActionHead {
  if (space.type !== 'box') {
    throw new LightbulbError('unsupported', 'continuous actions must be one box', {
      got: space.type,
      cure: 'Put the numbers into one Box',
    });
  }
  const components = actionComponents(space);
  return {
    outputs: components,
    freeParameters: components,
    noise: 'normal',
    noiseSize: components,
    components,
    dtype: 'float32',
    distribution: (mean, logStd) => diagonalGaussian(mean, logStd!),
    asRows: (action) => action,
    fromRows: (action) => action,
  };
}
