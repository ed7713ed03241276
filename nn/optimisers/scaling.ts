import { tf } from '../engine/tf.ts';
import { mapTree } from '../tree.ts';
import { globalNorm, scalar } from './arithmetic.ts';
import { type Stateless, stateless, type Transform } from './transform.ts';

/** A learning rate: a number frozen into the program, or a scalar tensor that is an input of it or computed in it. */
export type Rate = number | tf.Scalar;

/** Updates times a number or a scalar tensor. */
export function scale(factor: Rate): Transform<Stateless> {
  return stateless('scale', (gradients) => mapTree(gradients, (leaf: tf.Tensor) => tf.mul(leaf, factor)));
}

/**
 * Updates times minus the rate: the step down the gradient. For a rate that changes, build the optimiser inside the
 * traced function from the input tensor (`adam({ learningRate: inputs.learningRate })`): building it costs nothing,
 * and `init` of an optimiser built with any number gives the same state.
 */
export function scaleByLearningRate(rate: Rate): Transform<Stateless> {
  return stateless('scaleByLearningRate', (gradients) => {
    const factor = typeof rate === 'number' ? -rate : tf.neg(rate);
    return mapTree(gradients, (leaf: tf.Tensor) => tf.mul(leaf, factor));
  });
}

/** Number of updates made so far, a float32 scalar (exact up to 2^24). */
export type CountState = { readonly count: tf.Scalar };

/**
 * Updates times `schedule(count)`, computed inside the program; count is 0 in the first update. The sign is the
 * schedule's. A host schedule (`schedules.ts`) cannot run in there: give its value as an input instead.
 */
export function scaleBySchedule(schedule: (count: tf.Scalar) => tf.Scalar): Transform<CountState> {
  return {
    name: 'scaleBySchedule',
    init: () => ({ count: scalar(0) }),
    update: (gradients, { count }) => {
      const factor = schedule(count);
      return {
        updates: mapTree(gradients, (leaf: tf.Tensor) => tf.mul(leaf, factor)),
        state: { count: tf.add(count, 1) },
      };
    },
  };
}

/**
 * Gradients times `min(1, maximum / global norm)`. Zero gradients stay zero, and a norm that is not a number makes
 * every update not a number, so that it is noticed. (PyTorch's `clip_grad_norm_` adds 1e-6 to the norm; optax not.)
 */
export function clipByGlobalNorm(maximum: number): Transform<Stateless> {
  return stateless('clipByGlobalNorm', (gradients) => {
    const factor = tf.div(maximum, tf.maximum(globalNorm(gradients), maximum));
    return mapTree(gradients, (leaf: tf.Tensor) => tf.mul(leaf, factor));
  });
}
