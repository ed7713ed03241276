export { type BatchOptions, batch } from './batch.ts';
export type { BatchedEnvironment, FeedbackKind, Group, GroupActions, GroupOutput } from './batched.ts';
export { type LevelBuilder, levelBuilder } from './builder.ts';
export { balancePole, type CartPoleOptions, cartpole } from './cartpole.ts';
export { CLEANUP_GRID, CLEANUP_TASKS, type CleanupOptions, cleanup, tidyUp } from './cleanup/index.ts';
export { type Conformance, type ConformOptions, conform } from './conform.ts';
export { type CheckResult, printReport, type Report } from './contract/report.ts';
export type { CheckOptions } from './contract/settings.ts';
export { checkEnvironment } from './contract.ts';
export { checkBatched } from './contract-batched.ts';
export { type CountingOptions, counting, echoClock } from './counting.ts';
export { type DodgeOptions, dodge, dodgeBlocks } from './dodge.ts';
export type { AgentSpaces, Environment, First, LevelBuilding, LevelSpace, ResetOptions, Step } from './environment.ts';
export { requireOutput, UNBOUNDED } from './guards.ts';
export { gatherFood, type LevelBasedForagingOptions, levelBasedForaging } from './level-based-foraging/index.ts';
export { type LoadedEnvironment, loadEnvironment } from './load.ts';
export {
  distancesToGoal,
  fewestActions,
  HELD_OUT_MAZES,
  isSolvable,
  type Maze,
  type MazeLevel,
  type MazeOptions,
  maze,
  mazeLevels,
  mazePicture,
  mutateMaze,
  optimalReturn,
  PERFECT_MAZE_SIZES,
  parseMaze,
  perfectMaze,
  printMaze,
  shortestPath,
} from './maze/index.ts';
export {
  lookUpTopic,
  type NewsOptions,
  type NewsText,
  newsCorpus,
  newsTexts,
  newsTopics,
  TOPICS,
} from './news/index.ts';
export {
  leadWords,
  type Newsdesk,
  type Newsroom,
  type NewsroomArticle,
  type NewsroomEpisode,
  type NewsroomOptions,
  type NewsroomScores,
  newsroom,
  newsroomDesk,
} from './newsroom/index.ts';
export type { NumberOption, OptionSpec, OptionSpecs, RangeOption, TextOption, ToggleOption } from './options.ts';
export { createActions, createOutputs, type GroupSizes, groupSizes } from './outputs.ts';
export {
  coverLandmarks,
  type SimpleReferenceOptions,
  type SimpleSpeakerListenerOptions,
  type SimpleSpreadOptions,
  type SimpleTagOptions,
  simpleReference,
  simpleSpeakerListener,
  simpleSpread,
  simpleTag,
} from './particle/index.ts';
export { type PendulumOptions, pendulum, swingUp } from './pendulum.ts';
export { type Builtin, builtin, builtins, environmentNames, makeEnvironment } from './registry.ts';
export { type RoomsOptions, rooms } from './rooms/index.ts';
export type { ScriptedPolicy } from './scripted.ts';
export type {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  Sequence,
  Space,
  SpaceValue,
  Text,
  Tuple,
} from './space.ts';
export {
  actionBounds,
  actionChoices,
  actionComponents,
  box,
  boxSize,
  checkSpace,
  checkValue,
  decodeAction,
  dict,
  discrete,
  effectiveBound,
  encodeAction,
  entryBounds,
  type FaultKind,
  flatSize,
  flatten,
  hasText,
  maskSize,
  multiBinary,
  multiDiscrete,
  partNames,
  printFault,
  printSpace,
  type SpaceFault,
  sample,
  spaceKey,
  text,
  tuple,
  unflatten,
  zero,
} from './spaces/index.ts';
export {
  type BoundedRegret,
  boundedRegret,
  type ExactModel,
  evaluatePolicy,
  expected,
  type HeldOutLevel,
  type Mdp,
  occupancy,
  optimalPlan,
  type Plan as TabularPlan,
  type Regret,
  regretOf,
  requireTabular,
  solveLinear,
  type TabularEnvironment,
  totalVariation,
  valueIteration,
} from './tabular/index.ts';
export { type RougeScore, rouge, TONES } from './text/index.ts';
export { unbatch } from './unbatch.ts';
