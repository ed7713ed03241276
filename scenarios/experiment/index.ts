export type { Experiment, Job, Limits, Plan, ScoreRange } from './experiment.ts';
export { type ExperimentOverrides, loadExperiment } from './load-experiment.ts';
