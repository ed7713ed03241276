import { tf } from '../engine/tf.ts';
import { activations } from '../layers/index.ts';
import { type LinearOf, linear, reading, writing } from './linear.ts';
import type { FeedForward } from './parts.ts';

/** input: [D, F], or [D, 2 F] with the gate's columns first; output: [F, D]. */
export type FeedForwardOf<X> = { readonly input: LinearOf<X>; readonly output: LinearOf<X> };

type Activate = (x: tf.Tensor) => tf.Tensor;

/** f(x W) V (Vaswani et al. 2017). */
function plain(activate: Activate): FeedForward {
  return {
    init: (stream, config) => ({
      input: linear.init(stream, config.width, config.hidden, config, reading(config)),
      output: linear.init(stream, config.hidden, config.width, config, writing(config)),
    }),
    apply: (parameters, x) => {
      const { input, output } = parameters as FeedForwardOf<tf.Tensor>;
      return { output: linear.apply(output, activate(linear.apply(input, x))) };
    },
  };
}

/** (f(x G) * x W) V (Shazeer 2020, "GLU variants"). */
function gated(activate: Activate): FeedForward {
  return {
    init: (stream, config) => ({
      input: linear.init(stream, config.width, 2 * config.hidden, config, reading(config)),
      output: linear.init(stream, config.hidden, config.width, config, writing(config)),
    }),
    apply: (parameters, x) => {
      const { input, output } = parameters as FeedForwardOf<tf.Tensor>;
      const [gate, up] = tf.split(linear.apply(input, x), 2, -1) as [tf.Tensor, tf.Tensor];
      return { output: linear.apply(output, tf.mul(activate(gate), up)) };
    },
  };
}

const SCALE = 2 * Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;

/**
 * GELU by a hyperbolic tangent, x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel 2016), which
 * GPT-2 was trained with. Written as x sigmoid(2 sqrt(2 / pi) (...)), which is the same, and with its gradient: this is
 * the widest tensor of a block, and half as many operators go over it as in tfjs's own way.
 */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((input, save) => {
    const given = input as tf.Tensor;
    const square = tf.square(given);
    const gate = tf.sigmoid(tf.mul(given, tf.add(tf.mul(square, SCALE * CUBE), SCALE)));
    const value = tf.mul(given, gate);
    (save as tf.GradSaveFunc)([square, gate, value]);
    // g + x g (1 - g) (scale (1 + 3 cube x^2))
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [squared, opened, output] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const inner = tf.add(tf.mul(squared, 3 * SCALE * CUBE), SCALE);
      const bend = tf.mul(tf.sub(output, tf.mul(output, opened)), inner);
      return tf.mul(dy, tf.add(opened, bend));
    };
    return { value, gradFunc };
  });
  return op(x);
}

export const feedForwards: Readonly<Record<string, FeedForward>> = {
  gelu: plain(activations.gelu),
  'gelu-tanh': plain(geluTanh),
  relu: plain(activations.relu),
  geglu: gated(activations.gelu),
  swiglu: gated(activations.silu),
};
