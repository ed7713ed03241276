import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Json, LightbulbError } from '../core/index.ts';
import { type Newest, newestCheckpoint, removeAfter, type Saved, writeCheckpoint } from './checkpoints.ts';
import { JsonLines, onDisk, replaceFile, type Write, wholeLines } from './disk.ts';
import type { Event, Summary } from './events.ts';
import { FolderLock } from './folder-lock.ts';
import { loadScenario } from './load.ts';
import { recordMachine } from './machine.ts';
import type { Override } from './overrides.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { Scenario } from './schema.ts';

export const SCENARIO = 'scenario.json';
const EVENTS = 'events.jsonl';
const METRICS = 'metrics.jsonl';
const CHECKPOINTS = 'checkpoints';
export const SUMMARY = 'summary.json';

/** Numbers at a step, without times: a line of `metrics.jsonl`. */
export type MetricsRow = { readonly step: number } & { readonly [name: string]: number };

/**
 * Everything a run leaves behind:
 *
 *     scenario.json   resolved, with all defaults filled in
 *     events.jsonl    what happened and when
 *     metrics.jsonl   numbers by step, no times: equal for equal runs, byte for byte
 *     checkpoints/    <step>/{tensors.safetensors, state.json, manifest.json}
 *     summary.json    what was reached
 *     machine.json    what it ran on, the latest last
 *     lock            which process writes to it, while one does
 *
 * Open for writing; one process at a time.
 */
export class RunFolder {
  readonly path: string;
  private readonly metrics: JsonLines;
  private readonly events: JsonLines;
  private readonly lock: FolderLock;
  private readonly disk: Write;

  private constructor(path: string, keep: { metrics: number; events: number }, lock: FolderLock, disk: Write) {
    this.path = path;
    this.lock = lock;
    this.disk = disk;
    this.metrics = new JsonLines(join(path, METRICS), keep.metrics, disk);
    this.events = new JsonLines(join(path, EVENTS), keep.events, disk);
  }

  /** Makes the folder; `exists` where it is there already. `owner`: see `FolderLock`. */
  static create(path: string, scenario: Scenario, owner: ProcessIdentity | null, disk: Write): RunFolder {
    onDisk(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      try {
        mkdirSync(path);
      } catch (error) {
        throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyThere(path) : error;
      }
    });
    try {
      const lock = FolderLock.take(path, owner);
      replaceFile(join(path, SCENARIO), print(scenario), disk);
      recordMachine(path, disk);
      return new RunFolder(path, { metrics: 0, events: 0 }, lock, disk);
    } catch (error) {
      rmSync(path, { recursive: true, force: true }); // nobody could resume it, and its name would be taken
      throw error;
    }
  }

  /**
   * Opens the folder to go on after `saved` (undefined: from the beginning). Metrics and checkpoints after it are
   * cut off, as the run will make them again; events stay, as they did happen. `lock`: on this folder, taken before
   * `saved` was read.
   */
  static reopen(path: string, scenario: Scenario, saved: Saved | undefined, lock: FolderLock, disk: Write): RunFolder {
    removeAfter(join(path, CHECKPOINTS), saved?.step ?? -1);
    if (readFileSync(join(path, SCENARIO), 'utf8') !== print(scenario)) {
      replaceFile(join(path, SCENARIO), print(scenario), disk);
    }
    recordMachine(path, disk);
    const keep = { metrics: saved?.metricsBytes ?? 0, events: wholeLines(join(path, EVENTS)) };
    return new RunFolder(path, keep, lock, disk);
  }

  addEvent(event: Event): void {
    this.events.append(event);
  }

  addMetrics(row: MetricsRow): void {
    this.metrics.append(row);
  }

  /** Saves a checkpoint that goes with the metrics written so far. Returns its folder. */
  async save(saved: Omit<Saved, 'metricsBytes'>, keep: number): Promise<string> {
    this.metrics.sync();
    const folder = join(this.path, CHECKPOINTS);
    return writeCheckpoint(folder, { ...saved, metricsBytes: this.metrics.length }, keep, this.disk);
  }

  summarise(summary: Summary): void {
    replaceFile(join(this.path, SUMMARY), print(summary), this.disk);
  }

  close(): void {
    this.metrics.close();
    this.events.close();
    this.lock.release();
  }
}

/** The resolved scenario that a run folder was made with, with overrides over it. */
export function scenarioOf(path: string, overrides: readonly Override[] = []): Scenario {
  const file = join(path, SCENARIO);
  if (!existsSync(file)) {
    throw new LightbulbError(
      'invalid_input',
      existsSync(path) ? 'not the folder of a run' : 'there is no such folder',
      {
        where: path,
        wanted: `a folder with ${SCENARIO} in it, as \`lightbulb run\` makes them`,
      },
    );
  }
  return loadScenario(file, overrides);
}

/** The newest whole checkpoint of a run, and what is wrong with newer ones. Changes nothing. */
export function newestCheckpointOf(path: string): Promise<Newest> {
  return newestCheckpoint(join(path, CHECKPOINTS), sizeOf(join(path, METRICS)));
}

/** `exists` where something is at `path` already: asked early, before the costly part of a start. */
export function mustBeNew(path: string): void {
  if (existsSync(path)) throw alreadyThere(path);
}

/** `runs/<scenario>-<seed>-<time>`, numbered where a run of the same second has that name. */
export function newFolderName(runs: string, { name, seed }: Scenario, time: Date): string {
  const stamp = time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const base = join(runs, `${name}-${seed}-${stamp}`);
  for (let n = 1; ; n++) {
    const path = n === 1 ? base : `${base}-${n}`;
    if (!existsSync(path)) return path;
  }
}

function alreadyThere(path: string): LightbulbError {
  return new LightbulbError('exists', 'this run folder is there already', {
    where: path,
    cure: 'Name another, or go on with it: lightbulb resume',
  });
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

function print(value: unknown): string {
  return `${JSON.stringify(value as Json, null, 2)}\n`;
}
