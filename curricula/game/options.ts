import {
  type DreamerEnsembleOptions,
  type DreamerModelOptions,
  dreamerDefaults,
  type PpoOptions,
  ppoDefaults,
} from '../../agents/index.ts';
import { rssmDefaults, type Sees } from '../../worlds/models/index.ts';

/** The move by which the adversary disturbs dreams. */
export interface AdversaryOptions {
  /**
   * What it is paid for. `regret`: the antagonist's reward less the protagonist's; `value`: the reward that the player of its
   * dream misses; `error`: the ensemble's disagreement about the step. `random`: for nothing, and it does not learn: each dream is
   * disturbed in a direction of its own that chance draws, as far as the radius lets it, which is the control of the others.
   * `none`: dreams are the model's own.
   */
  readonly objective: 'none' | 'random' | 'value' | 'error' | 'regret';
  /** Nats: how far a disturbed step may be from the model's own. */
  readonly radius: number;
  /** Numbers of its action, at most: where a step has more noise, weights of fixed directions. */
  readonly directions: number;
  /** Refuses disturbed steps that the model itself finds too unlikely; null refuses none. */
  readonly floor: FloorOptions | null;
}

/** What a disturbed step must not be less likely than. */
export interface FloorOptions {
  /** For each number of the observation, below the likeliest one. */
  readonly nats: number;
  /** Undisturbed draws of each step that tell what is likely. */
  readonly draws: number;
}

/** The move by which starts of dreams, and levels of reality, are chosen. */
export interface SelectionOptions {
  /**
   * What levels are ranked by: imagined regret, the return that the protagonist misses in its dreams, or the ensemble's
   * disagreement there. `none`: every start is as likely.
   */
  readonly by: 'none' | 'regret' | 'value' | 'error';
  /** Where real levels come from: any level, or by the same ranks. */
  readonly collect: 'uniform' | 'selected';
  /**
   * Regret against whom. `antagonist`: who learns in the same dreams. `optimum`: the exact optimum of a level against real
   * returns, where the level space knows it.
   */
  readonly against: 'antagonist' | 'optimum';
  /** Share of starts and levels that are drawn as if there were no ranks. */
  readonly randomShare: number;
  /** Chances go by (1 / rank)^(1 / this). */
  readonly temperature: number;
  /** Share of chosen real levels that are changed a little, where levels can be. */
  readonly mutation: number;
  /** Dreams that a level's score remembers. */
  readonly memory: number;
  /** Keeps levels that nobody can earn anything in from being chosen; null keeps none. */
  readonly solvable: SolvableOptions | null;
}

export interface SolvableOptions {
  /** A level counts as solvable if its optimum, or where that is not known any return in it so far, is above this. */
  readonly threshold: number;
  /** Dreams before a level can be given up. */
  readonly tries: number;
}

/** The minimax game through a learned world model: see docs/dream-minimax.md. */
export interface GameOptions {
  readonly name: 'game';
  /** How the protagonist learns; antagonist and adversary learn in the same way. */
  readonly protagonist: PpoOptions;
  readonly model: DreamerModelOptions;
  /** What the protagonist sees: observations, in dreams those that the model decodes, or what the model makes of them. */
  readonly sees: Sees;
  /** What players are paid in dreams: the model's reward, or (reward-free) the ensemble's disagreement. */
  readonly rewards: 'task' | 'error';
  /** Whether the protagonist learns from its real steps, or only from dreams. */
  readonly learnsInReality: boolean;
  /** Dreams side by side, beside the real copies: what the protagonist learns in, in the ratio of their numbers. */
  readonly dreams: number;
  /** Steps of a dream. */
  readonly horizon: number;
  /** When a dream ends: where that is more probable than not, or by a draw. */
  readonly ending: 'threshold' | 'drawn';
  /** Model states that dreams begin in. */
  readonly starts: number;
  readonly adversary: AdversaryOptions;
  readonly selection: SelectionOptions;
  /** Real steps with random actions before anything is learned. */
  readonly prefill: number;
  /** Rows that the replay holds, all copies together. */
  readonly replay: number;
  /** Sequences of the model's batch, and their rows. */
  readonly batch: number;
  readonly length: number;
  /** Replayed rows for each real step: the model's gradient steps are this over batch * length. */
  readonly ratio: number;
  /** Whether sequences begin from the states that were inferred when they were last replayed, or from nothing. */
  readonly storedStates: boolean;
  /** Of the model's Adam. */
  readonly learningRate: number;
  readonly adamEpsilon: number;
  readonly maximumGradientNorm: number;
  /** Whose disagreement estimates the model's error; null where nothing asks for it. */
  readonly ensemble: DreamerEnsembleOptions | null;
}

export const floorDefaults: FloorOptions = { nats: 4, draws: 8 };

export const solvableDefaults: SolvableOptions = { threshold: 0, tries: 4 };

export const gameDefaults: GameOptions = {
  name: 'game',
  protagonist: ppoDefaults,
  model: { name: 'rssm', ...rssmDefaults },
  sees: 'observation',
  rewards: 'task',
  learnsInReality: true,
  dreams: 28,
  horizon: 32,
  ending: 'threshold',
  starts: 512,
  adversary: { objective: 'regret', radius: 0.1, directions: 16, floor: null },
  selection: {
    by: 'none',
    collect: 'uniform',
    against: 'antagonist',
    randomShare: 0.2,
    temperature: 0.3,
    mutation: 0.5,
    memory: 32,
    solvable: null,
  },
  prefill: 500,
  replay: 100_000,
  batch: 16,
  length: 16,
  ratio: 64,
  storedStates: true,
  learningRate: 1e-3,
  adamEpsilon: dreamerDefaults.adamEpsilon,
  maximumGradientNorm: dreamerDefaults.maximumGradientNorm,
  ensemble: null,
};

/** Who takes part in dreams, and what has to be known of them. */
export interface Cast {
  /** Two players in each dream: regret is asked for, by the adversary or for the ranks. */
  readonly isPaired: boolean;
  /** Dreams are disturbed, by an adversary or by chance. */
  readonly isDisturbed: boolean;
  /** Somebody asks for the ensemble's disagreement. */
  readonly needsError: boolean;
  /** There is a model at all. */
  readonly needsModel: boolean;
}

export function castOf({ dreams, adversary, selection, rewards, sees }: GameOptions): Cast {
  const isDreaming = dreams > 0;
  const isRanked = isDreaming && selection.by === 'regret' && selection.against === 'antagonist';
  return {
    isPaired: isDreaming && (adversary.objective === 'regret' || isRanked),
    isDisturbed: isDreaming && adversary.objective !== 'none',
    needsError: isDreaming && (adversary.objective === 'error' || selection.by === 'error' || rewards === 'error'),
    needsModel: isDreaming || sees === 'features',
  };
}
