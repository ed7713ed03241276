import { tf } from '../engine/tf.ts';
import { float32, type Value } from '../engine/value.ts';
import { leaves, mapTree, type Tree, zipTree } from '../tree.ts';
import type { Tensors } from './transform.ts';

/** A host tree of zeros like `tree`. */
export function zerosLike(tree: Tree<Value>): Tree<Value> {
  return filledLike(tree, 0);
}

/** A host tree of the same shapes with all elements `value`. */
export function filledLike(tree: Tree<Value>, value: number): Tree<Value> {
  return mapTree(tree, ({ shape, data }: Value) => float32(shape, new Float32Array(data.length).fill(value)));
}

/** A float32 scalar on the host. */
export function scalar(value: number): Value {
  return float32([], [value]);
}

/** `decay * average + (1 - decay) * sample`, leaf by leaf. */
export function movingAverage(decay: number, average: Tensors, sample: Tensors): Tensors {
  return zipTree(average, sample, (a: tf.Tensor, s: tf.Tensor) => tf.add(tf.mul(a, decay), tf.mul(s, 1 - decay)));
}

/** The square of each element. */
export function squared(tree: Tensors): Tensors {
  return mapTree(tree, (leaf: tf.Tensor) => tf.square(leaf));
}

/** The Euclidean length of all leaves taken as one vector: a scalar. */
export function globalNorm(tree: Tensors): tf.Scalar {
  const squares = leaves(tree).map(([, leaf]) => tf.sum<tf.Scalar>(tf.square(leaf)));
  return tf.sqrt(squares.reduce((total, square) => tf.add(total, square)));
}

/** `parameters + updates`. */
export function applyUpdates(parameters: Tensors, updates: Tensors): Tensors {
  return zipTree(parameters, updates, (parameter: tf.Tensor, update: tf.Tensor) => tf.add(parameter, update));
}
