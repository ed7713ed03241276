import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { replaceFile, type Write } from './disk.ts';

/** The file of a run's folder that says on which machines it ran: an array of `Machine`, the latest last. */
export const MACHINES = 'machine.json';

/** What a run ran on: names and text, as people read it. A fact that cannot be found out is left out. */
export type Machine = Readonly<Record<string, string>>;

/**
 * The facts of this machine: `cpu` (model), `cores` (logical), `memory` (GiB), `os` (kernel and architecture), `node`,
 * versions of `lightbulb`, `onnxruntime-node` and `@tensorflow/tfjs`, and `commit` of the git repository that the
 * process stands in, with `-dirty` where tracked files are changed.
 */
export function machine(): Machine {
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
export function machinesOf(folder: string): readonly Machine[] {
  const file = join(folder, MACHINES);
  if (!existsSync(file)) return [];
  try {
    const machines: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(machines) ? machines.filter(isMachine) : [];
  } catch {
    return []; // it explains a run and is not needed to go on with one
  }
}

let known: Machine | undefined;

function findOut(): Machine {
  const processors = cpus();
  const facts: Record<string, string | undefined> = {
    cpu: processors[0]?.model.trim(),
    cores: String(processors.length),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    os: `${type()} ${release()} ${process.arch}`,
    node: process.version,
    lightbulb: versionIn(new URL('../package.json', import.meta.url)),
    'onnxruntime-node': versionOf('onnxruntime-node'),
    '@tensorflow/tfjs': versionOf('@tensorflow/tfjs'),
    commit: commit(),
  };
  return Object.fromEntries(Object.entries(facts).filter((fact): fact is [string, string] => Boolean(fact[1])));
}

/** A package's version, from its own folder: packages need not let their `package.json` be imported. */
function versionOf(name: string): string | undefined {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name, 'package.json')).find((file) => existsSync(file));
  return found === undefined ? undefined : versionIn(found);
}

function versionIn(file: string | URL): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
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

function isMachine(value: unknown): value is Machine {
  return typeof value === 'object' && value !== null && Object.values(value).every((fact) => typeof fact === 'string');
}
