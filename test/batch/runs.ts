import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { AttemptOptions, Outcome } from '../../batch/index.ts';
import { loadScenario, type Scenario } from '../../scenarios/index.ts';
import { put } from '../scenarios/files.ts';

/** A scenario of a few hundred milliseconds that truly trains, with a checkpoint every few iterations. */
export function quickScenario(folder: string, changes: object = {}): Scenario {
  const quick = {
    name: 'quick',
    environment: { name: 'counting', copies: 4 },
    learner: { rollout: 16, epochs: 1, minibatches: 1, network: { hidden: [8] } },
    steps: 1280,
    evaluation: { episodes: 2 },
    checkpoint: { every: 128 },
    ...changes,
  };
  return loadScenario(put(folder, `${Math.random()}.json`, quick));
}

/** Options of an attempt without limits. */
export function attemptAt(folder: string, scenario: Scenario, more: Partial<AttemptOptions> = {}): AttemptOptions {
  return {
    folder,
    scenario,
    limits: { seconds: null, memory: null },
    signal: new AbortController().signal,
    ...more,
  };
}

/** What must be equal between two runs that are one: every byte of the metrics and of the checkpoints' contents. */
export function remains(run: string): Readonly<Record<string, string>> {
  const files = readdirSync(run, { recursive: true, encoding: 'utf8' })
    .filter((name) => /metrics\.jsonl$|tensors\.safetensors$|state\.json$|scenario\.json$/.test(name))
    .sort();
  return Object.fromEntries(files.map((name) => [name, hashOf(join(run, name))]));
}

export function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Every file under a folder, from it. */
export function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** The lines of a file of JSON values. */
export function jsonLines<T = Record<string, unknown>>(file: string): T[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Living children (of any parent) that attempts run in, whose environment has `mark` as MARK. */
export function attemptProcesses(mark: string): number[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        const [command, environment] = ['cmdline', 'environ'].map((file) => textOf(`/proc/${pid}/${file}`));
        return command!.includes('attempt-process.mjs') && environment!.includes(`MARK=${mark}\0`);
      })
      .map(Number);
  }
  const { stdout } = spawnSync('ps', ['axwwE', '-o', 'pid=,command='], { encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => line.includes('attempt-process.mjs') && line.includes(mark));
  return lines.map((line) => Number.parseInt(line, 10));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it ended while we looked
  }
}

export type Failed = Extract<Outcome, { state: 'failed' }>;
