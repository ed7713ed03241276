export type { Experiment, Job, Limits, Plan, ScoreRange } from './experiment.ts';
