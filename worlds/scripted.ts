/**
 * A policy written by hand, to measure learners against: looks at one agent's observation, which starts at `offset`,
 * and answers its action (a choice, or the one number of a box). `group` and `agent` count from 0, agents within
 * their group.
 */
export type ScriptedPolicy = (observation: Float32Array, offset: number, group: number, agent: number) => number;
