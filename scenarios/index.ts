export { build, type CreateTraining, environmentOf, type MakeEnvironment } from './build.ts';
export type { CreateGato } from './build-generalist.ts';
export { busOf } from './build-team.ts';
export { JsonLines, replaceFile, wholeLines, write as writeToDisk } from './disk.ts';
export { type EvaluationSummary, evaluate } from './evaluate.ts';
export {
  evaluateLevels,
  hardestFirst,
  LEVELS_FILE,
  type LevelResult,
  type LevelsEvaluation,
  type LevelsOptions,
  type LevelsSummary,
} from './evaluate-levels.ts';
export type { Clock, Event, Happening, Prepared, Summary } from './events.ts';
export {
  type Experiment,
  type ExperimentOverrides,
  type Job,
  type Limits,
  loadExperiment,
  type Plan,
  type ScoreRange,
} from './experiment/index.ts';
export { FolderLock, type Holder, holderOf } from './folder-lock.ts';
export { playsTasks } from './kinds.ts';
export { loadScenario } from './load.ts';
export { MACHINES, type MachineFacts, machine, machinesOf } from './machine.ts';
export { mistakesOf } from './mistakes.ts';
export { type Override, parseOverride } from './overrides.ts';
export { curricula, learners, presetFile, presetNames, scenarioFile } from './presets.ts';
export { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';
export { type RecordedPolicy, type RecordingSummary, type RecordOptions, record } from './record.ts';
export { type RunOptions, run } from './run.ts';
export { newFolderName, scenarioOf } from './run-folder.ts';
export type {
  EnvironmentChoice,
  EnvironmentIdentity,
  EnvironmentScenario,
  ExpertChoice,
  Scenario,
  ScenarioFile,
  TaskChoice,
  TasksScenario,
} from './schema.ts';
export { type Shown, type ShowOptions, showEpisodes } from './show-episodes.ts';
export { removeUnmade, type Standing, standingOf } from './standing.ts';
export { checkScenario } from './start.ts';
