import Type from 'typebox';
import {
  type ControllerOptions,
  controllerDefaults,
  type WorldModelsOptions,
  worldModelsDefaults,
} from '../agents/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { count, nullable, orDefaults, positive } from './schema-parts.ts';

const weight = (description: string) => Type.Number({ description, minimum: 0 });

/** Agents' `WorldModelsOptions.model`, as a schema. */
const model = Type.Object(
  {
    name: Type.Literal('vae-rnn', { description: "Ha and Schmidhuber's V and M." }),
    latent: count(1, { description: 'Numbers of a latent.' }),
    channels: Type.Array(count(1), {
      description: 'Channels after each halving convolution, for pictures.',
      minItems: 1,
      maxItems: 8,
    }),
    hidden: Type.Array(count(1), {
      description: 'Hidden layers of V, for observations that are no pictures.',
      maxItems: 8,
    }),
    reconstruction: positive({
      description: "Weight of the summed squared error against the divergence; 1 is the paper's.",
    }),
    freeBits: weight('Nats of each latent that the divergence is not pushed below.'),
    cell: Type.Enum(['gru', 'lstm'], { description: 'Recurrent cell of M.' }),
    units: count(1, { description: "Units of M's memory." }),
    mixtures: count(1, { description: 'Gaussians of each number of a latent, or of the latent as a whole.' }),
    isJoint: Type.Boolean({
      description: "One mixture for the whole latent, in place of the paper's for each number by itself.",
    }),
    endingWeight: positive({ description: 'How many times a step that ended counts in the loss of endings.' }),
    rewardWeight: weight('Weight of the squared error of rewards.'),
  },
  { title: 'V and M', additionalProperties: false },
);

const collect = Type.Object(
  {
    steps: count(1, { description: 'Environment steps of random play: a multiple of rollout * copies.' }),
    rollout: count(1, { description: 'Steps of each copy in one iteration.' }),
  },
  { title: 'Random play', additionalProperties: false },
);

const vision = Type.Object(
  {
    updates: count(1, { description: 'Gradient updates of V.' }),
    batch: count(1, { description: 'Observations of a batch.' }),
    learningRate: positive({ description: 'Step size of Adam.', maximum: 1 }),
    maximumGradientNorm: positive({ description: 'Gradients are clipped to this global norm.' }),
  },
  { title: "V's training", additionalProperties: false },
);

const memory = Type.Object(
  {
    updates: count(1, { description: 'Gradient updates of M.' }),
    batch: count(1, { description: 'Sequences of a batch.' }),
    length: count(2, { description: 'Rows of a sequence.' }),
    learningRate: positive({ description: 'Step size of Adam at the beginning.', maximum: 1 }),
    lastLearningRate: positive({ description: 'Step size at the end; a straight line lies between.', maximum: 1 }),
    maximumGradientNorm: positive({ description: 'Gradients are clipped to this global norm.' }),
  },
  { title: "M's training", additionalProperties: false },
);

const controller = Type.Object(
  {
    trainedIn: Type.Enum(['dream', 'reality'], { description: 'Where candidates are tried.' }),
    sees: Type.Enum(['both', 'vision'], { description: 'What it acts on: latent and memory, or the latent alone.' }),
    memory: Type.Enum(['trained', 'untrained'], {
      description: 'untrained: M as it was at the beginning, in reality only.',
    }),
    temperature: positive({ description: 'Heat of the dream.' }),
    ending: Type.Enum(['threshold', 'drawn'], {
      description: 'When a dream ends: where that is more probable than not, or drawn.',
    }),
    population: count(4, { description: 'Candidates of a generation of CMA-ES.' }),
    rollouts: count(1, { description: 'Episodes of each candidate.' }),
    generations: count(1, { description: 'Generations.' }),
    sigma: positive({ description: 'Step size of CMA-ES at the beginning.' }),
  },
  { title: 'Controller', additionalProperties: false },
);

const BASELINES = Type.Unsafe<WorldModelsOptions['baselines']>({
  type: 'object',
  description:
    'Played beside the controllers in evaluations: "random", or the number of a choice that is always taken.',
  additionalProperties: {
    type: ['string', 'integer'],
    if: { type: 'string' },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
    then: { enum: ['random'] },
    else: { minimum: 0 },
  },
});

/** Agents' `WorldModelsOptions`, as a schema. */
const worldModels = Type.Object(
  {
    name: Type.Literal('world-models', {
      description: 'V and M from random play, then linear controllers in dreams or reality (Ha and Schmidhuber 2018).',
    }),
    model,
    collect,
    vision,
    memory,
    starts: count(1, { description: 'First observations that are kept to begin dreams with.' }),
    horizon: nullable(count(1), { description: "Steps of a dream at most; null: the environment's own limit." }),
    controllers: Type.Record(Type.String(), controller, { description: 'By name, all from the same V and M.' }),
    plays: Type.String({ description: "Which controller's score the evaluation's return is." }),
    baselines: BASELINES,
  },
  { title: 'World Models', additionalProperties: false },
);

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
export const worldModelsSchema = Type.Object(
  {
    ...orDefaults(worldModels, worldModelsDefaults),
    model: part(model, worldModelsDefaults.model),
    collect: part(collect, worldModelsDefaults.collect),
    vision: part(vision, worldModelsDefaults.vision),
    memory: part(memory, worldModelsDefaults.memory),
    controllers: Type.Optional(
      Type.Unsafe<Record<string, Partial<ControllerOptions>>>({
        type: 'object',
        description: 'By name, found one after the other from the same V and M.',
        minProperties: 1,
        additionalProperties: Type.Object(orDefaults(controller, controllerDefaults), {
          title: 'Controller',
          additionalProperties: false,
        }),
        default: { dream: {} },
      }),
    ),
  },
  { title: 'World Models', additionalProperties: false },
);

// The schema and the agents' own types are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof worldModels>>, WorldModelsOptions>;
