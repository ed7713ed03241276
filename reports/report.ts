import type { Json } from '../core/index.ts';

/** A number and its stratified bootstrap 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Everything a report says, as plain data: tables, pictures and exports are made from this and nothing else. */
export interface Report {
  readonly title: string;
  readonly description: string;
  /** What is compared, in words, with its unit: `return of an episode: sum over agents and steps`. */
  readonly measure: string;
  /** Which number of the runs on a task is their final score; most often the same on all. */
  readonly measures: Readonly<Record<string, Measure>>;
  /** In the order in which they are shown everywhere. */
  readonly tasks: readonly string[];
  readonly arms: readonly string[];
  readonly runs: readonly RunRow[];
  /** Of what is compared, the returns of evaluations and of training, and other numbers that runs record. */
  readonly curves: readonly Curve[];
  readonly finals: readonly FinalRow[];
  readonly comparisons: readonly ComparisonRow[];
  /** What runs reached on chosen levels (`lightbulb evaluate --levels`), by task and set; empty where none was asked. */
  readonly levels: readonly LevelSetReport[];
  /** What normalised scores are made with, by task; null where scores are raw. */
  readonly scores: Readonly<Record<string, { readonly low: number; readonly high: number } | null>>;
  /** Settings on which runs differ (seeds and names apart). */
  readonly settings: readonly SettingRow[];
  readonly machines: readonly MachineRow[];
  /** How the numbers were made, a sentence each: definitions, repetitions, how curves were aligned and thinned. */
  readonly methods: readonly string[];
  /** What a reader must know before believing the rest: runs that failed, too few seeds, unequal budgets. */
  readonly warnings: readonly string[];
}

/** A number that runs record. */
export interface Measure {
  /** Its name in `metrics.jsonl`: `evaluation/return/mean`, `evaluation/team`, `evaluation/score/rouge1`, ... */
  readonly metric: string;
  /** What it is called in headings and at axes, after `final`: `return`, `team objective`, otherwise its name. */
  readonly title: string;
}

export interface RunRow {
  readonly folder: string;
  readonly key: string;
  readonly task: string;
  readonly arm: string;
  readonly seed: number;
  readonly state: 'finished' | 'interrupted' | 'running' | 'failed';
  readonly steps: number;
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** What its task's measure was at its end; null where there is no such number, or the run did not finish. */
  readonly final: number | null;
  readonly message: string | null;
}

/** A number over environment steps: the mean over the runs of an arm on a task, with its interval at each step. */
export interface Curve {
  /** `evaluation/return/mean`, `return/mean`, `loss/value`, ... */
  readonly metric: string;
  readonly task: string;
  readonly arm: string;
  readonly runs: number;
  readonly steps: readonly number[];
  readonly centre: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Final scores of an arm: on one task, or over all of them (`task` null; normalised scores only). */
export interface FinalRow {
  readonly task: string | null;
  readonly arm: string;
  readonly runs: number;
  readonly isNormalised: boolean;
  readonly mean: Estimate;
  readonly median: Estimate;
  readonly interquartileMean: Estimate;
  /** Null for raw scores: a gap to 1 means nothing there. */
  readonly optimalityGap: Estimate | null;
}

/** How probably a run of `better` scores above a run of `worse` (Mann-Whitney, averaged over tasks). */
export interface ComparisonRow {
  readonly task: string | null;
  readonly better: string;
  readonly worse: string;
  readonly probability: Estimate;
  /** Difference of interquartile means, better minus worse. */
  readonly difference: Estimate;
  /** Seed by seed; null where the arms have no seed in common, and over all tasks. */
  readonly paired: PairedDifference | null;
}

/** What one arm scores above another with the same seed, in the measure's own unit. */
export interface PairedDifference {
  /** Seeds that both arms have. Runs of one arm with one seed count as their mean. */
  readonly pairs: number;
  /** Mean over the pairs, with the percentile bootstrap 95 % interval of drawing pairs. */
  readonly difference: Estimate;
  /** What to think of the interval where the pairs are few: a word or two; null where they are five or more. */
  readonly caution: string | null;
}

/** A set of levels on a task. All estimates are interquartile means over the runs of an arm. */
export interface LevelSetReport {
  readonly set: string;
  readonly task: string;
  /** Levels. */
  readonly count: number;
  /** Of each level. */
  readonly episodes: number;
  readonly deterministic: boolean;
  /** Return above which an episode has solved its level; null where that means nothing. */
  readonly solvedAbove: number | null;
  readonly arms: readonly ArmLevels[];
  /** Level by level; empty of sets too large to be read so. */
  readonly levels: readonly LevelScore[];
  /** Those on which each arm loses most, the worst first. */
  readonly hardest: readonly HardLevel[];
}

export interface ArmLevels {
  readonly arm: string;
  readonly runs: number;
  readonly scores: LevelSummary;
}

/** Scores over levels, as agents' `LevelScores`; null where they cannot be told. */
export interface LevelSummary {
  readonly mean: Estimate;
  readonly cvar10: Estimate;
  readonly cvar1: Estimate;
  readonly solved: Estimate | null;
  readonly regret: Estimate | null;
  readonly maximumRegret: Estimate | null;
}

export interface LevelScore {
  readonly name: string;
  readonly description: Readonly<Record<string, number>>;
  /** The best return that any policy can have, where it is known. */
  readonly optimum: number | null;
  readonly arms: readonly { readonly arm: string; readonly return: Estimate; readonly solved: Estimate | null }[];
}

/** Numbers are means over the runs of the arm. */
export interface HardLevel {
  readonly arm: string;
  readonly name: string;
  readonly description: Readonly<Record<string, number>>;
  readonly return: number;
  readonly solved: number | null;
  readonly regret: number | null;
  /** SVG. */
  readonly picture: string | null;
}

export interface SettingRow {
  /** JSON pointer into the scenario. */
  readonly path: string;
  /** By arm: its values, without repeats. */
  readonly values: Readonly<Record<string, readonly Json[]>>;
}

export interface MachineRow {
  /** `cpu`, `cores`, `memory`, `os`, `node`, package versions, device and executor, as name and text. */
  readonly facts: Readonly<Record<string, string>>;
  readonly runs: number;
}
