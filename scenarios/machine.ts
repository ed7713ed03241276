import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describeMachine } from '../core/index.ts';
import { replaceFile, type Write } from './disk.ts';

/** The file of a run's folder that says on which machines it ran: an array of `MachineFacts`, the latest last. */
export const MACHINES = 'machine.json';

/** What a run ran on: names and text, as people read it. A fact that cannot be found out is left out. */
export type MachineFacts = Readonly<Record<string, string>>;

/**
 * The facts of this machine: `cpu` (model), `cores`, `memory`, `gpu`, `system`, versions of `node`, `lightbulb` and the
 * packages that compute, and `commit` of the git repository that the process stands in, with `-dirty` where tracked
 * files are changed.
 */
export function machine(): MachineFacts {
  known ??= findOut();
  return known;
}

/** Adds this machine to those that `folder` names, unless it is the last of them. */
export function recordMachine(folder: string, disk: Write): void {
  const before = machinesOf(folder);
  if (isDeepStrictEqual(before.at(-1), machine())) return;
  replaceFile(join(folder, MACHINES), `${JSON.stringify([...before, machine()], null, 2)}\n`, disk);
}

/** The machines that a run ran on, in order; empty where its folder does not say. */
export function machinesOf(folder: string): readonly MachineFacts[] {
  const file = join(folder, MACHINES);
  if (!existsSync(file)) return [];
  try {
    const machines: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(machines) ? machines.filter(isMachine) : [];
  } catch {
    return []; // it explains a run and is not needed to go on with one
  }
}

let known: MachineFacts | undefined;

function findOut(): MachineFacts {
  const { cpu, cores, memoryGiB, system, gpus, versions } = describeMachine();
  const facts: Record<string, string | undefined> = {
    cpu,
    cores: String(cores),
    memory: `${memoryGiB} GiB`,
    gpu: gpus.map(({ name, memoryMiB }) => `${name}, ${Math.round(memoryMiB / 1024)} GiB`).join('; '),
    system,
    ...versions,
    commit: commit(),
  };
  return Object.fromEntries(Object.entries(facts).filter((fact): fact is [string, string] => Boolean(fact[1])));
}

function commit(): string | undefined {
  try {
    const words = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return execFileSync('git', words, { encoding: 'utf8', stdio, timeout: 2000 }).trim();
  } catch {
    return undefined; // no git here, or no repository
  }
}

function isMachine(value: unknown): value is MachineFacts {
  return typeof value === 'object' && value !== null && Object.values(value).every((fact) => typeof fact === 'string');
}
