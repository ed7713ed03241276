import { LightbulbError, type Stream, suggest } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import { normal } from '../initialisers.ts';
import { type EmbeddingOf, embedding, type NormOf, project, type RmsNormOf } from '../layers/index.ts';
import type { Branch } from '../tree.ts';
import { attention } from './attention.ts';
import { Block, type BlockOf, blockNorm } from './block.ts';
import { type BackboneConfig, type BackboneOptions, backboneConfig } from './config.ts';
import { dropping } from './dropout.ts';
import { feedForwards } from './feed-forward.ts';
import { nextTokenLoss } from './loss.ts';
import { pieceMask, sequenceMask } from './masks.ts';
import type { FeedForward, Mixer, MixerContext } from './parts.ts';
import { patchTable, positionOf, rotationOf } from './positions.ts';

/** Parameters of a backbone. */
export type BackboneOf<X> = {
  readonly token: EmbeddingOf<X>;
  readonly learned?: EmbeddingOf<X>;
  readonly local?: EmbeddingOf<X>;
  readonly blocks: { readonly [layer: string]: BlockOf<X> };
  /** Of what leaves the last block; the norm `post` has none. */
  readonly norm?: NormOf<X> | RmsNormOf<X>;
  /** weight: [D, V]; not where the head is tied to the token table. */
  readonly head?: { readonly weight: X };
};

/** Places of tokens beside their order. int32 [B, L]; wanted by the positions `local` and `patches`. */
export interface Places {
  /** Within the time step; -1 for a token without one. */
  readonly local?: tf.Tensor;
  /** Number of the patch in raster order; -1 for a token that is not a patch. */
  readonly patch?: tf.Tensor;
}

/** Sequences of tokens. */
export interface Sequence extends Places {
  /** int32 [B, L], each in [0, V). */
  readonly ids: tf.Tensor;
  /** int32 [B]: how many first tokens all tokens see; for the mask `prefix`. */
  readonly prefix?: tf.Tensor;
  /** int32 [B, L]: tokens see only those of the same number, where several sequences share a row. */
  readonly segment?: tf.Tensor;
  /** int32 [B, L]: the place of each token in its own sequence; without it, in the row. */
  readonly order?: tf.Tensor;
  /** For dropout, by the names of `noiseShapes`; without it nothing is dropped. */
  readonly noise?: Readonly<Record<string, tf.Tensor>>;
}

/** What a backbone makes of sequences of vectors. */
export interface Hidden {
  /** [B, L, D], after the last norm. */
  readonly hidden: tf.Tensor;
  /** The sum of what feed-forwards (routers) want added to the loss. */
  readonly loss?: tf.Scalar;
}

export interface BackboneLoss {
  /** What is minimised: cross-entropy, zLoss times the squared log-sum, and the routers' losses. */
  readonly loss: tf.Scalar;
  readonly crossEntropy: tf.Scalar;
  readonly squaredLogSum: tf.Scalar;
}

/** Further mixers and feed-forwards, by name; those of the same name as ours replace them. */
export interface Parts {
  readonly mixers?: Readonly<Record<string, Mixer>>;
  readonly feedForwards?: Readonly<Record<string, FeedForward>>;
}

/** What decoding remembers: that of each layer's mixer, by the layer's number. */
export type Memory<X> = { readonly [layer: string]: Branch<X> };

/**
 * A transformer over tokens, made of a configuration. Pure functions of parameters and tensors, to be compiled; nothing
 * is kept between calls.
 *
 * @example
 * const model = new Backbone({ vocabulary: 257, width: 48, layers: 2, heads: 4, length: 64 });
 * const parameters = model.init(stream(1, 'backbone'));
 */
export class Backbone {
  readonly config: BackboneConfig;
  private readonly mixer: Mixer;
  private readonly block: Block;

  /** Errors: those of `backboneConfig`, and `invalid_input` for a mixer or a feed-forward that there is not. */
  constructor(options: BackboneOptions, parts: Parts = {}) {
    this.config = backboneConfig(options);
    this.mixer = named('mixer', this.config.mixer, { attention, ...parts.mixers });
    const feedForward = named('feedForward', this.config.feedForward, { ...feedForwards, ...parts.feedForwards });
    this.block = new Block(this.config, this.mixer, feedForward);
  }

  /** First parameters: normal with `deviation`, biases and offsets 0, scales 1. */
  init(stream: Stream): BackboneOf<Value> {
    const { vocabulary, width, length, deviation, tiedHead, norm } = this.config;
    const table = normal(deviation);
    const local = positionOf(this.config, 'local');
    const rows = (entries: number): EmbeddingOf<Value> => embedding.init(stream, { entries, features: width, table });
    return {
      token: rows(vocabulary),
      ...(positionOf(this.config, 'learned') === undefined ? {} : { learned: rows(length) }),
      ...(local === undefined ? {} : { local: rows(local.entries) }),
      blocks: Object.fromEntries(this.layers().map((layer) => [layer, this.block.init(stream)])),
      ...(norm === 'post' ? {} : { norm: blockNorm.init(this.config) }),
      ...(tiedHead ? {} : { head: { weight: table(stream, [width, vocabulary]) } }),
    };
  }

  /** Shapes of the noise that dropout wants for sequences like these: uniform in [0, 1). Empty without dropout. */
  noiseShapes(batch: number, length: number): Record<string, readonly number[]> {
    const { dropout, width } = this.config;
    const whole = [batch, length, width];
    const shapes: Record<string, readonly number[]> = dropout.embedding > 0 ? { embedding: whole } : {};
    for (const layer of this.layers()) {
      for (const [name, shape] of Object.entries(this.mixer.noise?.(this.config, batch, length) ?? {}))
        shapes[`${layer}/${name}`] = shape;
      if (dropout.residual > 0) for (const part of ['mixer', 'feedForward']) shapes[`${layer}/${part}`] = whole;
    }
    return shapes;
  }

  /** Tokens as vectors: int32 [B, L] -> [B, L, D]. */
  embed({ token }: BackboneOf<tf.Tensor>, ids: tf.Tensor): tf.Tensor {
    return embedding.apply(token, ids);
  }

  /**
   * Vectors with their positions added. x: [B, L, D]; order: int32 [B, L], the place of each in its sequence, or
   * nothing for 0 to L - 1.
   */
  placed(parameters: BackboneOf<tf.Tensor>, x: tf.Tensor, { local, patch }: Places, order?: tf.Tensor): tf.Tensor {
    if (order === undefined) this.checkLength(x.shape[1]!);
    let y = x;
    if (parameters.learned !== undefined)
      y = tf.add(
        y,
        order === undefined
          ? tf.slice(parameters.learned.table, [0, 0], [x.shape[1]!, x.shape[2]!])
          : embedding.apply(parameters.learned, order),
      );
    if (parameters.local !== undefined) y = tf.add(y, rowsWhereAny(parameters.local, given(local, 'local')));
    const grid = positionOf(this.config, 'patches');
    if (grid !== undefined) {
      const table = tf.tensor2d(patchTable(grid, this.config.width), [grid.rows * grid.columns, this.config.width]);
      y = tf.add(y, rowsWhereAny({ table }, given(patch, 'patch')));
    }
    return y;
  }

  /** All blocks and the last norm, on vectors that are placed. x: [B, L, D]. Error `shape` where they are too many. */
  trunk(
    parameters: BackboneOf<tf.Tensor>,
    x: tf.Tensor,
    { prefix, segment, order, noise }: Pick<Sequence, 'prefix' | 'segment' | 'order' | 'noise'> = {},
  ): Hidden {
    const length = x.shape[1]!;
    this.checkLength(length);
    const drop = dropping(noise);
    const context: MixerContext = {
      config: this.config,
      mask: sequenceMask(this.config, length, { prefix, segment }),
      rotation: rotationOf(this.config, order ?? length),
      drop,
    };
    let y = drop(x, 'embedding', this.config.dropout.embedding);
    let loss: tf.Scalar | undefined;
    for (const layer of this.layers()) {
      const passed = this.block.apply(parameters.blocks[layer]!, y, context, Number(layer));
      y = passed.output;
      if (passed.loss !== undefined) loss = loss === undefined ? passed.loss : tf.add<tf.Scalar>(loss, passed.loss);
    }
    const hidden = this.normed(parameters, y);
    return loss === undefined ? { hidden } : { hidden, loss };
  }

  /** [..., D] -> logits [..., V]. */
  head(parameters: BackboneOf<tf.Tensor>, hidden: tf.Tensor): tf.Tensor {
    const { vocabulary, suppressed } = this.config;
    const weight = parameters.head?.weight ?? tf.transpose(parameters.token.table);
    const logits = project(weight, hidden);
    if (suppressed.length === 0) return logits;
    const isLegal = new Uint8Array(vocabulary).fill(1);
    for (const id of suppressed) isLegal[id] = 0;
    return tf.where(tf.tensor1d(isLegal, 'bool'), logits, tf.scalar(NEVER));
  }

  /** Logits of the next token at each place: [B, L, V]. */
  logits(parameters: BackboneOf<tf.Tensor>, sequence: Sequence): tf.Tensor {
    return this.head(parameters, this.hidden(parameters, sequence).hidden);
  }

  /** Vectors at each place, from ids. */
  hidden(parameters: BackboneOf<tf.Tensor>, sequence: Sequence): Hidden {
    const embedded = this.embed(parameters, sequence.ids);
    return this.trunk(parameters, this.placed(parameters, embedded, sequence, sequence.order), sequence);
  }

  /** weights: float32 [B, L], how much each token counts as a target; see `nextTokenLoss`. */
  loss(parameters: BackboneOf<tf.Tensor>, sequence: Sequence, weights?: tf.Tensor): BackboneLoss {
    const { hidden, loss: routing } = this.hidden(parameters, sequence);
    const { crossEntropy, squaredLogSum } = nextTokenLoss(this.head(parameters, hidden), sequence.ids, weights);
    const { zLoss } = this.config;
    const own = zLoss === 0 ? crossEntropy : tf.add<tf.Scalar>(crossEntropy, tf.mul(squaredLogSum, zLoss));
    return { loss: routing === undefined ? own : tf.add(own, routing), crossEntropy, squaredLogSum };
  }

  /**
   * What decoding remembers at the start of sequences of up to `length` tokens.
   * Error `unsupported` for a mixer or a mask that cannot go token by token.
   */
  memory(batch: number, length = this.config.length): Memory<Value> {
    this.checkLength(length);
    const { mixer, mask } = this.config;
    if (this.mixer.memory === undefined || this.mixer.advance === undefined || mask === 'bidirectional')
      throw new LightbulbError('unsupported', 'this backbone cannot decode token by token', {
        got: `the mixer ${mixer}, the mask ${mask}`,
      });
    return Object.fromEntries(this.layers().map((layer) => [layer, this.mixer.memory!(this.config, batch, length)]));
  }

  /**
   * The next C tokens of each sequence, as vectors x [B, C, D] that are placed, at `order` (int32 [B, C]): what `trunk`
   * answers at these places. length: of the memory, M. A place beyond it is an error when run.
   */
  advance(
    parameters: BackboneOf<tf.Tensor>,
    x: tf.Tensor,
    memory: Memory<tf.Tensor>,
    { order, length, prefix }: { readonly order: tf.Tensor; readonly length: number; readonly prefix?: tf.Tensor },
  ): { readonly hidden: tf.Tensor; readonly memory: Memory<tf.Tensor> } {
    const context = {
      config: this.config,
      mask: pieceMask(this.config, order, length, prefix),
      rotation: rotationOf(this.config, order),
      places: order,
    };
    let y = x;
    const next: Record<string, Branch<tf.Tensor>> = {};
    for (const layer of this.layers()) {
      const advanced = this.block.advance(parameters.blocks[layer]!, y, memory[layer]!, context);
      y = advanced.output;
      next[layer] = advanced.memory;
    }
    return { hidden: this.normed(parameters, y), memory: next };
  }

  private checkLength(length: number): void {
    if (length > this.config.length)
      throw new LightbulbError('shape', 'the sequence is longer than the backbone', {
        wanted: `at most ${this.config.length} tokens`,
        got: String(length),
      });
  }

  private layers(): string[] {
    return Array.from({ length: this.config.layers }, (_, layer) => String(layer));
  }

  private normed({ norm }: BackboneOf<tf.Tensor>, x: tf.Tensor): tf.Tensor {
    return norm === undefined ? x : blockNorm.apply(norm, x, this.config);
  }
}

/** The logit of an id that is never predicted; finite, as in `maskLogits`. */
const NEVER = -1e9;

function named<P>(what: string, name: string, known: Readonly<Record<string, P>>): P {
  const part = Object.hasOwn(known, name) ? known[name] : undefined;
  if (part !== undefined) return part;
  throw new LightbulbError('invalid_input', 'a backbone cannot be built so: there is no such part', {
    where: `/${what}`,
    got: name,
    cure: suggest(name, Object.keys(known)),
  });
}

/** Rows of the table by number; zeros where the number is -1. */
function rowsWhereAny(parameters: EmbeddingOf<tf.Tensor>, numbers: tf.Tensor): tf.Tensor {
  const found = embedding.apply(parameters, tf.maximum(numbers, tf.scalar(0, 'int32')));
  const isAny = tf.cast(tf.greaterEqual(numbers, tf.scalar(0, 'int32')), 'float32');
  return tf.mul(found, tf.expandDims(isAny, -1));
}

function given(places: tf.Tensor | undefined, name: string): tf.Tensor {
  if (places !== undefined) return places;
  throw new LightbulbError('invalid_input', 'a backbone needs to know the places of its tokens', {
    where: name,
    wanted: 'int32 [B, L]',
  });
}
