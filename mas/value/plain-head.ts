import { actionHead } from '../../agents/index.ts';
import {
  type Branch,
  type Categorical,
  type DenseOf,
  type Distribution,
  dense,
  orthogonal,
  tf,
  zeros,
} from '../../nn/index.ts';
import type { Role } from './role.ts';
import type { RoleHead } from './role-head.ts';

/**
 * A linear head on the features (`agents/action-head.ts`): a categorical, a product of them, or a diagonal Gaussian.
 * Begins near zero (gain 0.01), so that the first policy is nearly uniform.
 */
export function plainHead({ group, choices }: Role, features: number): RoleHead {
  const head = actionHead(group.action);
  const distribution = (parameters: Branch<tf.Tensor>, x: tf.Tensor, legal: tf.Tensor | undefined): Distribution => {
    const outputs = dense.apply(parameters.output as DenseOf<tf.Tensor>, x);
    return head.distribution(outputs, parameters.logStd as tf.Tensor | undefined, legal);
  };
  return {
    noise: head.noise,
    noiseSize: head.noiseSize,
    dtype: head.dtype,
    initialise: (stream) => ({
      output: dense.init(stream, { inputs: features, outputs: head.outputs, weight: orthogonal(0.01) }),
      ...(head.freeParameters > 0 ? { logStd: zeros('float32', [head.freeParameters]) } : {}),
    }),
    evaluate(parameters, encoded, legal, action) {
      const given = distribution(parameters, encoded.features, legal);
      return { logProbability: given.logProbability(head.fromRows(action)), entropy: given.entropy() };
    },
    draw(parameters, encoded, legal, noise) {
      const given = distribution(parameters, encoded.features, legal);
      const action = noise === null ? given.mode() : given.sample(tf.reshape(noise, [...given.noiseShape]));
      return { action: head.asRows(action), logProbability: given.logProbability(action) };
    },
    ...(choices?.length === 1 && {
      logProbabilities: (parameters, encoded, legal) =>
        (distribution(parameters, encoded.features, legal) as Categorical).logProbabilities(),
    }),
  };
}
