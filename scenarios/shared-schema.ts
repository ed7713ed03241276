import Type from 'typebox';
import { type SharedValueOptions, sharedValueDefaults } from '../mas/index.ts';
import type { Same } from './agreement.ts';
import { count, fraction, nullable, orDefaults, positive, tagged } from './schema-parts.ts';

type Encoder = SharedValueOptions['encoder'];
type Of<Kind extends Encoder['kind']> = Extract<Encoder, { readonly kind: Kind }>;

const share = (description: string) => Type.Number({ description, minimum: 0, exclusiveMaximum: 1 });

const backbone = Type.Object(
  {
    kind: Type.Literal('backbone', { description: 'One transformer for all roles; texts are words.' }),
    width: count(1, { description: 'Width of the residual stream; a multiple of the heads.' }),
    layers: count(0, { description: 'Blocks.' }),
    heads: count(1, { description: 'Attention heads.' }),
    vocabulary: count(1, { description: 'Rows of the table of words; words share rows by hash.', maximum: 2 ** 24 }),
    words: count(1, { description: 'Words that are read of a text that nobody points at, at most.' }),
    wordDropout: share('Share of words that are hidden from an update.'),
    dropout: share('Share of what blocks add that is set to 0 in updates.'),
  },
  { title: 'Backbone', additionalProperties: false },
);

const plain = Type.Object(
  {
    kind: Type.Literal('plain', { description: 'Dense layers, a network for each role; no text.' }),
    hidden: Type.Array(count(1), { description: 'Units of each hidden layer.', maxItems: 16 }),
    activation: Type.Enum(['tanh', 'relu', 'gelu', 'silu'], { description: 'Between layers.' }),
  },
  { title: 'Plain network', additionalProperties: false },
);

const backboneDefaults = sharedValueDefaults.encoder as Of<'backbone'>;
const plainDefaults: Of<'plain'> = { kind: 'plain', hidden: [64, 64], activation: 'tanh' };

const encoder = tagged(
  'kind',
  {
    backbone: Type.Object(orDefaults(backbone, backboneDefaults), { title: 'Backbone', additionalProperties: false }),
    plain: Type.Object(orDefaults(plain, plainDefaults), { title: 'Plain network', additionalProperties: false }),
  },
  { title: 'Encoder', description: 'How observations become features.', default: {} },
);

const attention = Type.Object(
  {
    width: count(1, { description: 'Width of a token; a multiple of the heads.' }),
    layers: count(1, { description: 'Blocks.' }),
    heads: count(1, { description: 'Attention heads.' }),
  },
  { title: 'Attention over agents', additionalProperties: false },
);

/** mas' `SharedValueOptions`, as a schema, but for its encoder and attention. */
const shared = Type.Object(
  {
    name: Type.Literal('shared', { description: 'A shared value network and a joint policy, over a bus.' }),
    credit: Type.Enum(['shared', 'individual', 'difference', 'coma'], {
      description: "What an agent's actions are judged by: the team's reward, its own, what the team would lose, COMA.",
    }),
    ownReward: Type.Number({ description: "The agent's own reward counts so much beside the credit.", minimum: 0 }),
    wordCredit: nullable(Type.String({ minLength: 1 }), {
      description: 'The box in observations that tells what each choice of an utterance was paid; null: none.',
    }),
    wordDiscount: fraction({
      description: 'What the next choice of an utterance was paid counts so much for this one.',
    }),
    value: Type.Enum(['shared', 'separate'], {
      description: "One value network that attends over all agents, or each role's own.",
    }),
    policy: Type.Enum(['joint', 'separate'], { description: 'Roles share the backbone, or each has its own.' }),
    rollout: count(1, { description: 'Steps of each copy between updates.' }),
    epochs: count(1, { description: 'Passes over each rollout.' }),
    minibatches: count(1, { description: 'Groups of copies that each pass is split into.' }),
    learningRate: positive({ description: 'Step size of Adam.', maximum: 1 }),
    schedule: Type.Enum(['constant', 'linear'], { description: 'Learning rate over the run: kept, or down to zero.' }),
    adamEpsilon: positive({ description: 'Epsilon of Adam.' }),
    weightDecay: Type.Number({ description: 'Decoupled weight decay (AdamW).', minimum: 0 }),
    maximumGradientNorm: positive({ description: 'Gradients are clipped to this global norm.' }),
    discount: fraction({ description: 'Worth of the next step in this one.' }),
    gaeLambda: fraction({ description: 'Lambda of generalised advantage estimation.' }),
    clip: positive({ description: 'Clips the probability ratio to 1 +- this.', exclusiveMaximum: 1 }),
    ratio: Type.Enum(['joint', 'perWord'], {
      description: 'Which ratio of an utterance is clipped: of its probabilities, or its mean over the words (GSPO).',
    }),
    valueLoss: Type.Enum(['squared', 'huber'], { description: 'Loss of the value prediction.' }),
    huberDelta: positive({ description: 'Where the Huber loss turns linear.' }),
    valueCoefficient: Type.Number({ description: 'Weight of the value loss.', minimum: 0 }),
    entropyCoefficient: Type.Number({ description: 'Weight of the entropy bonus.', minimum: 0 }),
    normaliseAdvantages: Type.Boolean({ description: "Over each role's decisions, to mean 0 and deviation 1." }),
    valueNormalisation: Type.Enum(['none', 'valueNorm', 'popArt'], {
      description: 'Value targets in running-standardised units.',
    }),
    targetKl: nullable(positive(), { description: 'Stops an update past this KL divergence; null never does.' }),
  },
  { title: 'Shared value', additionalProperties: false },
);

const { encoder: _, attention: attentionDefaults, ...plainOptions } = sharedValueDefaults;

/** The learner `shared`, as people write it: everything but its name optional. */
export const sharedSchema = Type.Object(
  {
    ...orDefaults(shared, plainOptions),
    encoder: Type.Optional(encoder),
    attention: Type.Optional(
      Type.Object(orDefaults(attention, attentionDefaults), {
        title: 'Attention over agents',
        additionalProperties: false,
        default: {},
      }),
    ),
  },
  { title: 'Shared value', additionalProperties: false },
);

// The schema and mas' own types are two statements of one thing; the compiler holds them together.
type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
true satisfies Same<Type.Static<typeof shared>, Mutable<Omit<SharedValueOptions, 'encoder' | 'attention'>>>;
true satisfies Same<Type.Static<typeof attention>, Mutable<SharedValueOptions['attention']>>;
true satisfies Same<Type.Static<typeof backbone>, Mutable<Of<'backbone'>>>;
true satisfies Same<Type.Static<typeof plain>, Mutable<Of<'plain'>>>;
