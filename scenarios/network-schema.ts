import Type from 'typebox';
import {
  type BackboneNetworkOptions,
  backboneNetworkDefaults,
  type NetworkOptions,
  type PpoNetworkOptions,
} from '../agents/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { count, nullable, orDefaults, written } from './schema-parts.ts';

/** Which network: agents' `NetworkOptions`, as a schema. */
export const network = Type.Object(
  {
    hidden: Type.Array(count(1), { description: 'Units of each hidden layer.', maxItems: 16 }),
    activation: Type.Enum(['tanh', 'relu', 'gelu', 'silu'], { description: 'Between layers.' }),
    layerNorm: Type.Boolean({ description: 'LayerNorm on the input and after every hidden layer.' }),
    gru: nullable(count(1), { description: 'A GRU of this many units before the heads; null for none.' }),
    lstm: nullable(count(1), { description: 'An LSTM of this many units there instead; null for none.' }),
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

/** Agents' `BackboneNetworkOptions`, as a schema. */
const backbone = Type.Object(
  {
    layers: count(1, { description: 'Blocks.' }),
    width: count(1, { description: 'Width of the residual stream; a multiple of the heads.' }),
    heads: count(1, { description: 'Attention heads.' }),
    feedForward: Type.Enum(['gelu-tanh', 'gelu', 'relu', 'geglu', 'swiglu'], {
      description: 'What each block does to each token.',
    }),
    hidden: nullable(count(1), {
      description: 'Width inside the feed-forward; null: 4 widths, 8/3 where it is gated.',
    }),
    norm: Type.Enum(['pre', 'post', 'reordered'], {
      description: "Before each part, after each sum, or on what is added (Chameleon 34B's).",
    }),
    normKind: Type.Enum(['layer', 'rms'], { description: 'LayerNorm or RMSNorm.' }),
    qkNorm: Type.Boolean({ description: "LayerNorm of each head's queries and keys." }),
    softmax: Type.Enum(['standard', 'off-by-one'], {
      description: 'off-by-one: e^x / (1 + sum e^x), so that a head may attend to nothing.',
    }),
    bias: Type.Boolean({ description: 'Biases in dense layers.' }),
    context: count(1, {
      description: 'Observations of the same episode that it sees at once, the present one the last.',
    }),
    bins: count(2, { description: 'Bins of continuous numbers.', maximum: 65536 }),
    patch: nullable(count(1), {
      description: "Pixels of a patch's side; null: 16, or the longest side of the pictures where all are smaller.",
    }),
    planes: Type.Boolean({
      description: 'Planes of floats [H, W, C] between two bounds are pictures; else each number is a token.',
    }),
  },
  { title: 'Backbone', additionalProperties: false },
);

const BACKBONE =
  'A transformer over tokens of the observation, as in Gato, in the place of convolutions and hidden layers; {} for all its defaults, null for none.';

/** Agents' `PpoNetworkOptions`, as a schema. */
export const ppoNetwork = Type.Object(
  {
    ...network.properties,
    heads: Type.Array(count(1), {
      description: 'Units of hidden layers in the heads of policy and values, behind everything else.',
      maxItems: 16,
    }),
    sharedTrunk: Type.Boolean({
      description: 'One network with two heads, in place of one for the policy and one for the values.',
    }),
    backbone: nullable(backbone, { description: BACKBONE }),
  },
  { title: 'Network', additionalProperties: false },
);

/** A network as people write it: everything optional. */
export const writtenNetwork = (defaults: NetworkOptions) =>
  Type.Object(orDefaults(network, { ...defaults }), { title: 'Network', additionalProperties: false, default: {} });

/** A network of PPO as people write it: everything optional, the parts of its backbone too. */
export const writtenPpoNetwork = (defaults: PpoNetworkOptions) =>
  Type.Object(
    {
      ...orDefaults(ppoNetwork, { ...defaults }),
      backbone: Type.Optional(
        nullable(written(backbone, { ...backboneNetworkDefaults }), {
          description: BACKBONE,
          default: defaults.backbone,
        }),
      ),
    },
    { title: 'Network', additionalProperties: false, default: {} },
  );

// The schema and the agents' own types are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof network>>, NetworkOptions>;
true satisfies Same<Frozen<Type.Static<typeof backbone>>, BackboneNetworkOptions>;
true satisfies Same<Frozen<Type.Static<typeof ppoNetwork>>, PpoNetworkOptions>;
