import type { NetworkOptions, PpoOptions } from '../options.ts';

/** What IQL, VDN and QMIX have in common: Q-networks of the agents, learned from a replay of whole episodes. */
interface ValueLearnerOptions {
  /** Who shares a network: all agents (their spaces must agree), each role (group), or nobody. */
  readonly sharing: PpoOptions['sharing'];
  /** Appends a one-hot agent index to the observation, so that a shared network can tell agents apart. */
  readonly agentIndex: boolean;
  /** Appends the agent's own last action, one-hot (zeros at the start of an episode). */
  readonly lastAction: boolean;
  readonly network: NetworkOptions;
  /** Steps of each copy between updates. */
  readonly rollout: number;
  /** Episodes that the replay holds; the oldest makes room. */
  readonly replay: number;
  /** Episodes of one update, drawn without replacement. */
  readonly batch: number;
  /**
   * Steps of the longest episode that replay keeps whole. Longer ones are kept in pieces of this length, and a
   * recurrent network begins each piece without memory. null: the environment's own limit.
   */
  readonly episodeLimit: number | null;
  /** Updates for each episode (or piece) that came into the replay; may be a fraction. */
  readonly updatesPerEpisode: number;
  readonly optimiser: 'rmsprop' | 'adam';
  readonly learningRate: number;
  readonly optimiserEpsilon: number;
  /** Decay of RMSProp's mean of squares. */
  readonly rmsDecay: number;
  readonly maximumGradientNorm: number;
  readonly discount: number;
  /** The online network chooses the action that the target network values (van Hasselt et al. 2016). */
  readonly doubleQ: boolean;
  /** Episodes between copies of the online networks into the target networks. */
  readonly targetEvery: number;
  /** Moves the target networks by this share after each update instead of copying them; null copies. */
  readonly targetTau: number | null;
  /** Share of random actions at the start, ... */
  readonly epsilonStart: number;
  /** ... at the end, ... */
  readonly epsilonFinish: number;
  /** ... and the environment steps (all copies added up) of the straight line between them. */
  readonly epsilonSteps: number;
  /** Rewards in running-standardised units, as EPyMARL has it. Moves what matters where episodes differ in length. */
  readonly standardiseRewards: boolean;
}

/** Independent Q-learning (Tan 1993), as a baseline: every agent learns by itself. */
export interface IqlOptions extends ValueLearnerOptions {
  readonly name: 'iql';
  /** Learns from the sum of all agents' rewards instead of each agent's own. */
  readonly teamReward: boolean;
}

/** Value-decomposition networks (Sunehag et al. 2017, arXiv 1706.05296): Q_tot is the sum of the agents' Q. */
export interface VdnOptions extends ValueLearnerOptions {
  readonly name: 'vdn';
}

/** QMIX (Rashid et al. 2018, arXiv 1803.11485): Q_tot grows with each Q, by weights that depend on the state. */
export interface QmixOptions extends ValueLearnerOptions {
  readonly name: 'qmix';
  /** Units of the mixing network. */
  readonly mixingUnits: number;
  /** Hidden units of the networks that make its weights; null makes them linear. */
  readonly hypernetworkUnits: number | null;
}

export type ValueDecompositionOptions = IqlOptions | VdnOptions | QmixOptions;

/** PyMARL's `default.yaml` and `qmix.yaml` (github.com/oxwhirl/pymarl); what a scenario does not name. */
const shared: ValueLearnerOptions = {
  sharing: 'role',
  agentIndex: true,
  lastAction: true,
  network: { hidden: [64], activation: 'relu', layerNorm: false, gru: 64, lstm: null, convolution: null },
  rollout: 32,
  replay: 5000,
  batch: 32,
  episodeLimit: null,
  updatesPerEpisode: 1,
  optimiser: 'rmsprop',
  learningRate: 5e-4,
  optimiserEpsilon: 1e-5,
  rmsDecay: 0.99,
  maximumGradientNorm: 10,
  discount: 0.99,
  doubleQ: true,
  targetEvery: 200,
  targetTau: null,
  epsilonStart: 1,
  epsilonFinish: 0.05,
  epsilonSteps: 50_000,
  standardiseRewards: false,
};

export const iqlDefaults: IqlOptions = { ...shared, name: 'iql', teamReward: true };
export const vdnDefaults: VdnOptions = { ...shared, name: 'vdn' };
export const qmixDefaults: QmixOptions = { ...shared, name: 'qmix', mixingUnits: 32, hypernetworkUnits: 64 };
