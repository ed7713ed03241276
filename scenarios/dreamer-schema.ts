import Type from 'typebox';
import {
  type DreamerEnsembleOptions,
  type DreamerOptions,
  dreamerDefaults,
  dreamerEnsembleDefaults,
  type ZeroShotOptions,
  zeroShotDefaults,
} from '../agents/index.ts';
import type { Json } from '../core/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { count, fraction, nullable, orDefaults, positive } from './schema-parts.ts';
import { worldModel, worldModelSchema } from './world-model-schema.ts';

const weight = (description: string) => Type.Number({ description, minimum: 0 });

/** Bins lie about one at 0. */
const bins = (description: string) => count(3, { description: `${description}; odd.` });

const behaviour = Type.Object(
  {
    units: count(1, { description: 'Units of a hidden layer of actor and critic.' }),
    layers: count(1, { description: 'Hidden layers of each.' }),
    bins: bins("Bins of the critic's distribution over returns"),
  },
  { title: 'Actor and critic', additionalProperties: false },
);

/** Agents' `DreamerEnsembleOptions`, as a schema. */
export const ensemble = Type.Object(
  {
    members: count(2, { description: 'Networks that predict one step ahead.' }),
    units: count(1, { description: 'Units of a hidden layer.' }),
    layers: count(1, { description: 'Hidden layers.' }),
    prior: weight("Weight of each member's fixed random network."),
    learningRate: positive({ description: 'Step size of Adam.', maximum: 1 }),
  },
  { title: 'Ensemble', additionalProperties: false },
);

const level = Type.Unsafe<Json>({ description: "A level, as the environment's own levels are written." });

/** Agents' `ZeroShotOptions`. */
const zeroShot = Type.Object(
  {
    units: count(1, { description: 'Units of a hidden layer of the network that learns what tasks pay.' }),
    layers: count(1, { description: 'Its hidden layers.' }),
    learningRate: positive({ description: 'Its step size of Adam.', maximum: 1 }),
    rewardSteps: count(1, { description: 'Its gradient steps, for all tasks together.' }),
    policySteps: count(1, { description: "Gradient steps of each task's actor and critic." }),
    episodes: count(2, { description: 'Episodes on each level.' }),
    along: Type.Array(level, {
      description: 'Levels that training never draws, along the direction curricula push to.',
    }),
    away: Type.Array(level, { description: 'Levels that training never draws, away from that direction.' }),
  },
  { title: 'Zero-shot tasks', additionalProperties: false },
);

const ZERO_SHOT =
  'Evaluations learn and play the tasks of the environment, which training knows nothing of; null for not.';

const ENSEMBLE = "Networks whose disagreement estimates the model's error; null for none.";

/** Agents' `DreamerOptions`, as a schema. */
const dreamer = Type.Object(
  {
    name: Type.Literal('dreamer', { description: 'DreamerV3: a world model, and actor and critic that learn in it.' }),
    model: worldModel,
    behaviour,
    rollout: count(1, { description: 'Steps of each copy between turns of learning.' }),
    replay: count(1, { description: 'Rows that the replay holds; the oldest make room.' }),
    storedStates: Type.Boolean({ description: 'Sequences begin from the states that were stored with them.' }),
    batch: count(1, { description: 'Sequences of a batch.' }),
    length: count(2, { description: 'Rows of a sequence.' }),
    ratio: positive({ description: 'Replayed rows for each environment step.' }),
    prefill: count(0, { description: 'Environment steps with random actions before anything is learned.' }),
    horizon: count(1, { description: 'Steps imagined from each start.' }),
    starts: nullable(count(1), { description: 'Replayed rows to imagine from in a gradient step; null for all.' }),
    discountHorizon: Type.Number({ description: 'The discount is 1 - 1 / this.', exclusiveMinimum: 1 }),
    lambda: fraction({ description: 'Lambda of the returns.' }),
    entropyCoefficient: weight('Weight of the entropy bonus.'),
    returnRate: fraction({ description: "Rate of the moving averages of the returns' 5th and 95th percentile." }),
    slowRate: fraction({ description: 'Rate of the slow critic.' }),
    slowCoefficient: weight('Weight of the loss that keeps the critic near the slow one.'),
    replayValueCoefficient: weight("Weight of the critic's loss on replayed rewards."),
    learningRate: positive({ description: "Step size of Adam, the world model's.", maximum: 1 }),
    behaviourLearningRate: positive({ description: 'Step size of Adam, of actor and critic.', maximum: 1 }),
    adamEpsilon: positive({ description: 'Epsilon of Adam.' }),
    maximumGradientNorm: positive({ description: 'Gradients are clipped to this global norm.' }),
    explore: Type.Enum(['task', 'random', 'plan2explore'], {
      description:
        "What training acts by: the task's actor, random actions, or an actor that seeks the ensemble's disagreement.",
    }),
    ensemble: nullable(ensemble, { description: ENSEMBLE }),
    zeroShot: nullable(zeroShot, { description: ZERO_SHOT }),
  },
  { title: 'Dreamer', additionalProperties: false },
);

/** Part of a learner, each of its keys optional, with its default beside it. */
const part = <P extends Type.TProperties>(whole: Type.TObject<P>, defaults: { readonly [K in keyof P]: unknown }) =>
  Type.Object(orDefaults(whole, defaults), {
    title: (whole as { readonly title?: string }).title ?? '',
    additionalProperties: false,
    default: {},
  });

/** As people write it. */
export const dreamerSchema = Type.Object(
  {
    ...orDefaults<typeof dreamer.properties>(dreamer, dreamerDefaults),
    model: Type.Optional(worldModelSchema),
    behaviour: Type.Optional(part(behaviour, dreamerDefaults.behaviour)),
    ensemble: Type.Optional(
      nullable(
        Type.Object(orDefaults(ensemble, dreamerEnsembleDefaults), { title: 'Ensemble', additionalProperties: false }),
        { description: ENSEMBLE, default: null },
      ),
    ),
    zeroShot: Type.Optional(
      nullable(
        Type.Object(orDefaults(zeroShot, zeroShotDefaults), { title: 'Zero-shot tasks', additionalProperties: false }),
        { description: ZERO_SHOT, default: null },
      ),
    ),
  },
  { title: 'Dreamer', additionalProperties: false },
);

// The schema and the agents' own types are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof dreamer>>, DreamerOptions>;
true satisfies Same<Frozen<Type.Static<typeof ensemble>>, DreamerEnsembleOptions>;
// Levels may hold anything, which a recursive type cannot be compared by.
true satisfies Same<keyof Type.Static<typeof zeroShot>, keyof ZeroShotOptions>;
