import type { Json } from '../core/index.ts';
import type { FeedbackKind } from './batched.ts';
import type { Space, SpaceValue } from './space.ts';

/** What one agent sees and may do. Plain data, the same object for the life of the environment. */
export interface AgentSpaces {
  readonly observation: Space;
  readonly action: Space;
}

/** How an episode starts: who is alive and what each sees. */
export interface First {
  readonly observations: Readonly<Record<string, SpaceValue>>;
  /** Legal actions, for agents with a mask: one entry (0 or 1) per action, components one after the other. */
  readonly actionMasks?: Readonly<Record<string, readonly number[]>>;
}

/**
 * What a step answers, for exactly the agents that were alive before it. An agent whose `terminated` or `truncated`
 * is true has acted for the last time: its observation here is its final one. Only `terminated` means that the future
 * is worth nothing; a truncated agent was merely stopped (by a time limit, say), and learners bootstrap from its
 * final observation.
 */
export interface Step extends First {
  readonly rewards: Readonly<Record<string, number>>;
  readonly terminated: Readonly<Record<string, boolean>>;
  readonly truncated: Readonly<Record<string, boolean>>;
  /** The team's objective in this step; see `BatchedEnvironment.teamReward`. In every step, or in none. */
  readonly teamReward?: number;
  /**
   * What this step would be paid under each of the environment's `taskNames`, finite. In every step, under all names; or
   * in none, where there are no tasks.
   */
  readonly taskRewards?: Readonly<Record<string, number>>;
  /** What agents say of each other after this step: scores by the place of their kind in `feedbackKinds`. */
  readonly feedback?: Readonly<Record<number, number>>;
  /**
   * Further numbers about the episode, finite, under exactly the `scoreNames`: in the step that ends it (every living
   * agent terminated or truncated), and in no other.
   */
  readonly scores?: Readonly<Record<string, number>>;
}

/** Which episode to start. `level` is plain data from the environment's own level space. */
export interface ResetOptions {
  readonly seed: number;
  readonly level?: Json;
}

/**
 * Making one level by a fixed number of actions, each after a look at the plan so far. State in, state out: a plan is plain
 * data, and is not changed. Whoever builds levels to be hard is a learner of its own (PAIRED, Dennis et al. 2020).
 */
export interface LevelBuilding {
  /** Actions that a level takes; at least one. */
  readonly steps: number;
  /** A box or a dict, as an environment's. */
  readonly observation: Space;
  readonly action: Space;
  /** What stands before the first action. The seed draws what the builder may vary its levels by. */
  begin(seed: number): Json;
  /** The plan after one action: a flat member of the action space. Deterministic in plan and action. */
  build(plan: Json, action: ArrayLike<number>): Json;
  /** Writes the flat observation of a plan. out: [flatSize(observation)]. */
  observe(plan: Json, out: Float32Array): void;
  /** The level of a plan after all its steps. */
  level(plan: Json): Json;
}

/**
 * Making and changing levels, for curricula. Deterministic in `seed`. Any space can be drawn from; one that is a list or a
 * box says so, because some curricula keep a number for each level, or look for levels nearby.
 */
export interface LevelSpace {
  generate(seed: number): Json;
  mutate?(level: Json, seed: number): Json;
  /** Numbers that say what a level is like, finite, the same names for every level: for metrics and pictures. */
  describe?(level: Json): Readonly<Record<string, number>>;
  /**
   * The highest return that any policy can have in a level, whatever it sees: what an agent's return falls short of it is
   * the agent's regret. Only where it is known exactly.
   */
  optimum?(level: Json): number;
  /** A picture of a level: SVG. */
  picture?(level: Json): string;
  /** Levels to be tested on, by name; those that are drawn for training are others, or equal them by chance alone. */
  readonly heldOut?: Readonly<Record<string, Json>>;
  /** How a level is made step by step: for adversaries that build levels. */
  readonly building?: LevelBuilding;
  /** All levels there are, where they are few: a discrete grid. At least one, no two equal; never with `box`. */
  readonly grid?: readonly Json[];
  /** Levels are objects of these numbers, each anywhere within its bounds: a continuous box. Never with `grid`. */
  readonly box?: Readonly<Record<string, readonly [low: number, high: number]>>;
}

/**
 * An environment as a person writes it: one copy, agents by name, PettingZoo's parallel semantics (the living agents
 * act at the same time; agents may die; nobody comes back before the next reset).
 *
 * Contract, checked by `lightbulb check`: everything that happens follows from the seed, the level and the actions
 * (no `Math.random`, no clock); returned values lie in the declared spaces and are not changed later; arguments are
 * not written to; `step` before `reset`, after the end, or with a missing, foreign or illegal action throws.
 */
export interface Environment {
  /** Every agent that may ever live, in a fixed order. */
  readonly agents: readonly string[];
  readonly spaces: Readonly<Record<string, AgentSpaces>>;
  /** An episode never takes more steps than this. */
  readonly maximumSteps?: number;
  /** What a central critic sees, when it is more than all observations side by side. */
  readonly stateSpace?: Space;
  /** Reordering the agents changes nothing but their names. */
  readonly symmetric?: boolean;
  readonly levels?: LevelSpace;
  /** Whether steps come with a `teamReward`: all of them, or none. */
  readonly hasTeamReward?: boolean;
  /** What agents can say of each other after a step. Plain data, the same object for the life of the environment. */
  readonly feedbackKinds?: readonly FeedbackKind[];
  /**
   * What else there is to say of a finished episode, beside its returns: evaluations report the means under these names.
   * Names of their own, at least one; the same object for the life of the environment. Comes with `Step.scores`.
   */
  readonly scoreNames?: readonly string[];

  /**
   * Tasks that could be set in this environment, whatever `rewards` pays: each a reward of the team. For learning without
   * rewards first and being asked for tasks afterwards. Names of their own, at least one. Comes with `Step.taskRewards`.
   */
  readonly taskNames?: readonly string[];

  reset(options: ResetOptions): First;
  step(actions: Readonly<Record<string, SpaceValue>>): Step;
  state?(): SpaceValue;
  /** Everything that decides the future, as plain data. */
  snapshot?(): Json;
  restore?(snapshot: Json): void;
  /** A picture of the present in text. Changes nothing. */
  render?(): string;
  close?(): void;
}
