import { someOf } from '../recorded/find-runs.ts';
import type { RunRow } from '../report.ts';
import type { ArmRuns } from './curves.ts';
import { differing, settingsOf } from './settings.ts';

/** Runs of an arm on a task below which an interval says little. */
const FEW = 5;

/** What a reader must know before believing a report of these runs. */
export function warningsOf(
  rows: readonly RunRow[],
  groups: readonly ArmRuns[],
  tasks: readonly string[],
  ranges: Readonly<Record<string, object | null>>,
  measure = 'an evaluation',
): string[] {
  return [
    ...unfinished(rows),
    ...withoutFinal(rows, measure),
    ...few(rows, groups),
    ...unequal(groups, tasks),
    ...unscored(tasks, ranges),
  ];
}

function unfinished(rows: readonly RunRow[]): string[] {
  const words = { failed: 'failed', interrupted: 'were interrupted', running: 'are running' } as const;
  return (['failed', 'interrupted', 'running'] as const).flatMap((state) => {
    const names = rows
      .filter((row) => row.state === state)
      .map(({ key, message }) => (message ? `${key} (${message})` : key));
    return names.length > 0
      ? [`${names.length} of ${rows.length} runs ${words[state]} and count in no final score: ${someOf(names)}`]
      : [];
  });
}

function withoutFinal(rows: readonly RunRow[], measure: string): string[] {
  const names = rows.filter(({ state, final }) => state === 'finished' && final === null).map(({ key }) => key);
  return names.length > 0 ? [`${names.length} runs finished without ${measure}: ${someOf(names)}`] : [];
}

function few(rows: readonly RunRow[], groups: readonly ArmRuns[]): string[] {
  return groups.flatMap(({ arm, task }) => {
    const n = rows.filter((row) => row.arm === arm && row.task === task && row.final !== null).length;
    if (n === 0) return [`${arm} has no final score on ${task}`];
    if (n === 1)
      return [`${arm} has one run on ${task}: its interval has no width, which does not mean that it is exact`];
    return n < FEW ? [`${arm} has only ${n} runs on ${task}: its intervals are narrower than the truth`] : [];
  });
}

/** Budgets and evaluations that differ between the arms of a task, and seeds that do. */
function unequal(groups: readonly ArmRuns[], tasks: readonly string[]): string[] {
  return tasks.flatMap((task) => {
    const here = groups.filter((group) => group.task === task);
    const runs = here.flatMap((group) => group.runs);
    const paths = differing(runs.map(({ scenario }) => settingsOf(scenario)));
    const evaluations = paths.filter((path) => /^\/evaluation\/(?!every)/.test(path));
    const seeds = new Set(here.map((group) => String(group.runs.map(({ seed }) => seed).sort((a, b) => a - b))));
    return [
      ...(paths.includes('/steps') ? [`runs on ${task} have unequal budgets of steps`] : []),
      ...(evaluations.length > 0 ? [`runs on ${task} are evaluated differently: ${evaluations.join(', ')}`] : []),
      ...(seeds.size > 1 ? [`arms on ${task} have runs of different seeds`] : []),
      ...here.flatMap(({ arm, runs }) =>
        repeated(runs.map(({ seed }) => seed)).map(
          (seed) => `${arm} has several runs of seed ${seed} on ${task}, which are not independent`,
        ),
      ),
    ];
  });
}

function unscored(tasks: readonly string[], ranges: Readonly<Record<string, object | null>>): string[] {
  const unknown = tasks.filter((task) => !ranges[task]);
  if (tasks.length < 2 || unknown.length === 0) return [];
  return [`there are no scores over all tasks: what counts as 0 and 1 is not known of ${someOf(unknown)} (--score)`];
}

function repeated(seeds: readonly number[]): number[] {
  return [...new Set(seeds.filter((seed, i) => seeds.indexOf(seed) !== i))];
}
