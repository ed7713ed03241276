import { tf } from '../../nn/index.ts';
import { binEdges } from './bin-edges.ts';
import { MU, muLaw, SQUASHED_BY } from './continuous-values.ts';

/** Bins of numbers inside of a compiled program: float32 [R, entries] to int32 [R, entries], each in [0, bins). */
export type BinRows = (x: tf.Tensor) => tf.Tensor;

/**
 * The bins that `binOf` gives of entries as they are where `isUnit` is 1, and of `muLaw` of them elsewhere. Computed in
 * single precision, which may miss by one where a number is all but on an edge; the edges, known exactly, put it right.
 */
export function binRows(isUnit: Uint8Array, bins: number): BinRows {
  const hasUnits = isUnit.includes(1);
  const hasOthers = isUnit.includes(0);
  const edges = [...(hasUnits ? binEdges((x) => x, bins) : []), ...(hasOthers ? binEdges(muLaw, bins) : [])];
  const from = Int32Array.from(isUnit, (unit) => (hasUnits && unit === 0 ? bins + 1 : 0));
  return (x) => {
    const squashed = hasOthers ? (hasUnits ? tf.where(tf.tensor1d(isUnit, 'bool'), x, muLawOf(x)) : muLawOf(x)) : x;
    const near = tf.floor(tf.mul(tf.add(squashed, 1), bins / 2));
    const bin = tf.cast(tf.clipByValue(near, 0, bins - 1), 'int32');
    const table = tf.tensor1d(edges);
    const at = tf.add(bin, tf.tensor1d(from, 'int32'));
    const begin = tf.gather(table, at as tf.Tensor2D);
    const end = tf.gather(table, tf.add(at, tf.scalar(1, 'int32')) as tf.Tensor2D);
    const isAbove = tf.cast(tf.greaterEqual(x, end), 'int32');
    const isBelow = tf.cast(tf.less(x, begin), 'int32');
    // The largest float32 is no less than the end of the last bin.
    return tf.minimum(tf.sub(tf.add(bin, isAbove), isBelow), tf.scalar(bins - 1, 'int32'));
  };
}

function muLawOf(x: tf.Tensor): tf.Tensor {
  const size = tf.div(tf.log(tf.add(tf.mul(tf.abs(x), MU), 1)), SQUASHED_BY);
  return tf.mul(tf.sign(x), size);
}
