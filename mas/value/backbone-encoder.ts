import type { Stream } from '../../core/index.ts';
import {
  Backbone,
  type BackboneOf,
  type Branch,
  type DenseOf,
  dense,
  type EmbeddingOf,
  embedding,
  initialisers,
  tf,
  type Value,
} from '../../nn/index.ts';
import type { Encoded, Encoder, Encoders } from './encoder.ts';
import { type ObservationPlan, planObservation } from './observation-plan.ts';
import type { EncoderOptions } from './options.ts';
import type { Role } from './role.ts';
import { textReader } from './text-reader.ts';
import { SHAPES } from './words.ts';

type BackboneEncoderOptions = Extract<EncoderOptions, { kind: 'backbone' }>;
type Tensors = Branch<tf.Tensor>;

/**
 * One transformer for all roles, or one for each (`isJoint`). An observation's tokens: one that is read out, one of all its
 * numbers, and one for each word of its texts.
 */
export function backboneEncoders(
  roles: readonly Role[],
  options: BackboneEncoderOptions,
  isJoint: boolean,
  wordCredit: string | null,
): Encoders {
  const plans = roles.map((role) => planObservation(role, { words: options.words, wordCredit }));
  if (!isJoint)
    return { each: plans.map((plan) => new BackboneEncoder(plan, new WordTransformer([plan], options), true)) };
  const transformer = new WordTransformer(plans, options);
  return {
    each: plans.map((plan) => new BackboneEncoder(plan, transformer, false)),
    shared: (stream) => transformer.initialise(stream),
  };
}

/** Tables of words and the blocks that work on them. D: width. */
class WordTransformer {
  readonly backbone: Backbone;
  /** Texts by their paths: what is called alike in several observations is one kind of text. */
  private readonly parts: readonly string[];
  private readonly places: number;

  constructor(
    plans: readonly ObservationPlan[],
    readonly options: BackboneEncoderOptions,
  ) {
    const { width, layers, heads, dropout } = options;
    const texts = plans.flatMap((plan) => plan.texts);
    this.parts = [...new Set(texts.map(({ path }) => path))];
    this.places = Math.max(1, ...texts.map(({ words }) => words));
    // Words bring their places with them. The cheapest norm and feed-forward: most of an update's time goes into them.
    this.backbone = new Backbone({
      vocabulary: 1,
      width,
      layers,
      heads,
      hidden: 2 * width,
      feedForward: 'relu',
      normKind: 'rms',
      length: Math.max(...plans.map(tokensOf)),
      positions: [],
      mask: 'bidirectional',
      deviation: 1 / Math.sqrt(width),
      dropout: { residual: dropout },
    });
  }

  initialise(stream: Stream): Branch<Value> {
    const { width, vocabulary } = this.options;
    const table = initialisers.normal(1 / Math.sqrt(width));
    const rows = (entries: number): EmbeddingOf<Value> => embedding.init(stream, { entries, features: width, table });
    const { blocks, norm } = this.backbone.init(stream);
    if (this.parts.length === 0) return { blocks, norm: norm! };
    return {
      blocks,
      norm: norm!,
      // One row more, for words that are hidden.
      words: rows(vocabulary + 1),
      shapes: rows(SHAPES),
      places: rows(this.places),
      parts: rows(this.parts.length),
    };
  }

  /** Words of an observation's texts as vectors: [R, words, D]. */
  embed(parameters: Tensors, { texts }: ObservationPlan, ids: tf.Tensor, shapes: tf.Tensor): tf.Tensor {
    const of = (name: string): EmbeddingOf<tf.Tensor> => parameters[name] as EmbeddingOf<tf.Tensor>;
    const places = texts.flatMap(({ words }) => Array.from({ length: words }, (_, i) => i));
    const parts = texts.flatMap(({ words, path }) => new Array<number>(words).fill(this.parts.indexOf(path)));
    const place = tf.add(
      embedding.apply(of('places'), tf.tensor1d(places, 'int32')),
      embedding.apply(of('parts'), tf.tensor1d(parts, 'int32')),
    );
    const known = tf.maximum(ids, tf.scalar(0, 'int32'));
    const written = tf.add(embedding.apply(of('words'), known), embedding.apply(of('shapes'), shapes));
    return tf.add(written, place);
  }
}

class BackboneEncoder implements Encoder {
  readonly features: number;
  readonly reader: Encoder['reader'];
  private readonly words: number;
  private readonly numbers: number;

  constructor(
    private readonly plan: ObservationPlan,
    private readonly transformer: WordTransformer,
    private readonly isOwn: boolean,
  ) {
    const { options } = transformer;
    this.features = options.width;
    this.reader = textReader(plan, options.vocabulary);
    this.words = plan.texts.reduce((sum, { words }) => sum + words, 0);
    this.numbers = plan.numbers.reduce((sum, { length }) => sum + length, 0);
  }

  initialise(stream: Stream): Branch<Value> {
    const { plan, features: width, numbers } = this;
    return {
      ...(this.isOwn ? { transformer: this.transformer.initialise(stream) } : {}),
      readOut: initialisers.normal(1 / Math.sqrt(width))(stream, [width]),
      ...(numbers > 0 && { numbers: dense.init(stream, { inputs: numbers, outputs: width }) }),
      ...(plan.features !== null && { features: dense.init(stream, { inputs: plan.features.width, outputs: width }) }),
    };
  }

  noiseShapes(rows: number): Readonly<Record<string, readonly number[]>> {
    return this.transformer.backbone.noiseShapes(rows, tokensOf(this.plan));
  }

  apply(
    own: Tensors,
    shared: Tensors | undefined,
    inputs: Readonly<Record<string, tf.Tensor>>,
    noise: Readonly<Record<string, tf.Tensor>> | undefined,
  ): Encoded {
    const { transformer, words, features: width } = this;
    const parameters = (own.transformer ?? shared) as Tensors;
    const rows = (inputs.words ?? inputs.numbers)!.shape[0]!;
    // Added to zeros rather than tiled: the gradient of that is one sum.
    const tokens = [tf.add(tf.zeros([rows, 1, width]), own.readOut as tf.Tensor)];
    if (own.numbers !== undefined) tokens.push(tf.expandDims(this.asToken(own.numbers, inputs.numbers!), 1));
    const before = tokens.length;
    if (words > 0) tokens.push(this.wordTokens(own, parameters, inputs));
    const x = tokens.length === 1 ? tokens[0]! : tf.concat(tokens, 1);
    const { hidden } = transformer.backbone.trunk(parameters as BackboneOf<tf.Tensor>, x, {
      ...(words > 0 && { segment: segments(inputs.words!, before) }),
      ...(noise !== undefined && { noise }),
    });
    const features = tf.reshape(tf.slice(hidden, [0, 0, 0], [rows, 1, width]), [rows, width]);
    const pointed = this.pointedAt();
    if (pointed === null) return { features };
    const present = tf.greaterEqual(
      tf.slice(inputs.words!, [0, pointed.from], [rows, pointed.count]),
      tf.scalar(0, 'int32'),
    );
    const vectors = tf.slice(hidden, [0, before + pointed.from, 0], [rows, pointed.count, width]);
    return { features, words: { vectors, present } };
  }

  /** Words with what is known of those that can be pointed at. */
  private wordTokens(own: Tensors, parameters: Tensors, inputs: Readonly<Record<string, tf.Tensor>>): tf.Tensor {
    const { plan, transformer, words } = this;
    const x = transformer.embed(parameters, plan, inputs.words!, inputs.shapes!);
    const pointed = this.pointedAt();
    if (own.features === undefined || pointed === null) return x;
    const rows = x.shape[0]!;
    const facts = this.asToken(own.features, tf.reshape(inputs.features!, [rows, pointed.count, -1]));
    const behind = words - pointed.from - pointed.count;
    return tf.add(
      x,
      tf.pad(facts, [
        [0, 0],
        [pointed.from, behind],
        [0, 0],
      ]),
    );
  }

  /** Numbers as vectors of the size that those of words have at first. */
  private asToken(weights: Tensors[string], x: tf.Tensor): tf.Tensor {
    return tf.div(dense.apply(weights as DenseOf<tf.Tensor>, x), Math.sqrt(this.features));
  }

  /** Where among the words those stand that can be pointed at. */
  private pointedAt(): { readonly from: number; readonly count: number } | null {
    let from = 0;
    for (const { words, isPointedAt } of this.plan.texts) {
      if (isPointedAt) return { from, count: words };
      from += words;
    }
    return null;
  }
}

/** Tokens of an observation. */
function tokensOf({ texts, numbers }: ObservationPlan): number {
  return 1 + (numbers.length > 0 ? 1 : 0) + texts.reduce((sum, { words }) => sum + words, 0);
}

/** Places without a word are kept apart from the others: int32 [R, L] of 0 and -1. `before`: tokens that are no words. */
function segments(words: tf.Tensor, before: number): tf.Tensor {
  const none = tf.scalar(0, 'int32');
  const seen = tf.minimum(words, none);
  return tf.concat([tf.zeros([words.shape[0]!, before], 'int32'), seen], 1);
}
