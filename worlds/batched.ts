import type { Json } from '../core/index.ts';
import type { LevelSpace } from './environment.ts';
import type { Space } from './space.ts';

/**
 * Agents with the same spaces, side by side in the same arrays. Most environments have one group; `simple_tag` has
 * two (adversaries and prey see vectors of different lengths). A group is also a role: `parameters: "role"` shares
 * one network per group.
 */
export interface Group {
  readonly name: string;
  readonly agents: readonly string[];
  readonly observation: Space;
  readonly action: Space;
  /** Whether `actionMask` is filled in; otherwise every action is always legal. */
  readonly masked: boolean;
}

/**
 * Where a batched environment writes what happened, one per group. `B` copies, `N` agents of the group, `D` numbers
 * an observation (`flatSize(group.observation)`), `A` action components (`actionComponents(group.action)`), `M` mask
 * entries (the sum of the choices of all components; 0 unless `group.masked`). Row-major, agents inside copies.
 *
 * The caller owns these arrays and may pass other ones (or views into a larger buffer) at every step.
 */
export interface GroupOutput {
  /** [B, N, D]. Where a copy's episode just ended, already the first observation of its next one. */
  readonly observation: Float32Array;
  /** [B, N, D]. The last observation of an episode; written only where `terminated` or `truncated` is 1. */
  readonly finalObservation: Float32Array;
  /** [B, N]; 0 for agents that were dead before the step. */
  readonly reward: Float32Array;
  /** [B, N], 0 or 1: the future of this agent is worth nothing. Set once, on its last step. */
  readonly terminated: Uint8Array;
  /** [B, N], 0 or 1: this agent was stopped although it could have gone on. Never together with `terminated`. */
  readonly truncated: Uint8Array;
  /** [B, N], 0 or 1: the agent is to act next (it sees `observation`). Dead agents see zeros. */
  readonly alive: Uint8Array;
  /** [B, N, M], 0 or 1: legal actions for `observation`. Empty unless `group.masked`. */
  readonly actionMask: Uint8Array;
}

/** An opinion that one agent can have of another's part in a step or episode: a score, and what it means. */
export interface FeedbackKind {
  readonly from: string;
  readonly about: string;
  /** In words, for people: `share of the notes that the piece used`. */
  readonly meaning: string;
  /** Bounds of the score. */
  readonly low: number;
  readonly high: number;
}

/** The actions of one group: [B, N, A]; Int32Array of choices for discrete spaces, Float32Array for boxes. */
export type GroupActions = Int32Array | Float32Array;

/**
 * `B` copies of an environment that step together, as struct-of-arrays, without allocating. A copy whose episode ended
 * (every agent terminated or truncated) is reset in the same step, with the next seed of its own stream: its final
 * observation stands in `finalObservation`, the first of the next episode in `observation`. So auto-reset never hides
 * an ending.
 */
export interface BatchedEnvironment {
  readonly batchSize: number;
  readonly groups: readonly Group[];
  readonly maximumSteps?: number;
  /** Length of `state` per copy; 0 where there is none. */
  readonly stateSize: number;
  readonly levels?: LevelSpace;

  /** Starts all copies anew. Copy `b` draws all its randomness from `stream(seed, 'environment/<b>')`. */
  reset(seed: number, output: readonly GroupOutput[]): void;
  /** One step of every copy. `actions` are read, never written or kept. */
  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void;
  /** What a central critic sees: [B, stateSize]. */
  state?(out: Float32Array): void;
  /**
   * [B, stateSize]. What `state` was when an episode ended, for bootstrapping a truncated one: `state` itself already
   * shows the next. Valid for the copies whose episode ended in the last step; comes with `state`.
   */
  finalState?(out: Float32Array): void;
  /**
   * The team's objective in the last step: [B], of copies whose episode ended in it too; zeros before any step. Where
   * there is none, it is the sum of the agents' rewards. Then `reward` is what each agent is paid by itself, and need not
   * be part of the objective.
   */
  teamReward?(out: Float32Array): void;
  /**
   * Further numbers about an episode, beside its returns: what evaluations report under these names. Names of their own,
   * at least one, the same object all along. Comes with `scores`.
   */
  readonly scoreNames?: readonly string[];
  /**
   * [B, names], finite: of the copies whose episode ended in the last step; the others' are not written, nor are any
   * before a step.
   */
  scores?(out: Float32Array): void;
  /**
   * Tasks that could be set in this environment, whatever `reward` pays: each a reward of the team. For learning without
   * rewards first and being asked for tasks afterwards. Names of their own, at least one, the same object all along.
   * Comes with `taskRewards`.
   */
  readonly taskNames?: readonly string[];
  /**
   * [B, tasks], finite: what the last step would be paid under each task, of copies whose episode ended in it too; zeros
   * before any step.
   */
  taskRewards?(out: Float32Array): void;
  /** What agents can say of each other after a step: `K` kinds, the same object all along. Comes with `feedback`. */
  readonly feedbackKinds?: readonly FeedbackKind[];
  /**
   * What was said after the last step, nothing before any. score: [B, K]; said: [B, K], 1 where there is a score, else 0,
   * and the score with it.
   */
  feedback?(score: Float32Array, said: Uint8Array): void;
  /** The level that copy `b` plays from its next reset on; `undefined` hands the choice back to the seed. */
  setLevel?(copy: number, level: Json | undefined): void;
  /** Everything that decides the future of all copies, random streams included, as plain data. */
  snapshot(): Json;
  restore(snapshot: Json): void;
  /** A picture of copy `copy` in text. Changes nothing. */
  render?(copy: number): string;
  close?(): void;
}
