import type { GroupActions } from './batched.ts';

/**
 * A policy written by hand, to measure learners against: looks at one agent's observation, which starts at `offset`,
 * and answers its action (a choice, or the one number of a box). `group` and `agent` count from 0, agents within
 * their group.
 */
export interface ScriptedPolicy {
  /** Where actions have several components, all are written to `action[at...]`, and the first is the answer. */
  (observation: Float32Array, offset: number, group: number, agent: number, action?: GroupActions, at?: number): number;
  /** Whether it writes actions of several components. Default false. */
  readonly writesActions?: true;
}
