import { isDeepStrictEqual } from 'node:util';
import type { ScoreRange } from '../scenarios/index.ts';
import { armsOf } from './making/arms.ts';
import { type ArmRuns, curvesOf, POINTS } from './making/curves.ts';
import { comparisonRows, type Finals, finalRows } from './making/finals.ts';
import { levelReports } from './making/levels.ts';
import { measured } from './making/measures.ts';
import type { Scored } from './making/pairs.ts';
import { settingRows, settingsOf } from './making/settings.ts';
import { warningsOf } from './making/warnings.ts';
import type { RecordedRun, RecordedRuns } from './read-runs.ts';
import type { MachineRow, Report, RunRow } from './report.ts';
import { BAND_REPETITIONS, REPETITIONS } from './statistics/index.ts';

export interface ReportOptions {
  /** Otherwise the names of the experiments. */
  readonly title?: string;
  /**
   * What counts as 0 and 1 on a task; over what the plans of batches say. Their ranges are of what is compared when no
   * `measure` is named, and are left aside when one is.
   */
  readonly scores?: Readonly<Record<string, ScoreRange>>;
  /**
   * Which number of `metrics.jsonl` is a run's final score, by its name. Otherwise the mean of the team's objective in
   * the final evaluation where the environment has one of its own, and the mean return where it has not.
   */
  readonly measure?: string;
}

/**
 * Makes a report of runs. The same runs give the same report: the draws of its bootstraps come from streams that are
 * named after what is estimated. `invalid_input` where no run has recorded the measure.
 */
export function makeReport(recorded: RecordedRuns, { title, scores = {}, measure }: ReportOptions = {}): Report {
  const { runs, plans } = recorded;
  const settings = runs.map(({ scenario }) => settingsOf(scenario));
  const armOf = armsOf(runs, settings);
  const [arms, tasks] = [unique(armOf), unique(runs.map(({ task }) => task))];
  const { measures, finals: ends, words, unclear } = measured(runs, measure);
  const rows = runs.map((run, i) => runRow(run, armOf[i]!, ends[i]!));
  const groups: ArmRuns[] = tasks.flatMap((task) =>
    arms.flatMap((arm) => {
      const members = runs.filter((run, i) => run.task === task && armOf[i] === arm);
      return members.length > 0 ? [{ arm, task, runs: members }] : [];
    }),
  );
  const known = measure === undefined ? { ...recorded.scores, ...scores } : scores;
  const ranges = Object.fromEntries(tasks.map((task) => [task, known[task] ?? null]));
  const finals = finalsOf(rows, arms);
  const levels = levelsOf(runs, armOf);
  const names = unique(plans.map(({ experiment }) => experiment)).filter((name) => name !== '');
  return {
    title: title ?? (names.length > 0 ? names.join(', ') : `Runs of ${arms.join(', ')}`),
    description: unique(plans.map(({ description }) => description))
      .join('\n')
      .trim(),
    measure: words,
    measures,
    tasks,
    arms,
    runs: rows,
    curves: curvesOf(groups, unique(tasks.map((task) => measures[task]!.metric))),
    finals: finalRows(finals, tasks, ranges),
    comparisons: comparisonRows(finals, tasks, ranges),
    levels: levels.reports,
    scores: ranges,
    settings: settingRows(settings, armOf),
    machines: machineRows(runs),
    methods: [
      `A final score is the ${words}. Each finished run has one.`,
      ...METHODS,
      ...(levels.reports.length > 0 ? LEVEL_METHODS : []),
    ],
    warnings: [
      ...recorded.warnings,
      ...warningsOf(rows, groups, tasks, ranges, measure),
      ...levels.warnings,
      ...unclear.map((task) => `only some runs on ${task} say what their team's objective was: returns are compared`),
      ...(measure === undefined ? [] : leftAside(tasks, recorded.scores, scores, measure)),
    ],
  };
}

const METHODS: readonly string[] = [
  'Mean, median (over tasks, of the means over runs: on one task the same as the mean), interquartile mean and ' +
    'optimality gap are those of rliable (Agarwal et al. 2021).',
  `Intervals are stratified percentile bootstrap 95 % intervals with ${REPETITIONS} repetitions; runs are drawn within tasks.`,
  'The probability of improvement is that a run of one arm scores above a run of the other, ties half (Mann-Whitney), ' +
    'averaged over tasks. Intervals are not corrected for the number of comparisons.',
  'Paired differences are those of runs with the same seed, averaged over the seeds that both arms have on a task; their ' +
    `intervals are percentile bootstrap 95 % intervals with ${REPETITIONS} repetitions, whole pairs drawn. With few ` +
    'pairs they are narrower than the truth: with up to three they reach from the least difference to the greatest.',
  `Curves are means over runs with percentile bootstrap 95 % intervals (${BAND_REPETITIONS} repetitions, whole runs ` +
    `drawn) at no more than ${POINTS} of the recorded steps, over the steps that all runs of the arm cover; nothing is ` +
    'smoothed. Where the runs have different steps, values are interpolated linearly.',
];

const LEVEL_METHODS: readonly string[] = [
  'Over levels, each run has one number of a kind: the mean over levels of their mean returns; CVaR, the mean over the ' +
    'worst tenth or hundredth of levels (one at least), cross-fitted: chosen by one half of the episodes and scored by ' +
    'the other, both ways round; the share of episodes that solved their level; and regret, the best return of a level ' +
    'less the mean return. The largest regret is of noisy numbers and so too large in expectation where episodes are few ' +
    'and chance decides them. Tables show interquartile means over runs.',
];

/** What runs reached on levels, by task, set and arm: of whole arms, as `makeReport` has them. */
export function levelsOf(
  runs: readonly RecordedRun[],
  armOf = armsOf(
    runs,
    runs.map(({ scenario }) => settingsOf(scenario)),
  ),
) {
  const owned = runs.flatMap(({ task, levels }, i) =>
    levels.map((evaluation) => ({ task, arm: armOf[i]!, evaluation })),
  );
  return levelReports(owned, unique(armOf));
}

function runRow(run: RecordedRun, arm: string, final: number | null): RunRow {
  const { folder, key, task, seed, state, steps, seconds, stepsPerSecond, message } = run;
  return { folder, key, task, arm, seed, state, steps, seconds, stepsPerSecond, final, message };
}

function finalsOf(rows: readonly RunRow[], arms: readonly string[]): Finals {
  const finals = new Map(arms.map((arm) => [arm, new Map<string, Scored[]>()]));
  for (const { arm, task, seed, final } of rows) {
    if (final === null) continue;
    const byTask = finals.get(arm)!;
    byTask.set(task, [...(byTask.get(task) ?? []), { seed, score: final }]);
  }
  return finals;
}

/** A plan says which returns count as 0 and 1: of another number they would say nothing. */
function leftAside(tasks: readonly string[], planned: object, given: object, measure: string): string[] {
  const left = tasks.filter((task) => task in planned && !(task in given));
  if (left.length === 0) return [];
  return [`what the plan counts as 0 and 1 on ${left.join(', ')} is not of ${measure}, so scores are raw (--score)`];
}

/** The machines of the runs, with the device and executor that were asked for; the most used first. */
function machineRows(runs: readonly RecordedRun[]): MachineRow[] {
  const rows: { facts: Record<string, string>; runs: number }[] = [];
  for (const { machines, scenario } of runs) {
    const { device, executor } = scenario;
    for (const machine of machines) {
      const asked = Object.entries({ device, executor }).filter(([, value]) => typeof value === 'string');
      const facts = { ...machine, ...(Object.fromEntries(asked) as Record<string, string>) };
      const known = rows.find((row) => isDeepStrictEqual(row.facts, facts));
      if (known === undefined) rows.push({ facts, runs: 1 });
      else known.runs++;
    }
  }
  return rows.sort((a, b) => b.runs - a.runs);
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
