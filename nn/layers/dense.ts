import type { Stream } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import { type Initialiser, lecunNormal, zeros } from '../initialisers.ts';

/** weight [in, out], bias [out]. */
export type DenseOf<X> = { readonly weight: X; readonly bias: X };

export interface DenseOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Default `lecunNormal`. */
  readonly weight?: Initialiser;
  /** Default zeros. */
  readonly bias?: Initialiser;
}

/** `x weight + bias` over the last axis. */
export const dense = {
  init(stream: Stream, { inputs, outputs, weight = lecunNormal, bias = zeros }: DenseOptions): DenseOf<Value> {
    return { weight: weight(stream, [inputs, outputs]), bias: bias(stream, [outputs]) };
  },

  /** x: [..., in] -> [..., out]. */
  apply(parameters: DenseOf<tf.Tensor>, x: tf.Tensor): tf.Tensor {
    return onRows(x, (rows) => tf.add(tf.matMul(rows, parameters.weight as tf.Tensor2D), parameters.bias));
  },
};

/** `x weight` over the last axis, without a bias. x: [..., in], weight: [in, out] -> [..., out]. */
export function project(weight: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return onRows(x, (rows) => tf.matMul(rows, weight as tf.Tensor2D));
}

/**
 * Applies `f` to x with all leading axes made one. `matMul` of a [B, T, in] by a [in, out] would broadcast the
 * batch, and the backward pass of that throws in tfjs.
 */
function onRows(x: tf.Tensor, f: (rows: tf.Tensor2D) => tf.Tensor): tf.Tensor {
  if (x.rank === 2) return f(x as tf.Tensor2D);
  const rows = f(tf.reshape(x, [-1, x.shape[x.rank - 1]!]));
  return tf.reshape(rows, [...x.shape.slice(0, -1), rows.shape[1]!]);
}
