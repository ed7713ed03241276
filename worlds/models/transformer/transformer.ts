import {
  Backbone,
  type BackboneOf,
  type DenseOf,
  dense,
  initialisers,
  type Memory,
  type Tree,
  tf,
  type Value,
} from '../../../nn/index.ts';
import type { Space } from '../../space.ts';
import { flatSize } from '../../spaces/index.ts';
import { detached } from '../detached.ts';
import type { ModelSequence, Noise, WorldModel } from '../model.ts';
import { binaryLoss, createCodec, divergence, drawn, type LatentShape, mixed, softmaxed } from '../rssm/index.ts';
import { type TrunkOf, trunk } from '../trunk.ts';
import { twoHot } from '../two-hot.ts';
import { Context } from './context.ts';
import { checkTransformerOptions, type TransformerOptions } from './options.ts';
import { type StepTokensOf, stepTokens } from './step-tokens.ts';
import { windowedAttention } from './windowed-attention.ts';

/** All that a transformer learns as world model. */
export type TransformerOf<X> = {
  readonly codec: Tree<X>;
  /** Encoded observations to the logits of the posterior: [E, Z], [Z]. */
  readonly posterior: DenseOf<X>;
  readonly tokens: StepTokensOf<X>;
  /** Without a table of tokens: these are vectors from the start. */
  readonly backbone: Omit<BackboneOf<X>, 'token'>;
  /** What stands at the action's position to the logits of the next latents: [D, Z], [Z]. */
  readonly prior: DenseOf<X>;
  readonly reward: TrunkOf<X>;
  readonly terminal: TrunkOf<X>;
};

/**
 * The shared backbone as world model, after STORM (Zhang et al. 2023, arXiv 2310.09615): a frame becomes `groups` draws of a
 * categorical, by itself, so that all steps of a sequence are learned at once; a step is one token, or a few. What the
 * backbone makes of the last token, the action, predicts the next latents, and with these the reward and the end (STORM
 * predicts both without them; but then a dream would not reward or end by what happens in it). Observations are decoded from
 * all features, as in DreamerV3: from the latents alone, as in STORM, errors on CartPole were two to three times as large.
 *
 * Row t of a sequence has the action that led to it, so its tokens are the latents of row t - 1 and that action: nothing of
 * row t can leak into its prediction. A state is [latents, one-hot | what the backbone made of its step | `Context`], of
 * which the first two are the features. An episode's first row has tokens of zeros, and sees nothing of what came before.
 *
 * `actions`: A. Error `invalid_input` for sizes that cannot be.
 */
export function createTransformer(observation: Space, actions: number, options: TransformerOptions): WorldModel {
  checkTransformerOptions(options);
  const { width, layers, heads, window, tokens, groups, classes, units, hiddenLayers } = options;
  const D = flatSize(observation);
  const Z = groups * classes;
  const F = Z + width;
  const context = new Context({ layers, heads, width, window, tokens });
  const S = F + context.size;
  const shape: LatentShape = { groups, classes, mix: options.uniformMix };
  const codec = createCodec(observation, F, { ...options, layers: hiddenLayers });
  const rewards = twoHot({ bins: options.rewardBins });
  const steps = stepTokens({ latents: Z, actions, tokens, width });
  const backbone = new Backbone(
    {
      vocabulary: 1,
      width,
      layers,
      heads,
      length: context.reach,
      mixer: 'windowed',
      options: { windowed: { reach: context.reach } },
      positions: [],
      feedForward: 'relu',
      deviation: 1 / Math.sqrt(width),
    },
    { mixers: { windowed: windowedAttention } },
  );
  const of = (parameters: Tree<tf.Tensor>): TransformerOf<tf.Tensor> => parameters as TransformerOf<tf.Tensor>;

  /** Tokens [B, C, D] at these places to what the backbone makes of each step's last one: [B, C / tokens, D]. */
  const attend = (
    own: TransformerOf<tf.Tensor>,
    x: tf.Tensor,
    before: Memory<tf.Tensor>,
    order: tf.Tensor,
  ): { readonly hidden: tf.Tensor; readonly memory: Memory<tf.Tensor> } => {
    const whole = { ...own.backbone, token: { table: tf.zeros([1, width]) } } as BackboneOf<tf.Tensor>;
    const { hidden, memory } = backbone.advance(whole, x, before, { order, length: context.reach });
    if (tokens === 1) return { hidden, memory };
    const [rows, count] = x.shape as [number, number];
    const each = tf.reshape(hidden, [rows, count / tokens, tokens, width]);
    return { hidden: tf.squeeze(tf.slice(each, [0, 0, tokens - 1, 0], [-1, -1, 1, -1]), [2]), memory };
  };

  const observeRows = (own: TransformerOf<tf.Tensor>, sequence: ModelSequence, state: tf.Tensor, noise: Noise) => {
    const [L, B] = sequence.first.shape as [number, number];
    const [before, , flat] = tf.split(state, [Z, width, context.size], 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const x = tf.reshape(sequence.observation, [L * B, D]);
    const logits = dense.apply(own.posterior, codec.encode(own.codec, x));
    const probabilities = mixed(softmaxed(logits, shape), shape);
    const latents = straightThrough(
      probabilities,
      drawn(probabilities, tf.reshape(noise.latent!, [L * B, groups]), shape),
    );

    const rows = tf.reshape(latents, [L, B, Z]);
    const shown =
      L === 1 ? tf.expandDims(before, 0) : tf.concat([tf.expandDims(before, 0), tf.slice(rows, 0, L - 1)], 0);
    const keep = tf.expandDims(tf.sub(1, sequence.first), -1);
    const embedded = steps.apply(own.tokens, tf.mul(shown, keep), tf.mul(sequence.action, keep));
    const past = context.read(flat);
    const stepsBefore = context.stepsBefore(sequence.first, past.steps);
    const piece = tf.reshape(tf.transpose(embedded, [1, 0, 2, 3]), [B, L * tokens, width]);
    const { hidden, memory } = attend(own, piece, past.memory, context.places(stepsBefore));
    const made = tf.reshape(tf.transpose(hidden, [1, 0, 2]), [L * B, width]);
    return { x, logits, latents, hidden: made, features: tf.concat([latents, made], 1), stepsBefore, memory };
  };

  const statesOf = ({ features, stepsBefore, memory }: ReturnType<typeof observeRows>): tf.Tensor =>
    tf.concat([tf.reshape(features, [...stepsBefore.shape, F]), context.write(stepsBefore, memory)], -1);

  return {
    name: 'transformer',
    observationSize: D,
    actionSize: actions,
    stateSize: S,
    featureSize: F,
    observeNoise: { latent: { kind: 'uniform', size: groups } },
    imagineNoise: { latent: { kind: 'uniform', size: groups } },

    initialise(stream): TransformerOf<Value> {
      const { token: _none, ...trunkOfTokens } = backbone.init(stream);
      const head = (outputs: number): TrunkOf<Value> =>
        trunk.init(stream, { inputs: F, units, layers: hiddenLayers, outputs, last: initialisers.zeros });
      return {
        codec: codec.initialise(stream),
        posterior: dense.init(stream, { inputs: codec.features, outputs: Z }),
        tokens: steps.init(stream),
        backbone: trunkOfTokens,
        prior: dense.init(stream, { inputs: width, outputs: Z }),
        reward: head(rewards.size),
        terminal: head(1),
      };
    },

    start: (rows) => tf.zeros([rows, S]),

    observe: (parameters, sequence, state, noise) => ({
      states: statesOf(observeRows(of(parameters), sequence, state, noise)),
    }),

    imagine(parameters, state, action, noise, temperature = 1) {
      const own = of(parameters);
      const [latents, , flat] = tf.split(state, [Z, width, context.size], 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const past = context.read(flat);
      const stepsBefore = tf.expandDims(past.steps, 0);
      const embedded = steps.apply(own.tokens, tf.expandDims(latents, 0), tf.expandDims(action, 0));
      const piece = tf.squeeze(embedded, [0]);
      const { hidden, memory } = attend(own, piece, past.memory, context.places(stepsBefore));
      const made = tf.squeeze(hidden, [1]);
      const logits = dense.apply(own.prior, made);
      const tempered = temperature === 1 ? logits : tf.div(logits, temperature);
      const next = drawn(mixed(softmaxed(tempered, shape), shape), noise.latent!, shape);
      const features = tf.concat([next, made], 1);
      return {
        state: tf.concat([features, tf.squeeze(context.write(stepsBefore, memory), [0])], 1),
        reward: rewards.mean(trunk.apply(own.reward, features)),
        terminalLogit: tf.reshape(trunk.apply(own.terminal, features), [-1]),
      };
    },

    features: (state) => cut(state, F),

    decode(parameters, state) {
      const own = of(parameters);
      const rows = tf.reshape(cut(state, F), [-1, F]);
      return tf.reshape(codec.restore(codec.decode(own.codec, rows)), [...state.shape.slice(0, -1), D]);
    },

    losses(parameters, sequence, state, noise) {
      const own = of(parameters);
      const observed = observeRows(own, sequence, state, noise);
      const { x, logits, hidden, features } = observed;
      const prior = dense.apply(own.prior, hidden);
      const ends = tf.reshape(trunk.apply(own.terminal, features), [-1]);
      const free = (learner: 'prior' | 'posterior'): tf.Tensor =>
        tf.mean(tf.maximum(divergence(logits, prior, learner, shape), options.freeNats));
      const parts = {
        reconstruction: tf.mean(codec.error(codec.decode(own.codec, features), x)),
        reward: tf.mean(rewards.loss(trunk.apply(own.reward, features), tf.reshape(sequence.reward, [-1]))),
        terminal: tf.mean(binaryLoss(ends, tf.reshape(sequence.terminal, [-1]))),
        dynamics: free('prior'),
        representation: free('posterior'),
      };
      const whole = tf.add(tf.add(parts.reconstruction, parts.reward), parts.terminal);
      const divergences = tf.add(
        tf.mul(parts.dynamics, options.dynamicsScale),
        tf.mul(parts.representation, options.representationScale),
      );
      return { loss: tf.add(whole, divergences), parts, states: detached(statesOf(observed)) };
    },
  };
}

/** The first `size` numbers of the last axis. */
function cut(x: tf.Tensor, size: number): tf.Tensor {
  const lead = x.shape.slice(0, -1);
  return tf.slice(x, Array<number>(x.rank).fill(0), [...lead, size]);
}

/** What was drawn, with the gradient of its probabilities (Bengio et al. 2013). */
function straightThrough(probabilities: tf.Tensor, chosen: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((_p) => ({
    value: tf.clone(chosen),
    gradFunc: (dy: tf.Tensor) => dy,
  }));
  return op(tf.reshape(probabilities, chosen.shape));
}
