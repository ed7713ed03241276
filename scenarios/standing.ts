import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LightbulbError } from '../core/index.ts';
import { onDisk } from './disk.ts';
import type { Summary } from './events.ts';
import { FolderLock, isLock } from './folder-lock.ts';
import { SCENARIO, SUMMARY, scenarioOf } from './run-folder.ts';
import type { Scenario } from './schema.ts';

/** How far a scenario's run in a folder has come. */
export type Standing =
  /** Nothing is there, or only what a process left that was killed before it had made the folder. */
  | { readonly state: 'none' }
  /** To be resumed, with or without a checkpoint. */
  | { readonly state: 'begun' }
  | { readonly state: 'finished'; readonly summary: Summary };

/**
 * Looks without changing anything. `exists` where something that is no run is in the folder's place; `mismatch`, with
 * the paths that differ, where the run there is of another scenario.
 */
export function standingOf(folder: string, scenario: Scenario): Standing {
  if (!existsSync(folder)) return { state: 'none' };
  if (!existsSync(join(folder, SCENARIO))) {
    if (isUnmade(folder)) return { state: 'none' };
    throw new LightbulbError('exists', 'something that is no run is in its place', { where: folder });
  }
  const differences = differencesOf(scenarioOf(folder), scenario);
  if (differences.length > 0) {
    throw new LightbulbError('mismatch', `the run here is of another scenario: ${list(differences)}`, {
      where: folder,
      cure: 'Name another folder, undo the change, or remove this run to make it again',
    });
  }
  const summary = summaryIn(folder);
  // A finished run may have been given more steps since.
  const isFinished = summary?.state === 'finished' && summary.steps >= scenario.steps;
  return isFinished ? { state: 'finished', summary } : { state: 'begun' };
}

/** Removes what a process left that was killed while it made a run's folder. `exists` where it is at it. */
export function removeUnmade(folder: string): void {
  if (!existsSync(folder) || !isUnmade(folder)) return;
  FolderLock.take(folder);
  onDisk(folder, () => rmSync(folder, { recursive: true, force: true }));
}

function isUnmade(folder: string): boolean {
  if (!statSync(folder).isDirectory()) return false;
  return readdirSync(folder).every((name) => isLock(name) || name === `${SCENARIO}.tmp`);
}

function summaryIn(folder: string): Summary | undefined {
  const file = join(folder, SUMMARY);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Summary) : undefined;
}

/** `/learner/clip was 0.2, is 0.3`, leaf by leaf. */
function differencesOf(before: unknown, now: unknown, path = ''): string[] {
  if (isDeepStrictEqual(before, now)) return [];
  if (!isObject(before) || !isObject(now)) return [`${path} was ${JSON.stringify(before)}, is ${JSON.stringify(now)}`];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys.flatMap((key) => differencesOf(before[key], now[key], `${path}/${key}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(differences: readonly string[]): string {
  const more = differences.length > 3 ? `, and ${differences.length - 3} more` : '';
  return `${differences.slice(0, 3).join(', ')}${more}`;
}
