import type { Stream } from '../../core/index.ts';
import { type DenseOf, dense, type Initialiser, initialisers, lecunNormal, tf, type Value } from '../../nn/index.ts';

/** A dense layer, RMSNorm and SiLU: weight [in, out], bias [out], scale [out]. */
export type NormedOf<X> = DenseOf<X> & { readonly scale: X };

/** One normed layer for each `0`, `1`, ..., and a linear one under `last` where there are outputs. */
export type TrunkOf<X> = { readonly [layer: string]: NormedOf<X> | DenseOf<X> };

export interface TrunkOptions {
  readonly inputs: number;
  readonly units: number;
  readonly layers: number;
  /** Width of a last, linear layer; none by default. */
  readonly outputs?: number;
  /** Weights of the last layer. Default `lecunNormal`. Heads that are to predict nothing at first begin with zeros. */
  readonly last?: Initialiser;
}

/** What DreamerV3's networks are made of: dense layers with RMSNorm and SiLU after each, and a linear head. */
export const trunk = {
  init(stream: Stream, { inputs, units, layers, outputs, last = lecunNormal }: TrunkOptions): TrunkOf<Value> {
    const tree: Record<string, NormedOf<Value> | DenseOf<Value>> = {};
    for (let i = 0; i < layers; i++) tree[String(i)] = normed.init(stream, i === 0 ? inputs : units, units);
    if (outputs !== undefined)
      tree.last = dense.init(stream, { inputs: layers === 0 ? inputs : units, outputs, weight: last });
    return tree;
  },

  /** x: [..., in] -> [..., units or outputs]. */
  apply(parameters: TrunkOf<tf.Tensor>, x: tf.Tensor): tf.Tensor {
    let y = x;
    for (let i = 0; parameters[String(i)] !== undefined; i++)
      y = normed.apply(parameters[String(i)] as NormedOf<tf.Tensor>, y);
    return parameters.last === undefined ? y : dense.apply(parameters.last, y);
  },
};

export const normed = {
  init(stream: Stream, inputs: number, outputs: number): NormedOf<Value> {
    return { ...dense.init(stream, { inputs, outputs }), scale: initialisers.ones(stream, [outputs]) };
  },

  apply({ scale, ...layer }: NormedOf<tf.Tensor>, x: tf.Tensor): tf.Tensor {
    return normedSilu(dense.apply(layer, x), scale);
  },
};

/** Added to the mean square that RMSNorm divides by the root of. */
export const NORM_EPSILON = 1e-6;

/** SiLU of the RMSNorm of x [..., D] with its gain [D]. Gradients are written out: autodiff's take twice the operators. */
export function normedSilu(x: tf.Tensor, scale: tf.Tensor): tf.Tensor {
  return silu(tf.mul(unitRms(x), scale));
}

/** x over the root of its mean square along the last axis. */
export function unitRms(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((input, save) => {
    const given = input as tf.Tensor;
    const factor = tf.rsqrt(tf.add(tf.mean(tf.square(given), -1, true), NORM_EPSILON));
    const value = tf.mul(given, factor);
    (save as tf.GradSaveFunc)([value, factor]);
    const gradFunc = (dy: tf.Tensor, [unit, by]: tf.Tensor[]): tf.Tensor =>
      tf.mul(tf.sub(dy, tf.mul(unit!, tf.mean(tf.mul(dy, unit!), -1, true))), by!);
    return { value, gradFunc };
  });
  return op(x);
}

/** x sigmoid(x). */
export function silu(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((input, save) => {
    const given = input as tf.Tensor;
    const gate = tf.sigmoid(given);
    const value = tf.mul(given, gate);
    (save as tf.GradSaveFunc)([gate, value]);
    const gradFunc = (dy: tf.Tensor, [open, y]: tf.Tensor[]): tf.Tensor => tf.mul(dy, siluSlope(open!, y!));
    return { value, gradFunc };
  });
  return op(x);
}

/** The derivative of SiLU where its gate is `gate` and its value `y`: gate + y (1 - gate). */
export function siluSlope(gate: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.add(gate, tf.mul(y, tf.sub(1, gate)));
}
