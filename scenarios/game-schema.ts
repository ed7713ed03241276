import Type from 'typebox';
import { dreamerEnsembleDefaults, type PpoOptions } from '../agents/index.ts';
import {
  type AdversaryOptions,
  type FloorOptions,
  floorDefaults,
  type GameOptions,
  gameDefaults,
  type SelectionOptions,
  type SolvableOptions,
  solvableDefaults,
} from '../curricula/game/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { ensemble } from './dreamer-schema.ts';
import { count, fraction, nullable, orDefaults, positive, tagged } from './schema-parts.ts';
import { worldModel, worldModelSchema } from './world-model-schema.ts';

const ENSEMBLE = "Networks whose disagreement estimates the model's error; null where nothing asks for it.";
const FLOOR = 'Refuses disturbed steps that the model itself finds too unlikely; null refuses none.';
const SOLVABLE = 'Keeps levels that nobody can earn anything in from being chosen; null keeps none.';

const floor = Type.Object(
  {
    nats: positive({ description: 'For each number of the observation, below the likeliest one.' }),
    draws: count(2, { description: 'Undisturbed draws of each step that tell what is likely.' }),
  },
  { title: 'Likelihood floor', additionalProperties: false },
);

const adversary = Type.Object(
  {
    objective: Type.Enum(['none', 'random', 'value', 'error', 'regret'], {
      description:
        "What the adversary is paid for: the antagonist's reward less the protagonist's, the reward that players miss, or the model's error. random: chance disturbs each dream in one direction. none: nobody disturbs dreams.",
    }),
    radius: Type.Number({
      description: "Nats: how far a disturbed step may be from the model's own (KL divergence).",
      minimum: 0,
    }),
    directions: count(1, { description: 'Numbers of its action, at most.' }),
    floor: nullable(floor, { description: FLOOR }),
  },
  { title: 'Adversary', additionalProperties: false },
);

const solvable = Type.Object(
  {
    threshold: Type.Number({
      description: 'A level counts as solvable if its optimum, or any return in it so far, is above this.',
    }),
    tries: count(1, { description: 'Dreams before a level can be given up.' }),
  },
  { title: 'Solvability filter', additionalProperties: false },
);

const selection = Type.Object(
  {
    by: Type.Enum(['none', 'regret', 'value', 'error'], {
      description: 'What levels are ranked by, where dreams begin. none: every start is as likely.',
    }),
    collect: Type.Enum(['uniform', 'selected'], {
      description: 'Where real levels come from: any level, or by the same ranks.',
    }),
    against: Type.Enum(['antagonist', 'optimum'], {
      description: 'Regret against who learns in the same dreams, or of real returns against the exact optimum.',
    }),
    randomShare: fraction({ description: 'Share of starts and levels that are drawn as if there were no ranks.' }),
    temperature: positive({ description: 'Chances go by (1 / rank)^(1 / this).' }),
    mutation: fraction({ description: 'Share of chosen real levels that are changed a little.' }),
    memory: count(1, { description: "Dreams that a level's score remembers." }),
    solvable: nullable(solvable, { description: SOLVABLE }),
  },
  { title: 'Selection', additionalProperties: false },
);

/** Curricula's `GameOptions`, as a schema. */
const game = Type.Object(
  {
    name: Type.Literal('game', {
      description: 'The minimax game through a learned world model: an adversary disturbs and chooses dreams.',
    }),
    protagonist: Type.Unsafe<PpoOptions>(Type.Object({})),
    model: worldModel,
    sees: Type.Enum(['observation', 'features'], {
      description: 'What the protagonist sees: observations, in dreams decoded ones; or what the model makes of them.',
    }),
    rewards: Type.Enum(['task', 'error'], {
      description: "What players are paid in dreams: the model's reward, or (reward-free) its error.",
    }),
    learnsInReality: Type.Boolean({ description: 'Whether the protagonist learns from its real steps.' }),
    dreams: count(0, {
      description: 'Dreams side by side, beside the real copies: the ratio of learning in dreams and in reality.',
    }),
    horizon: count(1, { description: 'Steps of a dream.' }),
    ending: Type.Enum(['threshold', 'drawn'], {
      description: 'When a dream ends: where that is more probable than not, or by a draw.',
    }),
    starts: count(1, { description: 'Model states that dreams begin in; the newest ones.' }),
    adversary,
    selection,
    prefill: count(0, { description: 'Real steps with random actions before anything is learned.' }),
    replay: count(1, { description: 'Rows that the replay holds; the oldest make room.' }),
    batch: count(1, { description: "Sequences of the model's batch." }),
    length: count(2, { description: 'Rows of a sequence.' }),
    ratio: positive({ description: 'Replayed rows for each real step.' }),
    storedStates: Type.Boolean({
      description: 'Sequences begin from the states that were inferred when they were last replayed.',
    }),
    learningRate: positive({ description: "Step size of the model's Adam.", maximum: 1 }),
    adamEpsilon: positive({ description: 'Epsilon of that Adam.' }),
    maximumGradientNorm: positive({ description: "The model's gradients are clipped to this global norm." }),
    ensemble: nullable(ensemble, { description: ENSEMBLE }),
  },
  { title: 'Game', additionalProperties: false },
);

const part = <P extends Type.TProperties>(
  whole: Type.TObject<P>,
  defaults: { readonly [K in keyof P]: unknown },
  further: Type.TProperties = {},
) =>
  Type.Object(
    { ...orDefaults(whole, defaults), ...further },
    {
      title: (whole as { readonly title?: string }).title ?? '',
      additionalProperties: false,
    },
  );

const orNull = <S extends Type.TSchema>(schema: S, description: string) =>
  Type.Optional(nullable(schema, { description, default: null }));

/** The learner `game`, as people write it. ppo: how the protagonist learns, as people write that. */
export function gameSchema<S extends Type.TSchema>(ppo: S) {
  return Type.Object(
    {
      ...orDefaults<typeof game.properties>(game, gameDefaults),
      protagonist: Type.Optional(
        tagged(
          'name',
          { ppo },
          {
            title: 'Protagonist',
            description: 'How the protagonist learns; antagonist and adversary learn in the same way.',
            default: {},
          },
        ),
      ),
      model: Type.Optional(worldModelSchema),
      adversary: Type.Optional(
        Type.Unsafe<Partial<AdversaryOptions>>({
          ...part(adversary, gameDefaults.adversary, { floor: orNull(part(floor, floorDefaults), FLOOR) }),
          default: {},
        }),
      ),
      selection: Type.Optional(
        Type.Unsafe<Partial<SelectionOptions>>({
          ...part(selection, gameDefaults.selection, { solvable: orNull(part(solvable, solvableDefaults), SOLVABLE) }),
          default: {},
        }),
      ),
      ensemble: orNull(part(ensemble, dreamerEnsembleDefaults), ENSEMBLE),
    },
    { title: 'Game', additionalProperties: false },
  );
}

// The schema and curricula's own types are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof game>>, GameOptions>;
true satisfies Same<Frozen<Type.Static<typeof floor>>, FloorOptions>;
true satisfies Same<Frozen<Type.Static<typeof solvable>>, SolvableOptions>;
