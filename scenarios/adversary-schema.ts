import Type from 'typebox';
import {
  type AdversaryOptions,
  adversaryDefaults,
  type MinimaxOptions,
  minimaxDefaults,
  type PairedOptions,
  type PopulationPairedOptions,
  pairedDefaults,
  populationPairedDefaults,
  type RepairedOptions,
  repairedDefaults,
} from '../curricula/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { ppo } from './learner-schema.ts';
import { writtenPpoNetwork } from './network-schema.ts';
import { replayRules, scoreNames } from './replay-schema.ts';
import { count, orDefaults, written } from './schema-parts.ts';

const { network, epochs, minibatches, learningRate, discount, gaeLambda, clip } = ppo.properties;
const { entropyCoefficient, normaliseAdvantages } = ppo.properties;

/** Curricula's `AdversaryOptions`, as a schema. */
const adversary = Type.Object(
  {
    network,
    epochs,
    minibatches,
    learningRate,
    discount,
    gaeLambda,
    clip,
    entropyCoefficient,
    normaliseAdvantages,
  },
  {
    title: 'Adversary',
    description: 'How the adversary learns: PPO, one level for each copy and round.',
    additionalProperties: false,
  },
);

const clipped = Type.Boolean({ description: 'A regret below 0 counts as 0.' });
const roles = Type.Enum(['fixed', 'flexible'], {
  description: 'flexible: in each level, whoever had the better episode is the antagonist.',
});

const minimax = Type.Object(
  {
    name: Type.Literal('minimax', { description: 'An adversary builds levels that the agent does badly in.' }),
    returns: Type.Enum(['mean', 'best'], {
      description: "Which of the agent's returns in a level the adversary pays.",
    }),
    adversary,
  },
  { title: 'Minimax', additionalProperties: false },
);

const paired = Type.Object(
  {
    name: Type.Literal('paired', { description: 'PAIRED: the adversary is paid the regret against an antagonist.' }),
    clipped,
    roles,
    adversary,
  },
  { title: 'PAIRED', additionalProperties: false },
);

const populationPaired = Type.Object(
  {
    name: Type.Literal('population-paired', {
      description: 'PAIRED with several agents: the best return of any, less the mean over all.',
    }),
    population: count(2, { description: 'All agents, the one that is trained among them.', maximum: 64 }),
    clipped,
    adversary,
  },
  { title: 'Population PAIRED', additionalProperties: false },
);

const repaired = Type.Object(
  {
    name: Type.Literal('repaired', {
      description: "REPAIRED: levels of PAIRED's adversary, and robust replay of them.",
    }),
    clipped,
    roles,
    adversary,
    score: Type.Enum(['pairedRegret', ...scoreNames], { description: 'By what levels are replayed.' }),
    ...replayRules,
  },
  { title: 'REPAIRED', additionalProperties: false },
);

/** An adversary as people write it: everything optional, the parts of its network too. */
const writtenAdversary = Type.Optional(
  Type.Object(
    {
      ...orDefaults(adversary, adversaryDefaults),
      network: Type.Optional(writtenPpoNetwork(adversaryDefaults.network)),
    },
    {
      title: 'Adversary',
      description: 'How the adversary learns: PPO, one level for each copy and round.',
      additionalProperties: false,
      default: {},
    },
  ),
);

const withAdversary = (schema: Type.TObject): Type.TObject =>
  Type.Object(
    { ...schema.properties, adversary: writtenAdversary },
    { title: (schema as { readonly title?: string }).title ?? '', additionalProperties: false },
  );

export const minimaxSchema = withAdversary(written(minimax, minimaxDefaults));
export const pairedSchema = withAdversary(written(paired, pairedDefaults));
export const populationPairedSchema = withAdversary(written(populationPaired, populationPairedDefaults));
export const repairedSchema = withAdversary(written(repaired, repairedDefaults));

// The schema and the curricula's own types are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof adversary>>, AdversaryOptions>;
true satisfies Same<Frozen<Type.Static<typeof minimax>>, MinimaxOptions>;
true satisfies Same<Frozen<Type.Static<typeof paired>>, PairedOptions>;
true satisfies Same<Frozen<Type.Static<typeof populationPaired>>, PopulationPairedOptions>;
true satisfies Same<Frozen<Type.Static<typeof repaired>>, RepairedOptions>;
