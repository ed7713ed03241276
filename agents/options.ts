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

/** PPO's network: of policy and values each, or of both. */
export interface PpoNetworkOptions extends NetworkOptions {
  /** Units of hidden layers in each of the two heads, behind everything else. */
  readonly heads: readonly number[];
  /**
   * One network with two heads, in place of one each: what comes before the heads is computed, remembered and learned
   * once, from both losses. Needs `critic` "independent".
   */
  readonly sharedTrunk: boolean;
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
