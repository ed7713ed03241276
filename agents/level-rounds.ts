import type { Json } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
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
 * environment steps count, also those of rounds that nobody learns from.
 */
export interface LevelRounds {
  next(copies: number): LevelRound;
  /** After each round. `steps`: environment steps of the training so far. */
  report(outcome: RoundOutcome, steps: number): void;
  /** Numbers about the last round and what is kept, for the metrics; finite. */
  metrics(): Readonly<Record<string, number>>;
  save(): Json;
  load(saved: Json): void;
}

/** Tells every copy its level; to be followed by a reset with `round.seed`. */
export function setLevels(environment: BatchedEnvironment, { levels }: LevelRound): void {
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
