import Type from 'typebox';
import {
  type GatoOptions,
  gatoDefaults,
  type ReinforcementOptions,
  reinforcementDefaults,
  type TokenOptions,
} from '../agents/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { count, fraction, nullable, orDefaults, positive } from './schema-parts.ts';

const weight = (description: string) => Type.Number({ description, minimum: 0 });

/** The backbone's axes, as a schema: agents' `GatoBackboneOptions`. */
const backbone = Type.Object(
  {
    width: count(1, { description: 'Width of the residual stream; a multiple of the heads.' }),
    layers: count(1, { description: 'Blocks.' }),
    heads: count(1, { description: 'Attention heads.' }),
    feedForward: Type.String({ description: 'gelu, gelu-tanh, relu, geglu or swiglu.' }),
    norm: Type.Enum(['pre', 'post', 'reordered'], {
      description: "Before each part, after each sum, or on what is added (Chameleon 34B's).",
    }),
    normKind: Type.Enum(['layer', 'rms'], { description: 'LayerNorm or RMSNorm.' }),
    qkNorm: Type.Boolean({ description: "LayerNorm of each head's queries and keys." }),
    softmax: Type.Enum(['standard', 'off-by-one'], {
      description: 'off-by-one: e^x / (1 + sum e^x), so that a head may attend to nothing.',
    }),
    zLoss: weight("Weight of the mean square of the logits' log-sum-exp in the loss."),
    bias: Type.Boolean({ description: 'Biases in dense layers.' }),
    hidden: nullable(count(1), {
      description: 'Width inside the feed-forward; null: 4 widths, 8/3 where it is gated.',
    }),
    dropout: Type.Unsafe<GatoOptions['backbone']['dropout']>({
      type: ['number', 'object'],
      description: 'Share of numbers set to 0 in training: one for all places, or by place.',
      minimum: 0,
      exclusiveMaximum: 1,
      properties: Object.fromEntries(
        [
          ['embedding', 'Of the embedded tokens.'],
          ['attention', 'Of the attention weights.'],
          ['residual', 'Of what a block adds to the residual stream.'],
        ].map(([name, description]) => [name, { type: 'number', description, minimum: 0, exclusiveMaximum: 1 }]),
      ),
      required: ['embedding', 'attention', 'residual'],
      additionalProperties: false,
    }),
  },
  { title: 'Backbone', additionalProperties: false },
);

const tokens = Type.Object(
  {
    text: Type.Unsafe<TokenOptions['text']>({
      type: ['string', 'object'],
      description:
        'How texts become tokens. "bytes": UTF-8, no file; {"file"}: a Hugging Face tokenizer.json; {"learn"}: byte pairs learned from the tasks\' texts.',
      if: { type: 'string' },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
      then: { enum: ['bytes'] },
      else: {
        properties: {
          file: { type: 'string', minLength: 1, description: "A tokenizer.json, from this scenario's folder." },
          learn: { type: 'integer', minimum: 256, description: 'Tokens in all.' },
        },
        minProperties: 1,
        maxProperties: 1,
        additionalProperties: false,
      },
    }),
    textTokens: count(1, { description: 'Most tokens of one text; longer ones are cut.' }),
    bins: count(2, { description: 'Bins of continuous numbers.' }),
    patch: count(1, { description: "Pixels of a patch's side, in pictures." }),
  },
  { title: 'Tokens', additionalProperties: false },
);

const prompt = Type.Object(
  {
    share: fraction({ description: 'Share of sequences that begin with a part of another episode.' }),
    fromEnd: fraction({ description: 'Share of prompts that are the end of their episode.' }),
    steps: count(1, { description: 'Time steps of a prompt.' }),
  },
  { title: 'Prompts', additionalProperties: false },
);

const loss = Type.Object(
  {
    action: weight('Weight of tokens of actions.'),
    text: weight('Weight of tokens of texts.'),
    observation: weight('Weight of tokens of other observations; 0 does not predict them, as Gato.'),
    balance: Type.Enum(['token', 'task'], {
      description:
        'token: every target of a batch counts alike, as in Gato. task: the targets of a task count together as much as its rows do.',
    }),
  },
  { title: 'Loss', additionalProperties: false },
);

const REINFORCEMENT = 'Proximal policy optimisation on one task, once cloning is done; null for none.';
const task = Type.String({ description: 'Which task.', minLength: 1 });
const after = count(0, { description: "Updates of cloning before it; the rest of the run's updates reinforce." });

const reinforcement = Type.Object(
  {
    task,
    after,
    copies: count(1, { description: 'Copies of the environment.', maximum: 65536 }),
    rollout: count(1, { description: 'Steps of each copy between updates.' }),
    epochs: count(1, { description: 'Passes over each rollout.' }),
    minibatches: count(1, { description: 'Parts that each pass is split into.' }),
    learningRate: positive({ description: 'Step size of AdamW.', maximum: 1 }),
    discount: fraction({ description: 'Worth of the next step in this one.' }),
    gaeLambda: fraction({ description: 'Lambda of generalised advantage estimation.' }),
    clip: positive({ description: 'Clips the probability ratio to 1 +- this.', exclusiveMaximum: 1 }),
    valueCoefficient: weight('Weight of the value loss.'),
    entropyCoefficient: weight('Weight of the entropy bonus.'),
    maximumGradientNorm: positive({ description: 'Gradients are clipped to this global norm.' }),
    valueWarmup: count(0, { description: 'Updates in which only the value head learns.' }),
    targetKl: nullable(positive(), { description: 'Stops an update past this KL divergence; null never does.' }),
    teamReward: Type.Boolean({ description: "Learns from the sum of all agents' rewards." }),
  },
  { title: 'Reinforcement', additionalProperties: false },
);

/** Agents' `GatoOptions`, as a schema. */
const gato = Type.Object(
  {
    name: Type.Literal('gato', { description: 'One network for all tasks, learned from episodes (Gato).' }),
    backbone,
    tokens,
    length: count(2, { description: 'Tokens of a row in training.' }),
    batch: count(1, { description: 'Rows of a batch.' }),
    context: count(1, { description: 'Most time steps of one sequence, and what acting remembers.' }),
    prompt,
    loss,
    learningRate: positive({ description: 'Highest step size of AdamW.', maximum: 1 }),
    warmup: count(0, {
      description: 'Updates in which the learning rate rises; then it falls to a tenth, as a cosine.',
    }),
    beta2: fraction({ description: 'Decay of the mean of squares in AdamW.' }),
    weightDecay: weight('Decoupled weight decay (AdamW).'),
    maximumGradientNorm: positive({ description: 'Gradients are clipped to this global norm.' }),
    updatesPerIteration: count(1, { description: 'Updates of one iteration: a line of metrics.' }),
    reinforcement: nullable(reinforcement, { description: REINFORCEMENT }),
  },
  { title: 'Gato', additionalProperties: false },
);

type Parts = typeof gato.properties;

/** Part of a learner, each of its keys optional, with its default beside it. */
const part = <P extends Type.TProperties>(whole: Type.TObject<P>, defaults: { readonly [K in keyof P]: unknown }) =>
  Type.Optional(
    Type.Object(orDefaults(whole, defaults), {
      title: (whole as { readonly title?: string }).title ?? '',
      additionalProperties: false,
      default: {},
    }),
  );

/** As people write it. */
export const gatoSchema = Type.Object(
  {
    ...orDefaults<Parts>(gato, gatoDefaults),
    backbone: part(backbone, gatoDefaults.backbone),
    tokens: part(tokens, gatoDefaults.tokens),
    prompt: part(prompt, gatoDefaults.prompt),
    loss: part(loss, gatoDefaults.loss),
    reinforcement: Type.Optional(
      nullable(
        Type.Object(
          { ...orDefaults(reinforcement, { ...reinforcementDefaults, task: '', after: 0 }), task, after },
          { title: 'Reinforcement', additionalProperties: false },
        ),
        { description: REINFORCEMENT, default: null },
      ),
    ),
  },
  { title: 'Gato', additionalProperties: false },
);

// The schema and the agents' own types are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof gato>>, GatoOptions>;
true satisfies Same<Frozen<Type.Static<typeof reinforcement>>, ReinforcementOptions>;
