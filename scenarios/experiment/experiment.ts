import type { Json } from '../../core/index.ts';
import type { Scenario } from '../schema.ts';

/** One run of an experiment. */
export interface Job {
  /** Unique in the experiment and fit for a folder's name: `<arm>-<settings>-s<seed>`. */
  readonly key: string;
  readonly arm: string;
  /** What arm and search set over the base scenario, by JSON pointer: `/learner/learningRate` -> 0.001. */
  readonly settings: Readonly<Record<string, Json>>;
  readonly seed: number;
  readonly scenario: Scenario;
}

/** What a run may use before it is stopped; null: no limit. */
export interface Limits {
  /** Of one attempt; a run that passes it is interrupted with a checkpoint and counts as failed. */
  readonly seconds: number | null;
  /** Resident memory, MiB. */
  readonly memory: number | null;
}

/** What counts as 0 and 1 on a task's normalised score: for example a random policy's return and an expert's. */
export interface ScoreRange {
  readonly low: number;
  readonly high: number;
}

/** An experiment file with everything filled in and its jobs expanded. */
export interface Experiment {
  readonly name: string;
  readonly description: string;
  readonly jobs: readonly Job[];
  /** Runs side by side; null: as many as the machine has cores for, at `threads` each. */
  readonly parallel: number | null;
  /** Further attempts after a failed one. */
  readonly retries: number;
  readonly limits: Limits;
  /** By task (the environment's name; of several tasks, the scenario's). */
  readonly scores: Readonly<Record<string, ScoreRange>>;
}

/**
 * `plan.json` in a batch's folder: which run is which, for everything that reads the folder later. The run of a job
 * lies in `runs/<key>` beside it.
 */
export interface Plan {
  readonly experiment: string;
  readonly description: string;
  readonly scores: Readonly<Record<string, ScoreRange>>;
  readonly jobs: readonly Omit<Job, 'scenario'>[];
}
