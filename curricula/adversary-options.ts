import { type PpoOptions, ppoDefaults } from '../agents/index.ts';
import type { ReplayRules, ScoreName } from './replay-options.ts';
import { robustPlrDefaults } from './replay-options.ts';

/** How an adversary who builds levels learns: PPO on one level a copy and round, paid when it was played. */
export type AdversaryOptions = Pick<
  PpoOptions,
  | 'network'
  | 'epochs'
  | 'minibatches'
  | 'learningRate'
  | 'discount'
  | 'gaeLambda'
  | 'clip'
  | 'entropyCoefficient'
  | 'normaliseAdvantages'
>;

/** The adversary is paid what the agent is not: it makes levels as hard as it can, solvable or not. */
export interface MinimaxOptions {
  readonly name: 'minimax';
  /** The return that counts: the mean over episodes (minimax's library), or the best one (dcd). */
  readonly returns: 'mean' | 'best';
  readonly adversary: AdversaryOptions;
}

/** PAIRED (Dennis et al. 2020, arXiv 2012.02096): the adversary is paid the regret against an antagonist who learns too. */
export interface PairedOptions {
  readonly name: 'paired';
  /** A regret below 0 counts as 0 (dcd, minimax), or as it is (JaxUED). */
  readonly clipped: boolean;
  /** `flexible`: in each level, whoever had the better episode is the antagonist. */
  readonly roles: 'fixed' | 'flexible';
  readonly adversary: AdversaryOptions;
}

/** PAIRED with more than two agents: the regret of all of them against the best. */
export interface PopulationPairedOptions {
  readonly name: 'population-paired';
  /** All agents, the one that is trained among them. */
  readonly population: number;
  readonly clipped: boolean;
  readonly adversary: AdversaryOptions;
}

/** REPAIRED (Jiang et al. 2021, arXiv 2110.02439): PAIRED's adversary feeds robust replay; agents learn from replayed levels alone. */
export interface RepairedOptions extends Omit<ReplayRules, 'score'>, Omit<PairedOptions, 'name'> {
  readonly name: 'repaired';
  /** By what levels are replayed. */
  readonly score: 'pairedRegret' | ScoreName;
}

export type AdversarialCurriculum = MinimaxOptions | PairedOptions | PopulationPairedOptions | RepairedOptions;

/**
 * Constants of dcd's mazes: learning rate 1e-4, 5 epochs of one minibatch, discount 0.995, entropy 0.05 (those with much
 * entropy; others of theirs have 0, JaxUED 0.001). Lambda is JaxUED's.
 */
export const adversaryDefaults: AdversaryOptions = {
  network: { ...ppoDefaults.network, hidden: [64, 64], activation: 'relu' },
  epochs: 5,
  minibatches: 1,
  learningRate: 1e-4,
  discount: 0.995,
  gaeLambda: 0.98,
  clip: 0.2,
  entropyCoefficient: 0.05,
  normaliseAdvantages: 'minibatch',
};

export const minimaxDefaults: MinimaxOptions = { name: 'minimax', returns: 'mean', adversary: adversaryDefaults };

export const pairedDefaults: PairedOptions = {
  name: 'paired',
  clipped: true,
  roles: 'fixed',
  adversary: adversaryDefaults,
};

export const populationPairedDefaults: PopulationPairedOptions = {
  name: 'population-paired',
  population: 3,
  clipped: true,
  adversary: adversaryDefaults,
};

const { name: _, ...robustRules } = robustPlrDefaults;

/** Replay as in dcd's mazes, but for the score: theirs is `maxMonteCarlo`. */
export const repairedDefaults: RepairedOptions = {
  ...robustRules,
  ...pairedDefaults,
  name: 'repaired',
  score: 'pairedRegret',
  replay: 0.95,
  temperature: 0.1,
  admits: 'atLeast',
};
