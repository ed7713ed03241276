import { tf } from './tf.ts';

/**
 * The gradient of a gather in batches. tfjs's own unrolls the batch (some ten operators for each element of it) and is
 * wrong where axes lie between the batch and the gathered one. This one counts rows of all batches and adds them up at
 * once; gathers without batches keep tfjs's, which is a single sum by segments.
 */
function batchedGradient(stock: tf.GradConfig): tf.GradConfig {
  return {
    ...stock,
    gradFunc: (dy, saved, attributes) => {
      const { axis, batchDims = 0 } = attributes as unknown as { axis: number; batchDims?: number };
      if (batchDims === 0) return stock.gradFunc(dy, saved, attributes);
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      return { x: () => scattered(dy as tf.Tensor, x, indices, axis, batchDims), indices: () => indices };
    },
  };
}

function scattered(dy: tf.Tensor, x: tf.Tensor, indices: tf.Tensor, axis: number, batchDims: number): tf.Tensor {
  const [along] = tf.util.parseAxisParam(axis, x.shape);
  const { collectGatherOpShapeInfo } = tf.backend_util.segment_util;
  const { batchSize, outerSize, dimSize, sliceSize } = collectGatherOpShapeInfo(x, indices, along!, batchDims);
  const blocks = batchSize * outerSize;
  const starts = tf.tensor3d(
    Int32Array.from({ length: blocks }, (_, i) => i * dimSize),
    [batchSize, outerSize, 1],
  );
  // Compiled gathers count negative indices from the end.
  const positive = tf.where(tf.less(indices, 0), tf.add(indices, tf.scalar(dimSize, 'int32')), indices);
  const rows = tf.reshape(tf.add(tf.reshape(positive, [batchSize, 1, -1]), starts), [-1]) as tf.Tensor1D;
  const sums = tf.unsortedSegmentSum(tf.reshape(dy, [-1, sliceSize]), rows, blocks * dimSize);
  return tf.reshape(sums, x.shape);
}

/** Runs `body` with that gradient in place of tfjs's. */
export function withGatherGradient<Result>(body: () => Result): Result {
  const stock = tf.getGradient('GatherV2');
  tf.registerGradient(batchedGradient(stock));
  try {
    return body();
  } finally {
    tf.registerGradient(stock);
  }
}
