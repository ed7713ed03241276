import { tf } from '../engine/tf.ts';
import { zipTree } from '../tree.ts';
import { filledLike, movingAverage, squared, zerosLike } from './arithmetic.ts';
import { chain } from './compose.ts';
import { type Rate, scaleByLearningRate } from './scaling.ts';
import { trace } from './sgd.ts';
import type { Tensors, Transform } from './transform.ts';

export interface RmsOptions {
  /** Decay of the mean of squares, in [0, 1). Default 0.99, as in PyTorch (TensorFlow and optax: 0.9). */
  readonly decay?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** `outside` (default; PyTorch): sqrt(v) + epsilon. `inside` (TensorFlow 1, DeepMind's Atari agents): sqrt(v + epsilon). */
  readonly epsilonPlace?: 'inside' | 'outside';
  /** Divide by the standard deviation instead of the root mean square (Graves 2013). Default false. */
  readonly centred?: boolean;
  /** What the mean of squares begins at: 0 (default; PyTorch) or 1 (TensorFlow 1). */
  readonly initialScale?: number;
}

export type RmsState = {
  readonly square: Tensors;
  /** The mean of the gradients; only when centred. */
  readonly mean?: Tensors;
};

/** Gradients divided by a running root mean square (Tieleman and Hinton 2012), without bias correction. */
export function scaleByRms({
  decay = 0.99,
  epsilon = 1e-8,
  epsilonPlace = 'outside',
  centred = false,
  initialScale = 0,
}: RmsOptions = {}): Transform<RmsState> {
  const root = (square: tf.Tensor): tf.Tensor =>
    epsilonPlace === 'inside' ? tf.sqrt(tf.add(square, epsilon)) : tf.add(tf.sqrt(square), epsilon);
  return {
    name: 'scaleByRms',
    init: (parameters) => ({
      square: filledLike(parameters, initialScale),
      ...(centred ? { mean: zerosLike(parameters) } : {}),
    }),
    update: (gradients, state) => {
      const square = movingAverage(decay, state.square, squared(gradients));
      const divide = (spread: Tensors): Tensors =>
        zipTree(gradients, spread, (g: tf.Tensor, s: tf.Tensor) => tf.div(g, root(s)));
      if (state.mean === undefined) return { updates: divide(square), state: { square } };
      const mean = movingAverage(decay, state.mean, gradients);
      // Rounding can leave the variance a little below zero; its root would then not be a number.
      const variance = zipTree(square, mean, (s: tf.Tensor, m: tf.Tensor) => tf.relu(tf.sub(s, tf.square(m))));
      return { updates: divide(variance), state: { square, mean } };
    },
  };
}

/** RMSProp; with `momentum` the scaled gradients are accumulated before the learning rate, as in PyTorch. */
export function rmsprop({
  learningRate,
  momentum = 0,
  ...options
}: RmsOptions & { readonly learningRate: Rate; readonly momentum?: number }): Transform {
  const step = scaleByLearningRate(learningRate);
  return momentum === 0
    ? chain(scaleByRms(options), step)
    : chain(scaleByRms(options), trace({ decay: momentum }), step);
}
