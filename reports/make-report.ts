import { isDeepStrictEqual } from 'node:util';
import type { ScoreRange } from '../scenarios/index.ts';
import { armsOf } from './making/arms.ts';
import { type ArmRuns, curvesOf, POINTS } from './making/curves.ts';
import { comparisonRows, finalRows } from './making/finals.ts';
import { settingRows, settingsOf } from './making/settings.ts';
import { warningsOf } from './making/warnings.ts';
import type { RecordedRun, RecordedRuns } from './read-runs.ts';
import type { MachineRow, Report, RunRow } from './report.ts';
import { BAND_REPETITIONS, REPETITIONS } from './statistics/index.ts';

export interface ReportOptions {
  /** Otherwise the names of the experiments. */
  readonly title?: string;
  /** What counts as 0 and 1 on a task; over what the plans of batches say. */
  readonly scores?: Readonly<Record<string, ScoreRange>>;
}

/**
 * Makes a report of runs. The same runs give the same report: the draws of its bootstraps come from streams that are
 * named after what is estimated.
 */
export function makeReport(recorded: RecordedRuns, { title, scores = {} }: ReportOptions = {}): Report {
  const { runs, plans } = recorded;
  const settings = runs.map(({ scenario }) => settingsOf(scenario));
  const armOf = armsOf(runs, settings);
  const [arms, tasks] = [unique(armOf), unique(runs.map(({ task }) => task))];
  const rows = runs.map((run, i) => runRow(run, armOf[i]!));
  const groups: ArmRuns[] = tasks.flatMap((task) =>
    arms.flatMap((arm) => {
      const members = runs.filter((run, i) => run.task === task && armOf[i] === arm);
      return members.length > 0 ? [{ arm, task, runs: members }] : [];
    }),
  );
  const known = { ...recorded.scores, ...scores };
  const ranges = Object.fromEntries(tasks.map((task) => [task, known[task] ?? null]));
  const returns = returnsOf(rows, arms);
  const names = unique(plans.map(({ experiment }) => experiment)).filter((name) => name !== '');
  return {
    title: title ?? (names.length > 0 ? names.join(', ') : `Runs of ${arms.join(', ')}`),
    description: unique(plans.map(({ description }) => description))
      .join('\n')
      .trim(),
    measure: 'return of an episode: mean over the episodes of the final evaluation, summed as the environment sums it',
    tasks,
    arms,
    runs: rows,
    curves: curvesOf(groups),
    finals: finalRows(returns, tasks, ranges),
    comparisons: comparisonRows(returns, tasks, ranges),
    scores: ranges,
    settings: settingRows(settings, armOf),
    machines: machineRows(runs),
    methods: METHODS,
    warnings: [...recorded.warnings, ...warningsOf(rows, groups, tasks, ranges)],
  };
}

const METHODS: readonly string[] = [
  'Final scores are mean returns of the evaluation at the end of each finished run, one number a run.',
  'Mean, median (over tasks, of the means over runs: on one task the same as the mean), interquartile mean and ' +
    'optimality gap are those of rliable (Agarwal et al. 2021).',
  `Intervals are stratified percentile bootstrap 95 % intervals with ${REPETITIONS} repetitions; runs are drawn within tasks.`,
  'The probability of improvement is that a run of one arm scores above a run of the other, ties half (Mann-Whitney), ' +
    'averaged over tasks. Intervals are not corrected for the number of comparisons.',
  `Curves are means over runs with percentile bootstrap 95 % intervals (${BAND_REPETITIONS} repetitions, whole runs ` +
    `drawn) at no more than ${POINTS} of the recorded steps, over the steps that all runs of the arm cover; nothing is ` +
    'smoothed. Where the runs have different steps, values are interpolated linearly.',
];

function runRow(run: RecordedRun, arm: string): RunRow {
  const { folder, key, task, seed, state, steps, seconds, stepsPerSecond, final, message } = run;
  return { folder, key, task, arm, seed, state, steps, seconds, stepsPerSecond, final, message };
}

function returnsOf(rows: readonly RunRow[], arms: readonly string[]): Map<string, Map<string, number[]>> {
  const returns = new Map(arms.map((arm) => [arm, new Map<string, number[]>()]));
  for (const { arm, task, final } of rows) {
    if (final === null) continue;
    const byTask = returns.get(arm)!;
    byTask.set(task, [...(byTask.get(task) ?? []), final]);
  }
  return returns;
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
