import { tf } from '../tf.ts';
import type { TraceBackend } from '../tracer.ts';
import { sizeOf } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { reshaped, transposed } from './shape.ts';
import { padded } from './slicing.ts';

/** Reshape, transpose, reshape: how blocks of space move into other axes. */
function rearranged(
  tracer: TraceBackend,
  x: tf.TensorInfo,
  split: readonly number[],
  order: readonly number[],
  joined: readonly number[],
): tf.TensorInfo {
  const parts = reshaped(tracer, tracer.of(x), split);
  return reshaped(tracer, tracer.of(transposed(tracer, tracer.of(parts), order)), joined);
}

const spaceToBatch: Lowering = (tracer, { x }, { blockShape, paddings }) => {
  const block = blockShape as number[];
  const sides = [[0, 0], ...(paddings as number[][])];
  const traced = tracer.of(x!);
  while (sides.length < traced.shape.length) sides.push([0, 0]);
  const whole = padded(tracer, traced, sides, 0);
  const split = tf.backend_util.getReshaped(whole.shape, block, sizeOf(block), false);
  const order = tf.backend_util.getPermuted(split.length, block.length, false);
  return rearranged(
    tracer,
    whole,
    split,
    order,
    tf.backend_util.getReshapedPermuted(whole.shape, block, sizeOf(block), false),
  );
};

const batchToSpace: Lowering = (tracer, { x }, { blockShape, crops }) => {
  const [block, cut] = [blockShape as number[], crops as number[][]];
  const shape = [...tracer.of(x!).shape];
  const split = tf.backend_util.getReshaped(shape, block, sizeOf(block));
  const order = tf.backend_util.getPermuted(split.length, block.length);
  const joined = tf.backend_util.getReshapedPermuted(shape, block, sizeOf(block));
  const whole = rearranged(tracer, x!, split, order, joined);
  // Crops are pads of negative size.
  const sides = joined.map((_, i) => (cut[i - 1] ?? [0, 0]).map((length) => -length));
  return padded(tracer, tracer.of(whole), sides, 0);
};

/** NHWC alone, as tfjs's CPU backend. */
const depthToSpace: Lowering = (tracer, { x }, { blockSize }) => {
  const [batch, height, width, depth] = tracer.of(x!).shape as [number, number, number, number];
  const block = Number(blockSize);
  const rest = depth / (block * block);
  return rearranged(
    tracer,
    x!,
    [batch, height, width, block, block, rest],
    [0, 1, 3, 2, 4, 5],
    [batch, height * block, width * block, rest],
  );
};

export const blocks: Lowerings = {
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
  DepthToSpace: depthToSpace,
};
