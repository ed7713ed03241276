import Type from 'typebox';
import {
  type IqlOptions,
  iqlDefaults,
  type PpoOptions,
  ppoDefaults,
  type QmixOptions,
  qmixDefaults,
  type VdnOptions,
  vdnDefaults,
} from '../agents/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { dreamerSchema } from './dreamer-schema.ts';
import { gameSchema } from './game-schema.ts';
import { gatoSchema } from './gato-schema.ts';
import { network, ppoNetwork, writtenNetwork, writtenPpoNetwork } from './network-schema.ts';
import { count, fraction, nullable, orDefaults, positive, tagged } from './schema-parts.ts';
import { sharedSchema } from './shared-schema.ts';
import { tabularSchema } from './tabular-schema.ts';
import { worldModelsSchema } from './world-models-schema.ts';

/** Agents' `PpoOptions`, as a schema. */
export const ppo = Type.Object(
  {
    name: Type.Literal('ppo', { description: 'Proximal policy optimisation; with "critic": "central", MAPPO.' }),
    critic: Type.Enum(['independent', 'central'], {
      description: 'What the value network sees: each its own observation (IPPO), or the state or everyone (MAPPO).',
    }),
    sharing: Type.Enum(['all', 'role', 'none'], { description: 'Who shares one network.' }),
    agentIndex: Type.Boolean({ description: 'Appends a one-hot agent index to the observation.' }),
    network: ppoNetwork,
    rollout: count(1, { description: 'Steps of each copy between updates.' }),
    epochs: count(1, { description: 'Passes over each rollout.' }),
    minibatches: count(1, { description: 'Parts that each pass is split into.' }),
    chunk: count(1, { description: 'Steps that gradients flow through a recurrent network; divides rollout.' }),
    learningRate: positive({ description: 'Step size of Adam.', maximum: 1 }),
    schedule: Type.Enum(['constant', 'linear'], { description: 'Learning rate over the run: kept, or down to zero.' }),
    adamEpsilon: positive({ description: 'Epsilon of Adam.' }),
    weightDecay: Type.Number({ description: 'Decoupled weight decay (AdamW).', minimum: 0 }),
    maximumGradientNorm: positive({ description: 'Gradients are clipped to this global norm.' }),
    discount: fraction({ description: 'Worth of the next step in this one.' }),
    gaeLambda: fraction({ description: 'Lambda of generalised advantage estimation.' }),
    clip: positive({ description: 'Clips the probability ratio to 1 +- this.', exclusiveMaximum: 1 }),
    valueClip: nullable(positive(), { description: 'Clips the change of the value prediction; null does not.' }),
    valueLoss: Type.Enum(['squared', 'huber'], { description: 'Loss of the value prediction.' }),
    huberDelta: positive({ description: 'Where the Huber loss turns linear.' }),
    valueCoefficient: Type.Number({ description: 'Weight of the value loss.', minimum: 0 }),
    entropyCoefficient: Type.Number({ description: 'Weight of the entropy bonus.', minimum: 0 }),
    normaliseAdvantages: Type.Enum(['minibatch', 'rollout', 'none'], { description: 'Over what, to mean 0, std 1.' }),
    valueNormalisation: Type.Enum(['none', 'valueNorm', 'popArt'], {
      description: 'Value targets in running-standardised units.',
    }),
    normaliseObservations: Type.Boolean({ description: 'Observations in running-standardised units, clipped to 10.' }),
    teamReward: Type.Boolean({ description: "Learns from the sum of all agents' rewards." }),
    targetKl: nullable(positive(), { description: 'Stops an update past this KL divergence; null never does.' }),
  },
  { title: 'PPO', additionalProperties: false },
);

/** What the agents' `IqlOptions`, `VdnOptions` and `QmixOptions` have in common, as schemas. */
const valueLearner = {
  sharing: Type.Enum(['all', 'role', 'none'], { description: 'Who shares one network.' }),
  agentIndex: Type.Boolean({ description: 'Appends a one-hot agent index to the observation.' }),
  lastAction: Type.Boolean({ description: "Appends the agent's own last action, one-hot." }),
  network,
  rollout: count(1, { description: 'Steps of each copy between updates.' }),
  replay: count(1, { description: 'Episodes that the replay holds; the oldest makes room.' }),
  batch: count(1, { description: 'Episodes of one update, drawn from the replay.' }),
  episodeLimit: nullable(count(1), {
    description: "Longer episodes are kept in pieces of so many steps; null: the environment's own limit.",
  }),
  updatesPerEpisode: positive({ description: 'Updates for each episode that came in; may be a fraction.' }),
  optimiser: Type.Enum(['rmsprop', 'adam'], { description: 'How gradients become steps.' }),
  learningRate: positive({ description: 'Step size of the optimiser.', maximum: 1 }),
  optimiserEpsilon: positive({ description: 'Epsilon of the optimiser.' }),
  rmsDecay: fraction({ description: "Decay of RMSProp's mean of squares." }),
  maximumGradientNorm: positive({ description: 'Gradients are clipped to this global norm.' }),
  discount: fraction({ description: 'Worth of the next step in this one.' }),
  doubleQ: Type.Boolean({ description: 'The online network chooses the action that the target network values.' }),
  targetEvery: count(1, { description: 'Episodes between copies of the networks into the target networks.' }),
  targetTau: nullable(positive({ maximum: 1 }), {
    description: 'Moves the target networks by this share after each update; null copies them.',
  }),
  epsilonStart: fraction({ description: 'Share of random actions at the start.' }),
  epsilonFinish: fraction({ description: 'Share of random actions from epsilonSteps on.' }),
  epsilonSteps: count(1, { description: 'Environment steps over which the share of random actions falls.' }),
  standardiseRewards: Type.Boolean({ description: 'Rewards in running-standardised units.' }),
};

/** Agents' `IqlOptions`, as a schema. */
const iql = Type.Object(
  {
    name: Type.Literal('iql', { description: 'Independent Q-learning.' }),
    ...valueLearner,
    teamReward: Type.Boolean({ description: "Learns from the sum of all agents' rewards." }),
  },
  { title: 'IQL', additionalProperties: false },
);

/** Agents' `VdnOptions`, as a schema. */
const vdn = Type.Object(
  {
    name: Type.Literal('vdn', { description: "Value-decomposition networks: Q_tot is the sum of the agents' Q." }),
    ...valueLearner,
  },
  { title: 'VDN', additionalProperties: false },
);

/** Agents' `QmixOptions`, as a schema. */
const qmix = Type.Object(
  {
    name: Type.Literal('qmix', { description: "A monotonic network mixes the agents' Q into Q_tot." }),
    ...valueLearner,
    mixingUnits: count(1, { description: 'Units of the mixing network.' }),
    hypernetworkUnits: nullable(count(1), {
      description: 'Hidden units of the networks that make its weights; null makes them linear.',
    }),
  },
  { title: 'QMIX', additionalProperties: false },
);

const random = Type.Object(
  { name: Type.Literal('random', { description: 'Uniform over legal actions; does not learn.' }) },
  { title: 'Random baseline', additionalProperties: false },
);

const scripted = Type.Object(
  { name: Type.Literal('scripted', { description: "The environment's own hand-written controller." }) },
  { title: 'Scripted baseline', additionalProperties: false },
);

/** A learner as people write it: everything but its name optional, the parts of its network too. */
const written = <P extends Type.TProperties>(
  whole: Type.TObject<P>,
  own: Type.TSchema,
  defaults: { readonly [K in keyof P]: unknown },
) =>
  Type.Object(
    { ...orDefaults(whole, defaults), network: Type.Optional(own) },
    { title: (whole as { readonly title?: string }).title ?? '', additionalProperties: false },
  );

const experts = {
  ppo: written(ppo, writtenPpoNetwork(ppoDefaults.network), ppoDefaults),
  iql: written(iql, writtenNetwork(iqlDefaults.network), iqlDefaults),
  vdn: written(vdn, writtenNetwork(vdnDefaults.network), vdnDefaults),
  qmix: written(qmix, writtenNetwork(qmixDefaults.network), qmixDefaults),
  random,
  scripted,
};

/** How the agents learn, as people write it: told apart by `name`, everything else optional. */
export const learnerSchema = tagged(
  'name',
  {
    ...experts,
    dreamer: dreamerSchema,
    game: gameSchema(experts.ppo),
    tabular: tabularSchema,
    'world-models': worldModelsSchema,
    shared: sharedSchema,
    gato: gatoSchema,
  },
  {
    title: 'Learner',
    description: 'How the agents learn. `gato` is for tasks, the others for an environment.',
    default: {},
  },
);

/** How the expert of a task learns. */
export const expertSchema = tagged('name', experts, {
  title: "Expert's learner",
  description: 'How the expert learns, or what it plays by.',
});

// The schema and the agents' own types are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof ppo>>, PpoOptions>;
true satisfies Same<Frozen<Type.Static<typeof iql>>, IqlOptions>;
true satisfies Same<Frozen<Type.Static<typeof vdn>>, VdnOptions>;
true satisfies Same<Frozen<Type.Static<typeof qmix>>, QmixOptions>;
