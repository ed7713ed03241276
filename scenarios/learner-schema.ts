import Type from 'typebox';
import { type NetworkOptions, type PpoOptions, ppoDefaults } from '../agents/index.ts';
import { count, fraction, nullable, orDefaults, positive, tagged } from './schema-parts.ts';

/** Which network: agents' `NetworkOptions`, as a schema. */
const network = Type.Object(
  {
    hidden: Type.Array(count(1), { description: 'Units of each hidden layer.', maxItems: 16 }),
    activation: Type.Enum(['tanh', 'relu', 'gelu', 'silu'], { description: 'Between layers.' }),
    layerNorm: Type.Boolean({ description: 'LayerNorm on the input and after every hidden layer.' }),
    gru: nullable(count(1), { description: 'A GRU of this many units before the heads; null for none.' }),
    convolution: nullable(
      Type.Array(
        Type.Object(
          {
            filters: count(1, { description: 'Channels that come out.' }),
            size: count(1, { description: 'Side of the square kernel, in pixels.' }),
            stride: count(1, { description: 'Pixels from one place of the kernel to the next.' }),
          },
          { additionalProperties: false },
        ),
        { maxItems: 8 },
      ),
      { description: 'Convolutions in front, for picture observations; null flattens them.' },
    ),
  },
  { title: 'Network', additionalProperties: false },
);

/** Agents' `PpoOptions`, as a schema. */
const ppo = Type.Object(
  {
    name: Type.Literal('ppo', { description: 'Proximal policy optimisation; with "critic": "central", MAPPO.' }),
    critic: Type.Enum(['independent', 'central'], {
      description: 'What the value network sees: each its own observation (IPPO), or the state or everyone (MAPPO).',
    }),
    sharing: Type.Enum(['all', 'role', 'none'], { description: 'Who shares one network.' }),
    agentIndex: Type.Boolean({ description: 'Appends a one-hot agent index to the observation.' }),
    network,
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

const random = Type.Object(
  { name: Type.Literal('random', { description: 'Uniform over legal actions; does not learn.' }) },
  { title: 'Random baseline', additionalProperties: false },
);

const scripted = Type.Object(
  { name: Type.Literal('scripted', { description: "The environment's own hand-written controller." }) },
  { title: 'Scripted baseline', additionalProperties: false },
);

const writtenPpo = Type.Object(
  {
    ...orDefaults(ppo, ppoDefaults),
    network: Type.Optional(
      Type.Object(orDefaults(network, ppoDefaults.network), {
        title: 'Network',
        additionalProperties: false,
        default: {},
      }),
    ),
  },
  { title: 'PPO', additionalProperties: false },
);

/** How the agents learn, as people write it: told apart by `name`, everything else optional. */
export const learnerSchema = tagged(
  'name',
  { ppo: writtenPpo, random, scripted },
  { title: 'Learner', description: 'How the agents learn.', default: {} },
);

// The schema and the agents' own types are two statements of one thing; the compiler holds them together.
type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
true satisfies Same<Frozen<Type.Static<typeof network>>, NetworkOptions>;
true satisfies Same<Frozen<Type.Static<typeof ppo>>, PpoOptions>;
