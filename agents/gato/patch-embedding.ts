import type { Stream } from '../../core/index.ts';
import type { ConvolutionOf, DenseOf, EmbeddingOf, NormOf, tf, Value } from '../../nn/index.ts';
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

export interface PatchEmbedding {
  init(stream: Stream, shape: PatchShape, width: number): PatchEmbeddingOf<Value>;
  /** pixels [K, size, size, channels], grid int32 [K, 2] -> vectors [K, D], positions included. */
  apply(parameters: PatchEmbeddingOf<tf.Tensor>, pixels: tf.Tensor, grid: tf.Tensor): tf.Tensor;
  /** x [B, L, D] with the vectors [K, D] where patch (int32 [B, L]) says which stands there, x elsewhere (-1). */
  placed(x: tf.Tensor, vectors: tf.Tensor, patch: tf.Tensor): tf.Tensor;
}

export declare const patchEmbedding: PatchEmbedding;
