import type { Json } from '../core/index.ts';

/** What a training tells a curriculum about a level. All numbers are means over `samples`. */
export interface LevelOutcome {
  readonly level: Json;
  readonly samples: number;
  /** Error of the world model on this level, as estimated (disagreement of an ensemble along imagined steps). */
  readonly error?: number;
  /** Error of the world model on this level, as known: only where the environment can tell. */
  readonly trueError?: number;
  /** Return of whole episodes, summed over agents. */
  readonly return?: number;
}

/**
 * Where a training's levels come from: what curricula are to learners. A level is asked for when an episode begins, for
 * the episode after it of that copy, because a batched environment starts the next one in the step that ends the last.
 */
export interface LevelFeed {
  /** The next level to play; undefined leaves the choice to the environment's own seeds. */
  next(): Json | undefined;
  /** What was learned about levels. `steps`: environment steps of the training so far, all of them counted. */
  report(outcomes: readonly LevelOutcome[], steps: number): void;
  /** Numbers about the levels played and the estimates, for the metrics; finite. */
  metrics(): Readonly<Record<string, number>>;
  save(): Json;
  load(saved: Json): void;
}
