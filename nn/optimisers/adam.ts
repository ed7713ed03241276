import { tf } from '../engine/tf.ts';
import { zipTree } from '../tree.ts';
import { movingAverage, scalar, squared, zerosLike } from './arithmetic.ts';
import { chain } from './compose.ts';
import { type Rate, scaleByLearningRate } from './scaling.ts';
import { type Stateless, stateless, type Tensors, type Transform } from './transform.ts';

export interface AdamOptions {
  /** Decay of the mean of the gradients, in [0, 1). Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of their squares, in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** Added to the corrected root, outside of it. Default 1e-8; actor-critic code often takes 1e-5. */
  readonly epsilon?: number;
}

export type AdamState = {
  readonly mean: Tensors;
  readonly variance: Tensors;
  /** 1 - beta1^t and 1 - beta2^t after t updates: what the averages started at 0 are divided by. */
  readonly correction: { readonly mean: tf.Scalar; readonly variance: tf.Scalar };
};

/**
 * Adam (Kingma and Ba 2015, algorithm 1): `m / c1 / (sqrt(v / c2) + epsilon)`, as PyTorch and optax place epsilon.
 *
 * The corrections c1, c2 are kept as moving averages of a constant 1, which is the same as 1 - beta^t: computing
 * that from a float32 step count loses three digits to cancellation at beta2 = 0.999, and needs a power.
 */
export function scaleByAdam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Transform<AdamState> {
  return {
    name: 'scaleByAdam',
    init: (parameters) => ({
      mean: zerosLike(parameters),
      variance: zerosLike(parameters),
      correction: { mean: scalar(0), variance: scalar(0) },
    }),
    update: (gradients, state) => {
      const mean = movingAverage(beta1, state.mean, gradients);
      const variance = movingAverage(beta2, state.variance, squared(gradients));
      const correction = {
        mean: tf.add<tf.Scalar>(tf.mul(state.correction.mean, beta1), 1 - beta1),
        variance: tf.add<tf.Scalar>(tf.mul(state.correction.variance, beta2), 1 - beta2),
      };
      const updates = zipTree(mean, variance, (m: tf.Tensor, v: tf.Tensor) =>
        tf.div(tf.div(m, correction.mean), tf.add(tf.sqrt(tf.div(v, correction.variance)), epsilon)),
      );
      return { updates, state: { mean, variance, correction } };
    },
  };
}

/** Says for a leaf whether it is decayed; by default all are. */
export type DecayMask = (path: string, shape: readonly number[]) => boolean;

/** Adds `decay * parameter` to the updates of the leaves that `mask` names. */
export function addDecayedWeights(decay: number, mask: DecayMask = () => true): Transform<Stateless> {
  return stateless('addDecayedWeights', (gradients, parameters) =>
    zipTree(gradients, parameters, (update: tf.Tensor, parameter: tf.Tensor, path) =>
      decay !== 0 && mask(path, parameter.shape) ? tf.add(update, tf.mul(parameter, decay)) : update,
    ),
  );
}

/** Adam with a learning rate. */
export function adam({ learningRate, ...options }: AdamOptions & { readonly learningRate: Rate }): Transform {
  return chain(scaleByAdam(options), scaleByLearningRate(learningRate));
}

export interface AdamWOptions extends AdamOptions {
  readonly learningRate: Rate;
  /** Default 0.01. */
  readonly weightDecay?: number;
  readonly mask?: DecayMask;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), the decay multiplied by the learning rate as in
 * PyTorch's AdamW: `p - rate * (adam + weightDecay * p)`.
 */
export function adamw({ learningRate, weightDecay = 0.01, mask, ...options }: AdamWOptions): Transform {
  return chain(scaleByAdam(options), addDecayedWeights(weightDecay, mask), scaleByLearningRate(learningRate));
}

/** The mask of most transformer recipes: matrices and kernels decay; biases, gains and other vectors do not. */
export const decayMatrices: DecayMask = (_path, shape) => shape.length >= 2;
