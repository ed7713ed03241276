import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LightbulbError } from '../core/index.ts';
import {
  type Experiment,
  FolderLock,
  type Job,
  JsonLines,
  type Plan,
  replaceFile,
  standingOf,
  wholeLines,
  writeToDisk,
} from '../scenarios/index.ts';
import type { BatchEvent } from './events.ts';
import type { Result } from './results.ts';

const PLAN = 'plan.json';
const JOURNAL = 'journal.jsonl';
const RESULTS = 'results.json';

/**
 * Everything a batch leaves behind:
 *
 *     plan.json       which run is which
 *     runs/<key>/     each run's folder, as `lightbulb run` makes it
 *     journal.jsonl   attempts and their outcomes, and when; grows over all sittings
 *     logs/<key>.log  what the run's process printed, if it did
 *     results.json    by run: what was reached, without times and places
 *     lock            which process runs the batch, while one does
 *
 * Open for writing; one process at a time.
 */
export class BatchFolder {
  readonly path: string;
  private readonly lock: FolderLock;
  private readonly journal: JsonLines;

  private constructor(path: string, lock: FolderLock) {
    this.path = path;
    this.lock = lock;
    this.journal = new JsonLines(join(path, JOURNAL), wholeLines(join(path, JOURNAL)), writeToDisk);
  }

  /**
   * Makes the folder, or goes on with it. `exists` where another batch is at it or something else is in its place;
   * `mismatch` where a run in it is of another scenario than the job with its key: then nothing is changed.
   */
  static open(path: string, experiment: Experiment): BatchFolder {
    if (existsSync(path) && !existsSync(join(path, PLAN)) && !isEmpty(path)) {
      throw new LightbulbError('exists', 'this is no folder of a batch', {
        where: path,
        cure: 'Name another: --folder',
      });
    }
    mkdirSync(join(path, 'runs'), { recursive: true });
    const lock = FolderLock.take(path);
    try {
      for (const job of experiment.jobs) standingOf(runFolder(path, job.key), job.scenario);
      const { name, description, scores, jobs } = experiment;
      const plan: Plan = {
        experiment: name,
        description,
        scores,
        jobs: jobs.map(({ scenario: _, ...job }) => job),
      };
      replaceFile(join(path, PLAN), print(plan), writeToDisk);
      return new BatchFolder(path, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  runFolder({ key }: Pick<Job, 'key'>): string {
    return runFolder(this.path, key);
  }

  logFile({ key }: Pick<Job, 'key'>): string {
    return join(this.path, 'logs', `${key}.log`);
  }

  /** Writes down what matters later: attempts and outcomes, not every event of every run. */
  note(event: BatchEvent, time: Date): void {
    const when = { time: time.toISOString() };
    if (event.kind === 'opened') {
      const { kind, jobs, parallel, finished } = event;
      const keys = finished.map(({ key }) => key);
      this.journal.append({ ...when, kind, pid: process.pid, jobs: jobs.length, parallel, finished: keys });
    } else if (event.kind === 'attempt') this.journal.append({ ...when, ...event });
    else if (event.kind === 'outcome') {
      const { kind, key, outcome, retry } = event;
      const { state } = outcome;
      const why = state === 'failed' ? { code: outcome.code, message: outcome.message } : {};
      this.journal.append({ ...when, kind, key, state, ...why, retry });
    } else if (event.kind === 'closed') {
      this.journal.append({ ...when, kind: event.kind });
      this.journal.sync();
    }
  }

  writeResults(results: readonly Result[]): void {
    replaceFile(join(this.path, RESULTS), print(results), writeToDisk);
  }

  close(): void {
    this.journal.close();
    this.lock.release();
  }
}

function runFolder(batch: string, key: string): string {
  return join(batch, 'runs', key);
}

/** Whether a kill can have left it like this before there was a plan. */
function isEmpty(path: string): boolean {
  return readdirSync(path).every((name) => name === 'runs' || name.startsWith('lock') || name === `${PLAN}.tmp`);
}

function print(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
