import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import type { Plan } from '../../scenarios/index.ts';

/** Where a run is, or will be once it has begun. */
export interface Found {
  readonly path: string;
  readonly name: string;
  readonly arm?: string;
  readonly seed?: number;
}

/**
 * The runs of a folder: itself, those of a batch (`plan.json`, `runs/<key>`; the ones that have not begun too), or the
 * run folders in it. Looks anew each time it is called.
 */
export function findRuns(folder: string): Found[] {
  if (isRun(folder)) return [{ path: folder, name: basename(resolve(folder)) }];
  const jobs = planOf(folder)?.jobs ?? [];
  const planned = jobs.map(({ key, arm, seed }) => ({ path: join(folder, 'runs', key), name: key, arm, seed }));
  const names = new Set(planned.map(({ name }) => name));
  const inside = jobs.length > 0 || existsSync(join(folder, 'plan.json')) ? join(folder, 'runs') : folder;
  const others = foldersIn(inside)
    .filter((name) => !names.has(name) && isRun(join(inside, name)))
    .map((name) => ({ path: join(inside, name), name }));
  return [...planned, ...others];
}

/** Refuses a folder that holds nothing to watch. */
export function mustHoldRuns(folder: string): void {
  if (existsSync(join(folder, 'plan.json')) || findRuns(folder).length > 0) return;
  throw new LightbulbError('invalid_input', existsSync(folder) ? 'there is no run in it' : 'there is no such folder', {
    where: folder,
    wanted: 'the folder of a run, of a batch, or one with run folders in it',
  });
}

function isRun(folder: string): boolean {
  return existsSync(join(folder, 'events.jsonl'));
}

/** Undefined where there is none, or not a whole one yet. */
function planOf(folder: string): Plan | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as Plan;
  } catch {
    return undefined;
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}
