/**
 * What a block is made of: a mixer, which moves information between tokens, and a feed-forward, which works on each
 * token by itself. Both are chosen by name in the configuration; a new one is an entry in a record, and nothing else.
 */
import type { Stream } from '../../core/index.ts';
import type { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import type { Branch } from '../tree.ts';
import type { BackboneConfig } from './config.ts';
import type { Rotation } from './positions.ts';

/** Axes: B sequences, L tokens of each, C tokens of a piece, M places of a cache, H heads, D the width. */
export interface Mixer {
  /** First parameters of one layer. */
  init(stream: Stream, config: BackboneConfig): Branch<Value>;
  /** Whole sequences. x: [B, L, D] -> [B, L, D]. */
  apply(parameters: Branch<tf.Tensor>, x: tf.Tensor, context: MixerContext): tf.Tensor;
  /** Shapes of the noise for dropout inside of it, by name; each element uniform in [0, 1). */
  noise?(config: BackboneConfig, batch: number, length: number): Readonly<Record<string, readonly number[]>>;
  /** What decoding piece by piece remembers of one layer, at the start. Without it the mixer cannot decode. */
  memory?(config: BackboneConfig, batch: number, length: number): Branch<Value>;
  /** The next C tokens of each sequence. x: [B, C, D] -> [B, C, D]; the memory comes out in the shapes it came in. */
  advance?(
    parameters: Branch<tf.Tensor>,
    x: tf.Tensor,
    memory: Branch<tf.Tensor>,
    context: PieceContext,
  ): { readonly output: tf.Tensor; readonly memory: Branch<tf.Tensor> };
}

export interface MixerContext {
  readonly config: BackboneConfig;
  /** Added to the scores of queries (rows) and keys: 0 where seen, -1e9 where not. [L, L] or [B, 1, L, L]. */
  readonly mask: tf.Tensor | undefined;
  readonly rotation: Rotation | undefined;
  readonly drop: Drop;
}

export interface PieceContext {
  readonly config: BackboneConfig;
  /** As of a whole sequence: [B, 1, C, M]. */
  readonly mask: tf.Tensor;
  readonly rotation: Rotation | undefined;
  /** The place of each token of the piece in its sequence: int32 [B, C]. */
  readonly places: tf.Tensor;
}

/** x with a share of its elements dropped by the noise of this name, or x itself where there is no noise. */
export type Drop = (x: tf.Tensor, name: string, rate: number) => tf.Tensor;

export interface FeedForward {
  /** First parameters of one layer. */
  init(stream: Stream, config: BackboneConfig): Branch<Value>;
  /** x: [..., D] -> output [..., D]; what a router wants added to the loss, a scalar. */
  apply(
    parameters: Branch<tf.Tensor>,
    x: tf.Tensor,
    config: BackboneConfig,
  ): { readonly output: tf.Tensor; readonly loss?: tf.Scalar };
}
