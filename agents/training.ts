import type { Json, Stream } from '../core/index.ts';
import type { Value } from '../nn/index.ts';
import type { ModelQuality } from '../worlds/models/index.ts';
import type { Collector, Player } from './collector.ts';

/** What one iteration (collect, then learn) did. */
export interface Iteration {
  /** Environment steps taken so far, all copies added up. */
  readonly step: number;
  /** Numbers by name, finite: `loss/policy`, `loss/value`, `entropy`, `return/mean`, ... No wall-clock times. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Episodes that ended in this iteration. */
  readonly episodes: number;
}

/** How well the present policy plays, over whole episodes. */
export interface Evaluation {
  readonly episodes: number;
  /** Of an episode: the sum over agents and steps of the rewards. */
  readonly return: { readonly mean: number; readonly std: number; readonly min: number; readonly max: number };
  /** Mean steps of an episode. */
  readonly length: number;
  /** Mean return of each agent. */
  readonly agents: Readonly<Record<string, number>>;
  /** Mean of the team's objective over an episode, where the environment has one of its own. */
  readonly team?: number;
  /** Means of the environment's own further numbers about episodes, by name. */
  readonly scores?: Readonly<Record<string, number>>;
  /** Of a training that learns a world model: how far that can be trusted. */
  readonly model?: ModelQuality;
  /** Of a generalist: how it plays each task. Its own `return` is over the tasks' scores then. */
  readonly tasks?: Readonly<Record<string, TaskEvaluation>>;
}

/** How a generalist plays one task. */
export interface TaskEvaluation extends Evaluation {
  /** Mean returns of uniform random play and of the expert. */
  readonly random: number;
  readonly expert: number;
  /** Share of the expert's gain over random play: (return - random) / (expert - random); 1 is the expert. */
  readonly score: number;
}

/** Everything that decides the future of a training: arrays by name, and plain data (streams, snapshots, counters). */
export interface Checkpoint {
  readonly tensors: Readonly<Record<string, Value>>;
  readonly state: Json;
}

/** How a training's policy is played. */
export interface PlayerOptions {
  /** The most likely action each time, in place of a draw. */
  readonly deterministic: boolean;
  readonly noise: Stream;
}

/** A training in memory: what `run`, `resume` and `evaluate` drive. Knows no files and no clock. */
export interface Training {
  readonly step: number;
  /** Numbers that learn. */
  readonly parameterCount: number;
  /** Collects one rollout and learns from it. Throws `not_finite` (naming the loss or agent) before state is lost. */
  advance(): Promise<Iteration>;
  /** Plays fresh copies of the environment. Does not touch the training's own streams and environments. */
  evaluate(options: {
    readonly episodes: number;
    readonly seed: number;
    readonly deterministic: boolean;
  }): Promise<Evaluation>;
  /**
   * Plays with the present policy in a collector of one step at a time (T = 1) over the same groups, for recording. It
   * follows the policy as that learns, and draws from `noise` alone. Missing where a training plays more than one task.
   */
  player?(collector: Collector, options: PlayerOptions): Player;
  save(): Checkpoint;
  /** Goes on where `save` was called. `mismatch` where the arrays do not fit this network. */
  load(checkpoint: Checkpoint): void;
  close(): Promise<void>;
}
