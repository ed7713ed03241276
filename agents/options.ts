import type { BackboneConfig } from '../nn/index.ts';
import type { DreamerOptions } from './dreamer/index.ts';
import type { TabularOptions } from './tabular/index.ts';
import type { ValueDecompositionOptions } from './value-decomposition/index.ts';
import type { WorldModelsOptions } from './world-models/index.ts';

/** Which network the agents' policies use. */
export interface NetworkOptions {
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly activation: 'tanh' | 'relu' | 'gelu' | 'silu';
  /** LayerNorm on the input and after every hidden layer (MAPPO's code, on-policy). */
  readonly layerNorm: boolean;
  /** A GRU of this many units between the hidden layers and the heads; null for none. */
  readonly gru: number | null;
  /** An LSTM of this many units there instead; null for none. Not together with a GRU. */
  readonly lstm: number | null;
  /** Convolutions in front, for picture observations; null flattens them. */
  readonly convolution: readonly { readonly filters: number; readonly size: number; readonly stride: number }[] | null;
}

/**
 * A transformer over tokens of the observation, made by Gato's scheme (arXiv 2205.06175, section 2): discrete numbers and bins
 * of continuous ones by a table, pictures in patches by a residual convolution, local positions, and a separator at the end, at
 * which the network is read.
 */
export interface BackboneNetworkOptions
  extends Pick<BackboneConfig, 'layers' | 'width' | 'heads' | 'norm' | 'normKind' | 'qkNorm' | 'softmax' | 'bias'> {
  readonly feedForward: 'gelu-tanh' | 'gelu' | 'relu' | 'geglu' | 'swiglu';
  /** Width inside the feed-forward; null: 4 widths (gated ones: 8/3, rounded up to a multiple of 16). */
  readonly hidden: number | null;
  /** Observations that it sees at once: the present one and those right before it in the same episode. */
  readonly context: number;
  /** Bins of continuous numbers. */
  readonly bins: number;
  /** Pixels of a patch's side; null: 16 as in Gato, or the longest side of the pictures where all are smaller. */
  readonly patch: number | null;
  /** Whether planes of floats [H, W, C] between two bounds are pictures; else each of their numbers is a token. */
  readonly planes: boolean;
}

/** PPO's network: of policy and values each, or of both. */
export interface PpoNetworkOptions extends NetworkOptions {
  /** Units of hidden layers in each of the two heads, behind everything else. */
  readonly heads: readonly number[];
  /**
   * One network with two heads, in place of one each: what comes before the heads is computed, remembered and learned
   * once, from both losses. Needs `critic` "independent".
   */
  readonly sharedTrunk: boolean;
  /** In the place of `convolution` and `hidden`, whatever they say; a GRU or an LSTM may follow. null for none. */
  readonly backbone: BackboneNetworkOptions | null;
}

/** Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347), and MAPPO (Yu et al., arXiv 2103.01955). */
export interface PpoOptions {
  readonly name: 'ppo';
  /** `independent`: V(o_i), IPPO. `central`: V(state or all observations), MAPPO. */
  readonly critic: 'independent' | 'central';
  /** Who shares a network: all agents (their spaces must agree), each role (group), or nobody. */
  readonly sharing: 'all' | 'role' | 'none';
  /** Appends a one-hot agent index to the observation, so that a shared network can tell agents apart. */
  readonly agentIndex: boolean;
  readonly network: PpoNetworkOptions;
  /** Steps of each copy between updates (T). */
  readonly rollout: number;
  readonly epochs: number;
  readonly minibatches: number;
  /** Steps in which gradients flow through a recurrent network; rollout must be a multiple. */
  readonly chunk: number;
  readonly learningRate: number;
  readonly schedule: 'constant' | 'linear';
  readonly adamEpsilon: number;
  readonly weightDecay: number;
  readonly maximumGradientNorm: number;
  readonly discount: number;
  /** Lambda of generalised advantage estimation. */
  readonly gaeLambda: number;
  readonly clip: number;
  /** Clips the change of the value prediction to this; null does not. */
  readonly valueClip: number | null;
  readonly valueLoss: 'squared' | 'huber';
  readonly huberDelta: number;
  readonly valueCoefficient: number;
  readonly entropyCoefficient: number;
  readonly normaliseAdvantages: 'minibatch' | 'rollout' | 'none';
  /** Value targets in running-standardised units: ValueNorm (on-policy) or PopArt (van Hasselt et al. 2016). */
  readonly valueNormalisation: 'none' | 'valueNorm' | 'popArt';
  /** Observations in running-standardised units, clipped to 10. */
  readonly normaliseObservations: boolean;
  /** Learns from the sum of all agents' rewards instead of each agent's own. */
  readonly teamReward: boolean;
  /** Stops the epochs of an update once the approximate KL divergence passes this; null never does. */
  readonly targetKl: number | null;
}

/** A baseline that does not learn: uniform over legal actions. */
export interface RandomOptions {
  readonly name: 'random';
}

/** A baseline that does not learn: the environment's own hand-written controller. */
export interface ScriptedOptions {
  readonly name: 'scripted';
}

export type LearnerOptions =
  | PpoOptions
  | ValueDecompositionOptions
  | DreamerOptions
  | TabularOptions
  | RandomOptions
  | ScriptedOptions
  | WorldModelsOptions;

/** Gato's choices (`gatoDefaults`) at a size that learns from nothing on a CPU; what a scenario does not name. */
export const backboneNetworkDefaults: BackboneNetworkOptions = {
  layers: 2,
  width: 64,
  heads: 4,
  feedForward: 'geglu',
  hidden: null,
  norm: 'pre',
  normKind: 'layer',
  qkNorm: false,
  softmax: 'standard',
  bias: true,
  context: 1,
  bins: 1024,
  patch: null,
  planes: true,
};

/** CleanRL's `ppo.py` settings; what a scenario does not name. */
export const ppoDefaults: PpoOptions = {
  name: 'ppo',
  critic: 'independent',
  sharing: 'role',
  agentIndex: false,
  network: {
    hidden: [64, 64],
    activation: 'tanh',
    layerNorm: false,
    gru: null,
    lstm: null,
    convolution: null,
    heads: [],
    sharedTrunk: false,
    backbone: null,
  },
  rollout: 128,
  epochs: 4,
  minibatches: 4,
  chunk: 16,
  learningRate: 2.5e-4,
  schedule: 'linear',
  adamEpsilon: 1e-5,
  weightDecay: 0,
  maximumGradientNorm: 0.5,
  discount: 0.99,
  gaeLambda: 0.95,
  clip: 0.2,
  valueClip: 0.2,
  valueLoss: 'squared',
  huberDelta: 10,
  valueCoefficient: 0.5,
  entropyCoefficient: 0.01,
  normaliseAdvantages: 'minibatch',
  valueNormalisation: 'none',
  normaliseObservations: false,
  teamReward: false,
  targetKl: null,
};
