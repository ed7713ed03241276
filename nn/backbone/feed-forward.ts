import type { tf as TF } from '../engine/tf.ts';
import { tf } from '../engine/tf.ts';
import { activations } from '../layers/index.ts';
import { type LinearOf, linear, reading, writing } from './linear.ts';
import type { FeedForward } from './parts.ts';

/** input: [D, F], or [D, 2 F] with the gate's columns first; output: [F, D]. */
export type FeedForwardOf<X> = { readonly input: LinearOf<X>; readonly output: LinearOf<X> };

type Activate = (x: TF.Tensor) => TF.Tensor;

/** f(x W) V (Vaswani et al. 2017). */
function plain(activate: Activate): FeedForward {
  return {
    init: (stream, config) => ({
      input: linear.init(stream, config.width, config.hidden, config, reading(config)),
      output: linear.init(stream, config.hidden, config.width, config, writing(config)),
    }),
    apply: (parameters, x) => {
      const { input, output } = parameters as FeedForwardOf<TF.Tensor>;
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
      const { input, output } = parameters as FeedForwardOf<TF.Tensor>;
      const [gate, up] = tf.split(linear.apply(input, x), 2, -1) as [TF.Tensor, TF.Tensor];
      return { output: linear.apply(output, tf.mul(activate(gate), up)) };
    },
  };
}

const ROOT = Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;

/**
 * GELU by a hyperbolic tangent, x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel 2016), which
 * GPT-2 was trained with. The gradient is written out: tfjs would go through each of the nine operators.
 */
export function geluTanh(x: TF.Tensor): TF.Tensor {
  const op = tf.customGrad((input, save) => {
    const given = input as TF.Tensor;
    const square = tf.square(given);
    const bend = tf.tanh(tf.mul(given, tf.add(tf.mul(square, ROOT * CUBE), ROOT)));
    const half = tf.mul(given, 0.5);
    (save as TF.GradSaveFunc)([half, square, bend]);
    const gradFunc = (dy: TF.Tensor, saved: TF.Tensor[]): TF.Tensor => {
      const [halved, squared, tanh] = saved as [TF.Tensor, TF.Tensor, TF.Tensor];
      const slope = tf.mul(tf.sub(1, tf.square(tanh)), tf.add(tf.mul(squared, 3 * ROOT * CUBE), ROOT));
      return tf.mul(dy, tf.add(tf.add(tf.mul(tanh, 0.5), 0.5), tf.mul(halved, slope)));
    };
    return { value: tf.mul(half, tf.add(bend, 1)), gradFunc };
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
