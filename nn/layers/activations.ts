import { tf } from '../engine/tf.ts';

/** The activations a network can be asked for by name. All keep the shape. */
export type Activation = 'tanh' | 'relu' | 'gelu' | 'silu';

/**
 * gelu is the exact one, `x (1 + erf(x / sqrt 2)) / 2` (Hendrycks and Gimpel 2016), not its tanh approximation;
 * silu is `x sigmoid(x)` (Elfwing et al. 2018), also called swish.
 */
export const activations: Readonly<Record<Activation, (x: tf.Tensor) => tf.Tensor>> = {
  tanh: (x) => tf.tanh(x),
  relu: (x) => tf.relu(x),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
};
