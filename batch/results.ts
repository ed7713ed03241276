import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../core/index.ts';
import { type Job, type Standing, type Summary, standingOf } from '../scenarios/index.ts';

/**
 * What a run of a batch came to; a line of `results.json`. Nothing in it tells when or where: equal batches have
 * equal results, byte for byte.
 */
export interface Result {
  readonly key: string;
  readonly arm: string;
  readonly settings: Readonly<Record<string, Json>>;
  readonly seed: number;
  /** `waiting`: not begun; `interrupted`: to be gone on with. */
  readonly state: 'finished' | 'failed' | 'interrupted' | 'waiting';
  /** Environment steps; of a run that is not finished, those whose metrics are written. */
  readonly steps: number;
  /** The last one of a finished run. */
  readonly evaluation: Summary['evaluation'];
  /** SHA-256 of a finished run's `metrics.jsonl`. */
  readonly metrics: string | null;
  /** Why a run failed: an error's code, or `time_limit`, `memory_limit`, `killed`. */
  readonly code: string | null;
}

/** How a job's run in `folder` stands. `code`: where it failed in this sitting, why. */
export function resultOf({ key, arm, settings, seed, scenario }: Job, folder: string, code: string | null): Result {
  const standing = lookAt(() => standingOf(folder, scenario));
  const what = { key, arm, settings, seed };
  if (standing.state === 'finished') {
    const { steps, evaluation } = standing.summary;
    const metrics = createHash('sha256')
      .update(readFileSync(join(folder, 'metrics.jsonl')))
      .digest('hex');
    return { ...what, state: 'finished', steps, evaluation, metrics, code: null };
  }
  const state = code !== null ? 'failed' : standing.state === 'begun' ? 'interrupted' : 'waiting';
  return { ...what, state, steps: lastStep(join(folder, 'metrics.jsonl')), evaluation: null, metrics: null, code };
}

/** A folder that cannot be looked at has failed the run, which says so itself. */
function lookAt(look: () => Standing): Standing {
  try {
    return look();
  } catch {
    return { state: 'none' };
  }
}

function lastStep(file: string): number {
  if (!existsSync(file)) return 0;
  const line = readFileSync(file, 'utf8').split('\n').at(-2);
  return line === undefined ? 0 : (JSON.parse(line) as { step: number }).step;
}
