import Type from 'typebox';
import type { DreamerModelOptions } from '../agents/index.ts';
import { rssmDefaults, transformerDefaults } from '../worlds/models/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { count, nullable, orDefaults, tagged } from './schema-parts.ts';

const weight = (description: string) => Type.Number({ description, minimum: 0 });

/** What models with discrete latents have in common. */
const latents = {
  groups: count(1, { description: 'The stochastic part of a state: this many choices.' }),
  classes: count(2, { description: 'Classes of each choice.' }),
  units: count(1, { description: 'Units of every hidden layer.' }),
  channels: count(1, {
    description: 'Channels of the first convolution, for pictures; each further one has twice as many.',
  }),
  likelihood: Type.Union([Type.Literal('gaussian'), Type.Literal('bernoulli')], {
    description:
      'How observations are distributed about what is decoded: "gaussian" is squared error, "bernoulli" cross-entropy, for numbers from 0 to 1.',
  }),
  observationScale: nullable(Type.Array(Type.Number({ exclusiveMinimum: 0 })), {
    description:
      'What each number of a vector is multiplied by before it goes in and is predicted: 1 / its deviation. null leaves them.',
  }),
  uniformMix: Type.Number({
    description: 'Share of the uniform distribution in every choice of a latent.',
    minimum: 0,
    exclusiveMaximum: 1,
  }),
  freeNats: weight('Nats of divergence that cost nothing.'),
  dynamicsScale: weight('Weight of the divergence that teaches the prior.'),
  representationScale: weight('Weight of the divergence that teaches the posterior.'),
  rewardBins: count(3, { description: "Bins of the reward's distribution; odd." }),
};

const rssm = Type.Object(
  {
    name: Type.Literal('rssm', { description: "DreamerV3's recurrent state-space model." }),
    deterministic: count(1, { description: 'Units of the GRU: the deterministic part of a state.' }),
    layers: count(1, { description: 'Hidden layers of encoder, decoder, and of each head.' }),
    ...latents,
  },
  { title: 'RSSM', additionalProperties: false },
);

const transformer = Type.Object(
  {
    name: Type.Literal('transformer', { description: 'The backbone as world model, after STORM.' }),
    width: count(1, { description: 'Width of a token; a multiple of the heads.' }),
    layers: count(1, { description: 'Blocks.' }),
    heads: count(1, { description: 'Attention heads.' }),
    window: count(1, { description: 'Steps that a step looks back on.' }),
    tokens: count(1, {
      description: 'Tokens of a step: 1 mixes latents and action; more are parts of the latents, and the action.',
      maximum: 6,
    }),
    hiddenLayers: count(1, { description: 'Hidden layers of encoder, decoder, and of each head.' }),
    ...latents,
  },
  { title: 'Transformer', additionalProperties: false },
);

/** Agents' `DreamerModelOptions`, whole. */
export const worldModel = Type.Unsafe<Type.Static<typeof rssm> | Type.Static<typeof transformer>>(Type.Object({}));

/** As people write it. */
export const worldModelSchema = tagged(
  'name',
  {
    rssm: Type.Object(orDefaults(rssm, { name: 'rssm', ...rssmDefaults }), {
      title: 'RSSM',
      additionalProperties: false,
    }),
    transformer: Type.Object(orDefaults(transformer, { name: 'transformer', ...transformerDefaults }), {
      title: 'Transformer',
      additionalProperties: false,
    }),
  },
  { title: 'World model', description: 'What is learned of the environment, and imagined in.', default: {} },
);

// The schema and the models' own types are two statements of one thing; the compiler holds them together.
type Of<N extends DreamerModelOptions['name']> = Extract<DreamerModelOptions, { readonly name: N }>;
true satisfies Same<Frozen<Type.Static<typeof rssm>>, Frozen<Of<'rssm'>>>;
true satisfies Same<Frozen<Type.Static<typeof transformer>>, Frozen<Of<'transformer'>>>;
