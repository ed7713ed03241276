export type { BatchedEnvironment, Group, GroupActions, GroupOutput } from './batched.ts';
export { balancePole, type CartPoleOptions, cartpole } from './cartpole.ts';
export type { AgentSpaces, Environment, First, LevelSpace, ResetOptions, Step } from './environment.ts';
export type { Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, SpaceValue, Text, Tuple } from './space.ts';
