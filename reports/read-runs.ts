import { LightbulbError } from '../core/index.ts';
import type { Plan, ScoreRange } from '../scenarios/index.ts';
import { findRuns } from './recorded/find-runs.ts';
import { type ReadRun, type RecordedRun, readRun } from './recorded/read-run.ts';

export type { RecordedRun } from './recorded/read-run.ts';
export type { Series } from './recorded/series.ts';

/** Runs as their folders tell them, in the order in which they were found; a batch's in the order of its plan. */
export interface RecordedRuns {
  readonly runs: readonly RecordedRun[];
  /** Folders of batches. */
  readonly batches: readonly string[];
  readonly plans: readonly Plan[];
  /** What counts as 0 and 1 on a task, as the plans say. */
  readonly scores: Readonly<Record<string, ScoreRange>>;
  /** What could not be found or read. */
  readonly warnings: readonly string[];
}

/** Files that are read side by side. Parsing takes one core; more would only hold more pieces of files in memory. */
const AT_ONCE = 4;

/**
 * Reads all runs at `paths`: run folders, batch folders, or folders that hold such. What is broken becomes a warning;
 * `invalid_input` where a path is not there, or no run at all can be read.
 */
export async function readRuns(paths: readonly string[]): Promise<RecordedRuns> {
  const found = findRuns(paths);
  const read: ReadRun[] = new Array(found.runs.length);
  let next = 0;
  const reader = async () => {
    for (let i = next++; i < found.runs.length; i = next++) read[i] = await readRun(found.runs[i]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  const runs = read.flatMap(({ run }) => run ?? []);
  const warnings = [...found.warnings, ...read.flatMap((each) => each.warnings)];
  if (runs.length === 0) {
    throw new LightbulbError('invalid_input', 'no run can be read', {
      where: paths.join(', '),
      got: warnings.join('; '),
    });
  }
  return { runs, batches: found.batches, plans: found.plans, scores: found.scores, warnings };
}
