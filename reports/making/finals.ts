import { stream } from '../../core/index.ts';
import type { ScoreRange } from '../../scenarios/index.ts';
import type { ComparisonRow, FinalRow } from '../report.ts';
import { aggregate, compare, reversed, type Scores } from '../statistics/index.ts';
import { otherWayRound, pairedBySeed, type Scored } from './pairs.ts';

/** Final scores of an arm by task: of the runs that have one. */
type ByTask = ReadonlyMap<string, readonly Scored[]>;

/** By arm. */
export type Finals = ReadonlyMap<string, ByTask>;

export type Ranges = Readonly<Record<string, ScoreRange | null>>;

/**
 * Final scores of each arm: raw ones on each task, and normalised ones where the task's range is known; over all tasks
 * where there are several, all with known ranges, and the arm has runs on all of them.
 */
export function finalRows(finals: Finals, tasks: readonly string[], ranges: Ranges): FinalRow[] {
  const rows: FinalRow[] = [];
  for (const task of tasks) {
    for (const [arm, byTask] of finals) {
      const raw = rawOn(byTask, task);
      if (raw === undefined) continue;
      rows.push(finalRow(task, arm, [raw], false));
      const range = ranges[task];
      if (range) rows.push(finalRow(task, arm, [normalised(raw, range)], true));
    }
  }
  for (const [arm, byTask] of finals) {
    const scores = overTasks(byTask, tasks, ranges);
    if (scores !== undefined) rows.push(finalRow(null, arm, scores, true));
  }
  return rows;
}

/** Every arm against every other, on each task and, where `finalRows` has them, over all tasks. */
export function comparisonRows(finals: Finals, tasks: readonly string[], ranges: Ranges): ComparisonRow[] {
  const arms = [...finals];
  return [...tasks, null].flatMap((task) => {
    const scoresOf = (byTask: ByTask): Scores | undefined => {
      if (task === null) return overTasks(byTask, tasks, ranges);
      const raw = rawOn(byTask, task);
      return raw === undefined ? undefined : [raw];
    };
    return arms.flatMap(([arm, ours], i) =>
      arms.slice(i + 1).flatMap(([other, theirs]): ComparisonRow[] => {
        const [a, b] = [scoresOf(ours), scoresOf(theirs)];
        if (a === undefined || b === undefined) return [];
        const compared = compare(a, b, { random: stream(0, `report/comparison/${task}/${arm}/${other}`) });
        const random = stream(0, `report/paired/${task}/${arm}/${other}`);
        const paired = task === null ? null : pairedBySeed(ours.get(task)!, theirs.get(task)!, random);
        return [
          { task, better: arm, worse: other, ...compared, paired },
          { task, better: other, worse: arm, ...reversed(compared), paired: otherWayRound(paired) },
        ];
      }),
    );
  });
}

/** 0 at the range's low end, 1 at its high end; beyond them below 0 and above 1. */
export function normalised(raw: readonly number[], { low, high }: ScoreRange): number[] {
  return raw.map((value) => (value - low) / (high - low));
}

function finalRow(task: string | null, arm: string, scores: Scores, isNormalised: boolean): FinalRow {
  const random = stream(0, `report/final/${task}/${arm}/${isNormalised}`);
  const { mean, median, interquartileMean, optimalityGap } = aggregate(scores, { random });
  const runs = scores.reduce((sum, each) => sum + each.length, 0);
  const gap = isNormalised ? optimalityGap : null;
  return { task, arm, runs, isNormalised, mean, median, interquartileMean, optimalityGap: gap };
}

function rawOn(byTask: ByTask, task: string): readonly number[] | undefined {
  return byTask.get(task)?.map(({ score }) => score);
}

function overTasks(byTask: ByTask, tasks: readonly string[], ranges: Ranges): Scores | undefined {
  if (tasks.length < 2) return undefined;
  const scores = tasks.flatMap((task) => {
    const [raw, range] = [rawOn(byTask, task), ranges[task]];
    return raw !== undefined && range ? [normalised(raw, range)] : [];
  });
  return scores.length === tasks.length ? scores : undefined;
}
