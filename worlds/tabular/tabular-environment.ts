import { type Json, LightbulbError } from '../../core/index.ts';
import type { BatchedEnvironment } from '../batched.ts';
import type { Mdp } from './mdp.ts';

/** The dynamics of one level as numbers. */
export interface ExactModel extends Mdp {
  /** [S]: chances of the first state. */
  readonly start: Float64Array;
  /** By the environment's `taskNames`, each [S]: paid in each state that is visited, from 0 to 1. */
  readonly rewards: Readonly<Record<string, Float64Array>>;
}

/** A level that nobody trains on, and the level of the grid whose model has to do for it. */
export interface HeldOutLevel {
  readonly level: Json;
  readonly nearest: Json;
}

/**
 * An environment of one agent with finitely many states whose exact dynamics can be told, for learners with tables and
 * for measuring what a learned model is wrong by. It observes the number of its state, and has a grid of levels and tasks.
 */
export interface TabularEnvironment extends BatchedEnvironment {
  /** The same object for equal levels. */
  exactModel(level: Json): ExactModel;
  /** Levels outside the grid by what they differ in. */
  readonly heldOut: Readonly<Record<string, readonly HeldOutLevel[]>>;
}

/** The environment, if it is a tabular one with a grid of levels and tasks; else error `unsupported`. */
export function requireTabular(environment: BatchedEnvironment): TabularEnvironment {
  const { levels, taskNames } = environment;
  if ('exactModel' in environment && levels?.grid !== undefined && taskNames !== undefined) {
    return environment as TabularEnvironment;
  }
  throw new LightbulbError('unsupported', 'this environment does not tell its dynamics as tables', {
    where: '/learner/name',
    wanted: 'an environment with exactModel, a grid of levels and tasks, such as rooms',
  });
}
