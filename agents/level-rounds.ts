import type { Json } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import type { PpoOptions } from './options.ts';
import type { PpoLearner } from './ppo-learner.ts';
import type { Checkpoint } from './training.ts';
import type { UnitArrays } from './unit-arrays.ts';
import type { UnitRollout } from './unit-rollout.ts';

/** What is played in one rollout: every copy begins anew in a level of its own, and plays that to the rollout's end. */
export interface LevelRound {
  /** One for each copy. */
  readonly levels: readonly Json[];
  /** What the environment draws the rest of its randomness from. */
  readonly seed: number;
  /** Whether the agent learns from the round, or only shows how it does. */
  readonly learns: boolean;
}

/** What a round tells of its levels. `T` steps, `K` copies, time-major; views that the next round overwrites. */
export interface RoundOutcome {
  readonly T: number;
  readonly K: number;
  /** [T, K]. */
  readonly reward: Float32Array;
  /** [T, K]: V of the observation acted on, in units of the return. */
  readonly value: Float32Array;
  /** [T, K]: generalised advantage estimates. */
  readonly advantage: Float32Array;
  /** [T, K], 0 or 1: an episode ended with this step. */
  readonly done: Uint8Array;
}

/**
 * Where levels come from round by round: what curricula that score levels by the agent's own rollouts are to learners. All
 * environment steps count: those of rounds that nobody learns from, and those that learners of the curriculum's own take.
 */
export interface LevelRounds {
  next(copies: number): LevelRound | Promise<LevelRound>;
  /** After each round, before the agent learns from it. `steps`: environment steps of the training so far. */
  report(outcome: RoundOutcome, steps: number): void | Promise<void>;
  /** Environment steps that learners of the curriculum's own took so far; none where there are none. */
  readonly furtherSteps?: number;
  /** Numbers about the last round and what is kept, for the metrics; finite. */
  metrics(): Readonly<Record<string, number>>;
  save(): Checkpoint;
  load(saved: Checkpoint): void;
  close?(): void;
}

/** Rounds that nobody has to be waited for. */
export interface PromptRounds extends LevelRounds {
  next(copies: number): LevelRound;
  report(outcome: RoundOutcome, steps: number): void;
}

/** What a training lends to curricula that have learners of their own: antagonists, adversaries. */
export interface FurtherLearners {
  readonly copies: number;
  /** The learning rate that the agent has now. */
  rate(): number;
  /** Another learner just like the agent, in as many copies of its environment, that begins with numbers of its own. */
  likeAgent(name: string): PpoLearner;
  /**
   * A learner by PPO in an environment of the curriculum's own, which is closed with it. Options that do not fit are errors,
   * as of `createTraining`, under the JSON pointer `where`.
   */
  other(name: string, environment: BatchedEnvironment, options: PpoOptions, where: string): PpoLearner;
}

/** Makes a curriculum's rounds for one training. Names of learners are the curriculum's own; no two alike. */
export type CreateRounds = (learners: FurtherLearners) => LevelRounds;

/** Tells every copy its level; to be followed by a reset. */
export function setLevels(environment: BatchedEnvironment, levels: readonly Json[]): void {
  for (let b = 0; b < environment.batchSize; b++) environment.setLevel!(b, levels[b]);
}

/** A rollout and what was worked out of it, as scores read them; writes where episodes ended into `done`. */
export function outcomeOf(
  { T, reward, terminated, truncated }: UnitRollout,
  { value, advantage }: Pick<UnitArrays, 'value' | 'advantage'>,
  done: Uint8Array,
): RoundOutcome {
  for (let i = 0; i < done.length; i++) done[i] = terminated[i]! | truncated[i]!;
  return { T, K: done.length / T, reward, value: value.subarray(0, done.length), advantage, done };
}
