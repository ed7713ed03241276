import { LightbulbError } from '../../core/index.ts';

/**
 * Final scores: `scores[task][run]`, finite numbers, at least one in each task. Tasks may have different numbers of
 * runs. The definitions in this file are rliable's (Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of
 * the Statistical Precipice", sections 4.1 to 4.3, and `rliable/metrics.py`), and equal its numbers where the runs of
 * all tasks are equally many, which is all that rliable takes.
 */
export type Scores = readonly (readonly number[] | Float64Array)[];

/** Mean over tasks of the mean over runs. */
export function mean(scores: Scores): number {
  return average(taskMeans(scores));
}

/** Median over tasks of the mean over runs. With one task this is the mean. */
export function median(scores: Scores): number {
  return middle(taskMeans(scores).sort());
}

/**
 * Mean of the middle half of all runs of all tasks: `scipy.stats.trim_mean` with a proportion of 0.25, which cuts
 * `floor(n / 4)` scores at each end and no fractions of scores.
 */
export function interquartileMean(scores: Scores): number {
  const sorted = pooled(scores).sort();
  const cut = trimmed(sorted.length);
  return average(sorted.subarray(cut, sorted.length - cut));
}

/** How far runs stay below `gamma` on average; above it they gain nothing: `gamma - mean(min(score, gamma))`. */
export function optimalityGap(scores: Scores, gamma = 1): number {
  return gamma - average(pooled(scores).map((score) => Math.min(score, gamma)));
}

/**
 * How probably a run of `a` scores above a run of `b` on a task, averaged over tasks. Per task it is Mann and Whitney's
 * U over the number of pairs, in which a tie counts half. `a` and `b` hold the same tasks in the same order.
 */
export function probabilityOfImprovement(a: Scores, b: Scores): number {
  mustMatch(a, b);
  let total = 0;
  a.forEach((ours, task) => {
    const theirs = b[task]!;
    let wins = 0;
    for (const x of ours) for (const y of theirs) wins += x > y ? 1 : x === y ? 0.5 : 0;
    total += wins / (ours.length * theirs.length);
  });
  return total / a.length;
}

/** How many of `n` sorted scores the interquartile mean leaves out at each end. */
export function trimmed(n: number): number {
  return Math.floor(n / 4);
}

/** The median of numbers in order. */
export function middle(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

export function pooled(scores: Scores): Float64Array {
  mustBeScores(scores);
  return Float64Array.from(scores.flatMap((runs) => Array.from(runs)));
}

export function mustBeScores(scores: Scores): void {
  const isFine = scores.length > 0 && scores.every((runs) => runs.length > 0 && runs.every(Number.isFinite));
  if (isFine) return;
  throw new LightbulbError('invalid_input', 'no statistics can be made of these scores', {
    wanted: 'one task or more, each with one run or more, all finite',
    got: JSON.stringify(scores.map((runs) => Array.from(runs, String))).slice(0, 200),
  });
}

export function mustMatch(a: Scores, b: Scores): void {
  mustBeScores(a);
  mustBeScores(b);
  if (a.length === b.length) return;
  throw new LightbulbError('invalid_input', 'scores of different tasks cannot be compared', {
    wanted: `${a.length} tasks`,
    got: String(b.length),
  });
}

function taskMeans(scores: Scores): Float64Array {
  mustBeScores(scores);
  return Float64Array.from(scores, average);
}

function average(values: readonly number[] | Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}
