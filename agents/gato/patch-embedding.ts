import type { Stream } from '../../core/index.ts';
import {
  activations,
  type ConvolutionOf,
  convolution,
  type DenseOf,
  dense,
  type EmbeddingOf,
  embedding,
  groupNorm,
  initialisers,
  type NormOf,
  tf,
  type Value,
} from '../../nn/index.ts';
import type { PatchShape } from '../tokens/index.ts';

/** Parameters of the embedding of image patches. */
export type PatchEmbeddingOf<X> = {
  readonly input: ConvolutionOf<X>;
  readonly firstNorm: NormOf<X>;
  readonly first: ConvolutionOf<X>;
  readonly secondNorm: NormOf<X>;
  readonly second: ConvolutionOf<X>;
  readonly output: DenseOf<X>;
  /** [128, D] each. */
  readonly rows: EmbeddingOf<X>;
  readonly columns: EmbeddingOf<X>;
};

/**
 * Channels inside, and groups that they are normalised in. Gato's 32 groups, of so few channels, would be one channel
 * each: a norm that takes away how bright a patch is, and the bias before it.
 */
const FEATURES = 32;
const GROUPS = 8;

/** Rows of each table of positions. */
export const PATCH_POSITIONS = 128;

/**
 * Image patches as vectors (Gato, arXiv 2205.06175, section 2.2 and appendix C.2): a convolution, one pre-activation
 * residual block with group norm and GELU (He et al. 2016, "v2"), and tables for the patch's row and column. What the
 * block answers is flattened and projected: on patches of few pixels a mean over them would lose where things are.
 */
export const patchEmbedding = {
  init(stream: Stream, { size, channels }: PatchShape, width: number): PatchEmbeddingOf<Value> {
    const kernel = (inputs: number): ConvolutionOf<Value> =>
      convolution.init(stream, { size: [3, 3], inputs, outputs: FEATURES });
    const side = Math.ceil(size / strides(size));
    const table = (): EmbeddingOf<Value> =>
      embedding.init(stream, {
        entries: PATCH_POSITIONS,
        features: width,
        table: initialisers.normal(1 / Math.sqrt(width)),
      });
    return {
      input: kernel(channels),
      firstNorm: groupNorm.init(FEATURES),
      first: kernel(FEATURES),
      secondNorm: groupNorm.init(FEATURES),
      second: kernel(FEATURES),
      output: dense.init(stream, { inputs: side * side * FEATURES, outputs: width }),
      rows: table(),
      columns: table(),
    };
  },

  /** pixels [K, size, size, channels], grid int32 [K, 2] -> vectors [K, D], positions included. */
  apply(parameters: PatchEmbeddingOf<tf.Tensor>, pixels: tf.Tensor, grid: tf.Tensor): tf.Tensor {
    const { input, firstNorm, first, secondNorm, second, output, rows, columns } = parameters;
    const count = pixels.shape[0]!;
    const activated = (norm: NormOf<tf.Tensor>, x: tf.Tensor): tf.Tensor =>
      activations.gelu(groupNorm.apply(norm, x, GROUPS));
    const x = convolution.apply(input, pixels, { strides: strides(pixels.shape[1]!), padding: 'same' });
    const inner = convolution.apply(first, activated(firstNorm, x), { padding: 'same' });
    const outer = convolution.apply(second, activated(secondNorm, inner), { padding: 'same' });
    const flat = tf.reshape(tf.add(x, outer), [count, -1]);
    const along = (axis: number): tf.Tensor => tf.reshape(tf.slice(grid, [0, axis], [count, 1]), [count]);
    const position = tf.add(embedding.apply(rows, along(0)), embedding.apply(columns, along(1)));
    // As large as the vectors of the token table beside them. A factor and not small weights: these would be swept away
    // by the first steps of an optimiser like Adam.
    return tf.add(tf.div(dense.apply(output, flat), Math.sqrt(rows.table.shape[1]!)), position);
  },

  /** x [B, L, D] with the vectors [K, D] where patch (int32 [B, L]) says which stands there, x elsewhere (-1). */
  placed(x: tf.Tensor, vectors: tf.Tensor, patch: tf.Tensor): tf.Tensor {
    const none = tf.scalar(0, 'int32');
    const found = embedding.apply({ table: vectors }, tf.maximum(patch, none));
    return tf.where(tf.expandDims(tf.greaterEqual(patch, none), -1), found, x);
  },
};

/** Larger patches are halved on the way in, which keeps the projection small: 2 by 2 pixels fit the features. */
function strides(size: number): number {
  return size >= 8 ? 2 : 1;
}

/**
 * Where patches lie as entries of the tables: intervals [K, 4] (first and last row, first and last column, in [0, 1])
 * to int32 [K, 2]. An interval's ends are quantised to entries from 0 to 127. In training an entry is drawn uniformly
 * from the first to the last of them, both included; without a stream it is the rounded mean.
 */
export function placePatches(
  intervals: Float32Array,
  stream: Stream | null,
  out: Int32Array = new Int32Array(intervals.length / 2),
): Int32Array {
  for (let i = 0; i < intervals.length / 2; i++) {
    const from = entryOf(intervals[2 * i]!);
    const to = entryOf(intervals[2 * i + 1]!);
    out[i] = stream === null ? Math.round((from + to) / 2) : from + stream.integer(to - from + 1);
  }
  return out;
}

function entryOf(share: number): number {
  return Math.min(Math.floor(share * PATCH_POSITIONS), PATCH_POSITIONS - 1);
}
