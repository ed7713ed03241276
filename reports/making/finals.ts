import { stream } from '../../core/index.ts';
import type { ScoreRange } from '../../scenarios/index.ts';
import type { ComparisonRow, Estimate, FinalRow } from '../report.ts';
import { aggregate, type Comparison, compare, reversed, type Scores } from '../statistics/index.ts';

/** Final returns by arm, then task: of the runs that finished with an evaluation. */
export type Returns = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

export type Ranges = Readonly<Record<string, ScoreRange | null>>;

/**
 * Final scores of each arm: on each task of raw returns, and of normalised scores where the task's range is known; over
 * all tasks where there are several, all with known ranges, and the arm has runs on all of them.
 */
export function finalRows(returns: Returns, tasks: readonly string[], ranges: Ranges): FinalRow[] {
  const rows: FinalRow[] = [];
  for (const task of tasks) {
    for (const [arm, byTask] of returns) {
      const raw = byTask.get(task);
      if (raw === undefined) continue;
      rows.push(finalRow(task, arm, [raw], false));
      const range = ranges[task];
      if (range) rows.push(finalRow(task, arm, [normalised(raw, range)], true));
    }
  }
  for (const [arm, byTask] of returns) {
    const scores = overTasks(byTask, tasks, ranges);
    if (scores !== undefined) rows.push(finalRow(null, arm, scores, true));
  }
  return rows;
}

/** Every arm against every other, on each task and, where `finalRows` has them, over all tasks. */
export function comparisonRows(returns: Returns, tasks: readonly string[], ranges: Ranges): ComparisonRow[] {
  const arms = [...returns];
  const places: { readonly task: string | null; readonly of: (arm: string) => Scores | undefined }[] = [
    ...tasks.map((task) => ({
      task,
      of: (arm: string) => {
        const raw = returns.get(arm)?.get(task);
        return raw === undefined ? undefined : [raw];
      },
    })),
    { task: null, of: (arm) => overTasks(returns.get(arm)!, tasks, ranges) },
  ];
  return places.flatMap(({ task, of }) =>
    arms.flatMap(([arm], i) =>
      arms.slice(i + 1).flatMap(([other]) => {
        const [a, b] = [of(arm), of(other)];
        if (a === undefined || b === undefined) return [];
        const compared = compare(a, b, { random: stream(0, `report/comparison/${task}/${arm}/${other}`) });
        return [row(task, arm, other, compared), row(task, other, arm, reversed(compared))];
      }),
    ),
  );
}

/** 0 at the range's low end, 1 at its high end; beyond them below 0 and above 1. */
export function normalised(returns: readonly number[], { low, high }: ScoreRange): number[] {
  return returns.map((value) => (value - low) / (high - low));
}

function finalRow(task: string | null, arm: string, scores: Scores, isNormalised: boolean): FinalRow {
  const random = stream(0, `report/final/${task}/${arm}/${isNormalised}`);
  const { mean, median, interquartileMean, optimalityGap } = aggregate(scores, { random });
  const runs = scores.reduce((sum, each) => sum + each.length, 0);
  const gap = isNormalised ? optimalityGap : null;
  return { task, arm, runs, isNormalised, mean, median, interquartileMean, optimalityGap: gap };
}

function overTasks(
  byTask: ReadonlyMap<string, readonly number[]>,
  tasks: readonly string[],
  ranges: Ranges,
): Scores | undefined {
  if (tasks.length < 2) return undefined;
  const scores = tasks.flatMap((task) => {
    const [raw, range] = [byTask.get(task), ranges[task]];
    return raw !== undefined && range ? [normalised(raw, range)] : [];
  });
  return scores.length === tasks.length ? scores : undefined;
}

function row(task: string | null, better: string, worse: string, { probability, difference }: Comparison<Estimate>) {
  return { task, better, worse, probability, difference };
}
