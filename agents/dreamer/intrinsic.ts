import type { Stream } from '../../core/index.ts';
import { type Tree, tf, type Value } from '../../nn/index.ts';
import { createEnsemble, type WorldModel } from '../../worlds/models/index.ts';
import type { DreamerEnsembleOptions } from './options.ts';

/**
 * A reward that no environment pays: pure functions over parameters of its own. It learns from replayed states, and pays for imagined
 * steps.
 */
export interface Intrinsic {
  initialise(stream: Stream): Tree<Value>;
  /**
   * What to minimise: a scalar. features: [L, B, F] of replayed states, without gradients; action: [L, B, A], row t + 1 is
   * the one taken at row t; first: [L, B].
   */
  loss(
    parameters: Tree<tf.Tensor>,
    rows: { readonly features: tf.Tensor; readonly action: tf.Tensor; readonly first: tf.Tensor },
  ): tf.Tensor;
  /** features [N, F] before a step, action [N, A] -> [N]: the reward of that step, and the estimate of the model's error in it. */
  reward(parameters: Tree<tf.Tensor>, features: tf.Tensor, action: tf.Tensor): tf.Tensor;
}

/** Plan2Explore (Sekar et al., arXiv 2005.05960): disagreement of an ensemble about the next state's features. */
export function disagreementReward(
  { featureSize, actionSize }: WorldModel,
  { members, units, layers, prior }: DreamerEnsembleOptions,
): Intrinsic {
  const ensemble = createEnsemble({
    inputs: featureSize,
    actions: actionSize,
    targets: featureSize,
    members,
    units,
    layers,
    prior,
  });
  return {
    initialise: (stream) => ensemble.initialise(stream),
    loss(parameters, { features, action, first }) {
      const [L, B] = first.shape as [number, number];
      const early = (x: tf.Tensor): tf.Tensor => tf.slice(x, [0, 0, 0], [L - 1, B, x.shape[2]!]);
      const late = (x: tf.Tensor): tf.Tensor => tf.slice(x, [1, 0, 0], [L - 1, B, x.shape[2]!]);
      // What begins an episode does not follow from the row before it.
      const follows = tf.sub(1, tf.slice(first, [1, 0], [L - 1, B]));
      return ensemble.losses(parameters, early(features), late(action), late(features), {}, follows).loss;
    },
    reward: (parameters, features, action) => ensemble.disagreement(parameters, features, action),
  };
}
