import type { Stream } from '../../core/index.ts';
import {
  Backbone,
  type BackboneOf,
  type DenseOf,
  dense,
  type Memory,
  project,
  tf,
  type Value,
  zeros,
} from '../../nn/index.ts';
import type { IdRange, PatchShape, Vocabulary } from '../tokens/index.ts';
import type { GatoBackboneOptions } from './options.ts';
import { type PatchEmbeddingOf, patchEmbedding } from './patch-embedding.ts';
import { smoothTable } from './smooth-table.ts';
import type { TokenInputs } from './token-inputs.ts';

/** Parameters of a generalist. */
export type GatoOf<X> = {
  readonly backbone: BackboneOf<X>;
  readonly patches?: PatchEmbeddingOf<X>;
  /** One value for each token's vector: weight [D, 1], bias [1]. Only where rewards are learned from. */
  readonly value?: DenseOf<X>;
};

export interface GatoModelOptions {
  readonly vocabulary: Vocabulary;
  readonly backbone: GatoBackboneOptions;
  /** Most tokens of one sequence. */
  readonly length: number;
  /** Local positions: most tokens of an observation. */
  readonly localPositions: number;
  /** null where no task shows pictures. */
  readonly patch: PatchShape | null;
  /** With a value head. */
  readonly hasValue: boolean;
}

/**
 * One transformer over tokens of every kind (early fusion). First weights have the deviation 1 / sqrt(D): GPT-2's 0.02
 * suits widths of thousands, and a narrow model learns slowly from it. Pure functions of parameters and tensors, to be compiled.
 * Embeddings as in Gato (arXiv 2205.06175, section 2.2): a table, a residual convolution for patches with tables for
 * their rows and columns, local positions. Within a sequence places are rotary.
 */
export class GatoModel {
  readonly backbone: Backbone;
  readonly vocabulary: Vocabulary;
  readonly patch: PatchShape | null;
  private readonly hasValue: boolean;

  constructor({ vocabulary, backbone, length, localPositions, patch, hasValue }: GatoModelOptions) {
    const { hidden, ...axes } = backbone;
    this.backbone = new Backbone({
      ...axes,
      hidden: hidden ?? hiddenOf(backbone),
      deviation: 1 / Math.sqrt(backbone.width),
      vocabulary: vocabulary.size,
      length,
      mask: 'causal',
      tiedHead: true,
      positions: [{ kind: 'rotary' }, { kind: 'local', entries: localPositions }],
      suppressed: [vocabulary.patch, vocabulary.padding],
    });
    this.vocabulary = vocabulary;
    this.patch = patch;
    this.hasValue = hasValue;
  }

  /** The backbone's first parameters, with neighbouring bins alike; the value head begins at 0. */
  init(stream: Stream): GatoOf<Value> {
    const { width } = this.backbone.config;
    const backbone = this.backbone.init(stream);
    smoothTable(stream, backbone.token.table, this.vocabulary.continuous, this.backbone.config.deviation);
    return {
      backbone,
      ...(this.patch === null ? {} : { patches: patchEmbedding.init(stream, this.patch, width) }),
      ...(this.hasValue ? { value: { weight: zeros('float32', [width, 1]), bias: zeros('float32', [1]) } } : {}),
    };
  }

  /** Tokens and patches as vectors with their positions: [B, L, D]. */
  embed(parameters: GatoOf<tf.Tensor>, inputs: TokenInputs<tf.Tensor>): tf.Tensor {
    const { ids, local, order, patch, pixels, grid } = inputs;
    let x = this.backbone.embed(parameters.backbone, ids);
    if (patch !== undefined && parameters.patches !== undefined) {
      const vectors = patchEmbedding.apply(parameters.patches, pixels!, grid!);
      x = patchEmbedding.placed(x, vectors, patch);
    }
    return this.backbone.placed(parameters.backbone, x, { local }, order);
  }

  /** What the backbone makes of whole rows: [B, L, D]. noise: see `Backbone.noiseShapes`. */
  hidden(
    parameters: GatoOf<tf.Tensor>,
    inputs: TokenInputs<tf.Tensor>,
    noise?: Readonly<Record<string, tf.Tensor>>,
  ): tf.Tensor {
    const { segment, order } = inputs;
    return this.backbone.trunk(parameters.backbone, this.embed(parameters, inputs), {
      order,
      ...(segment === undefined ? {} : { segment }),
      ...(noise === undefined ? {} : { noise }),
    }).hidden;
  }

  /**
   * The next C tokens of each row with a memory of `length` places: vectors [B, C, D] that `hidden` would answer there.
   * Tokens behind the last one of a row that is shorter may be anything, if its next piece begins in their place: what
   * they leave in the memory is written over before a token looks at it.
   */
  advance(
    parameters: GatoOf<tf.Tensor>,
    inputs: TokenInputs<tf.Tensor>,
    memory: Memory<tf.Tensor>,
    length: number,
  ): { readonly hidden: tf.Tensor; readonly memory: Memory<tf.Tensor> } {
    const x = this.embed(parameters, inputs);
    return this.backbone.advance(parameters.backbone, x, memory, { order: inputs.order, length });
  }

  /** Rows of vectors [M, D] to logits of all ids [M, V], or of a range of ids [M, size]. */
  logits({ backbone }: GatoOf<tf.Tensor>, rows: tf.Tensor, range?: IdRange): tf.Tensor {
    if (range === undefined) return this.backbone.head(backbone, rows);
    const table = tf.slice(backbone.token.table, [range.start, 0], [range.size, this.backbone.config.width]);
    return project(tf.transpose(table), rows);
  }

  /** Rows of vectors [M, D] to values [M]. */
  values({ value }: GatoOf<tf.Tensor>, rows: tf.Tensor): tf.Tensor {
    return tf.reshape(dense.apply(value!, rows), [-1]);
  }
}

/** Gated feed-forwards have three matrices: two thirds of the width keep the number of parameters (Shazeer 2020). */
function hiddenOf({ width, feedForward }: GatoBackboneOptions): number {
  const isGated = feedForward === 'geglu' || feedForward === 'swiglu';
  return isGated ? 16 * Math.ceil((8 * width) / 3 / 16) : 4 * width;
}
