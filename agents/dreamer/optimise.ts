import {
  applyUpdates,
  chain,
  clipByGlobalNorm,
  fromLeaves,
  globalNorm,
  leaves,
  scaleByAdam,
  scaleByLearningRate,
  type Transform,
  type TransformState,
  type tf,
} from '../../nn/index.ts';
import type { DreamerOptions } from './options.ts';

/**
 * Clipping to a global norm, then Adam. DreamerV3's own (adaptive clipping of each weight by its size, RMSProp with momentum
 * after) makes one learning rate serve networks of 1 to 400 million weights; at one size this does the same with operators on
 * one vector.
 */
export function dreamerOptimiser(
  { maximumGradientNorm, adamEpsilon }: Pick<DreamerOptions, 'maximumGradientNorm' | 'adamEpsilon'>,
  learningRate: number,
): Transform {
  return chain(
    clipByGlobalNorm(maximumGradientNorm),
    scaleByAdam({ epsilon: adamEpsilon }),
    scaleByLearningRate(learningRate),
  );
}

/** One step of `optimiser` on packed parameters [P]: what `LearnerState` names `parameters` and `optimiser/...`, and the norm. */
export function optimised(
  optimiser: Transform,
  inputs: Readonly<Record<string, tf.Tensor>>,
  gradient: tf.Tensor,
): Record<string, tf.Tensor> {
  const state = fromLeaves(
    Object.entries(inputs).flatMap(([name, leaf]): [string, tf.Tensor][] =>
      name.startsWith('optimiser/') ? [[name.slice('optimiser/'.length), leaf]] : [],
    ),
  ) as TransformState;
  const parameters = inputs.parameters!;
  const stepped = optimiser.update(gradient, state, parameters);
  const outputs: Record<string, tf.Tensor> = {
    parameters: applyUpdates(parameters, stepped.updates) as tf.Tensor,
    norm: globalNorm(gradient),
  };
  for (const [path, leaf] of leaves<tf.Tensor>(stepped.state)) outputs[`optimiser/${path}`] = leaf;
  return outputs;
}
