import { closest, LightbulbError, suggest } from '../../core/index.ts';
import type { RecordedRun } from '../read-runs.ts';
import type { Measure } from '../report.ts';

/** Which numbers of runs are their final scores. */
export interface Measured {
  /** By task. */
  readonly measures: Readonly<Record<string, Measure>>;
  /** Of each run, in their order; null where it has none. */
  readonly finals: readonly (number | null)[];
  /** In words, to go on after "the". */
  readonly words: string;
  /** Tasks on which only some runs say what the team's objective was. */
  readonly unclear: readonly string[];
}

export const RETURN = 'evaluation/return/mean';
export const TEAM = 'evaluation/team';

/**
 * The final scores of runs: the number of that `name` (of `metrics.jsonl`) where one is given; otherwise, task by task,
 * the mean of the team's objective in the final evaluation where the environment has one of its own, and the mean
 * return where it has not. `invalid_input` where no run has recorded a number of that name.
 */
export function measured(runs: readonly RecordedRun[], name?: string): Measured {
  if (name !== undefined) mustBeRecorded(name, runs);
  const tasks = [...new Set(runs.map(({ task }) => task))];
  const measures: Record<string, Measure> = {};
  const unclear: string[] = [];
  for (const task of tasks) {
    const members = runs.filter((run) => run.task === task);
    measures[task] = measureOf(name ?? (areTeams(members) ? TEAM : RETURN));
    const isMixed = members.some(({ team }) => team !== null) && !areTeams(members);
    if (name === undefined && isMixed) unclear.push(task);
  }
  return {
    measures,
    finals: runs.map((run) => finalOf(run, measures[run.task]!.metric)),
    words: wordsOf(measures),
    unclear,
  };
}

/** Only where all say it: an arm's objective and another's return are no two numbers of one kind. */
function areTeams(runs: readonly RecordedRun[]): boolean {
  const evaluated = runs.filter(({ final }) => final !== null);
  return evaluated.length > 0
    ? evaluated.every(({ team }) => team !== null)
    : runs.some(({ series }) => series.has(TEAM));
}

function measureOf(metric: string): Measure {
  return { metric, title: metric === RETURN ? 'return' : metric === TEAM ? 'team objective' : metric };
}

function finalOf(run: RecordedRun, metric: string): number | null {
  if (metric === RETURN) return run.final;
  if (metric === TEAM) return run.team;
  const series = run.series.get(metric);
  if (run.state !== 'finished' || series === undefined) return null;
  // A number that an earlier evaluation had and the final one had not is not of the run's end.
  const isLate = isOfEvaluations(metric) && series.steps.at(-1)! < lastEvaluation(run);
  return isLate ? null : (series.values.at(-1) ?? null);
}

function lastEvaluation({ series }: RecordedRun): number {
  const evaluations = [...series].filter(([name]) => isOfEvaluations(name));
  return Math.max(...evaluations.map(([, { steps }]) => steps.at(-1) ?? 0));
}

const isOfEvaluations = (metric: string): boolean => metric.startsWith('evaluation/');

function wordsOf(measures: Readonly<Record<string, Measure>>): string {
  const metrics = [...new Set(Object.values(measures).map(({ metric }) => metric))];
  if (metrics.length === 1) return meaningOf(metrics[0]!);
  const parts = metrics.map((metric) => {
    const tasks = Object.keys(measures).filter((task) => measures[task]!.metric === metric);
    return `on ${tasks.join(', ')} the ${meaningOf(metric)}`;
  });
  return `final score: ${parts.join('; ')}`;
}

function meaningOf(metric: string): string {
  const mean = 'mean over the episodes of the final evaluation';
  if (metric === RETURN) return `return of an episode: ${mean}, summed as the environment sums it`;
  if (metric === TEAM) return `team's objective of an episode: ${mean}, summed over its steps`;
  return `number ${metric}: ${isOfEvaluations(metric) ? 'that of the final evaluation' : 'the last that a run recorded'}`;
}

function mustBeRecorded(name: string, runs: readonly RecordedRun[]): void {
  const known = new Set(runs.flatMap(({ series }) => [...series.keys()]));
  if (runs.some(({ final }) => final !== null)) known.add(RETURN);
  if (runs.some(({ team }) => team !== null)) known.add(TEAM);
  if (known.has(name)) return;
  throw new LightbulbError('invalid_input', `no run has recorded a number "${name}"`, {
    where: 'measure',
    cure: nearest(name, [...known]),
  });
}

/** Names that hold what was asked for, or come close to it as a whole or in what follows the last stroke. */
function nearest(name: string, known: readonly string[]): string {
  const ends = new Map(known.map((each) => [each, each.slice(each.lastIndexOf('/') + 1)]));
  const end = closest(name.slice(name.lastIndexOf('/') + 1), [...ends.values()]);
  const near = new Set([
    closest(name, known),
    ...known.filter((each) => each.toLowerCase().includes(name.toLowerCase())),
    ...known.filter((each) => ends.get(each) === end),
  ]);
  near.delete(undefined);
  return near.size > 0
    ? `Did you mean ${[...near]
        .slice(0, 4)
        .map((each) => `"${each}"`)
        .join(' or ')}?`
    : suggest(name, known);
}
