import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import type { BlobStore, Bus, Delivery, LatestStore } from '../../mas/index.ts';
import { type Event, loadScenario, type Scenario } from '../../scenarios/index.ts';
import type { Outcome, StartAttempt } from '../attempt.ts';
import { bringBack, type Contents, carryOut, contentsOf, forget } from './carry.ts';
import { blobName, eventSubject, stateKey } from './names.ts';
import { decode, encode, type JobMessage, type JobState, jobState } from './wire.ts';

/** What a worker works with. */
export interface Bench {
  readonly worker: string;
  readonly bus: Bus;
  readonly states: LatestStore;
  readonly blobs: BlobStore;
  readonly startAttempt: StartAttempt;
  /** Where runs lie while they go on; a folder of this worker's own. */
  readonly folder: string;
  /** Milliseconds without a sign of life after which a job is somebody else's. */
  readonly patience: number;
  /** Interrupts what is under way; it is handed back with a checkpoint. */
  readonly signal: AbortSignal;
}

/** How often workers may be lost over one job before it counts as its own fault. */
const LOST_WORKERS = 10;

/** What became of a job that was taken: `void` where it was somebody else's by then. */
export type Fate = JobState['status'] | 'void' | 'gone';

/**
 * Makes one attempt at a job that was taken from the queue, from where the last one stopped. Every change of the job's
 * state names the revision that it saw, so of two workers who both believe that a job is theirs only one can write.
 */
export async function runRemotely(job: JobMessage, delivery: Delivery, bench: Bench): Promise<Fate> {
  const key = stateKey(job.batch, job.key);
  const found = await bench.states.get(key);
  const state = found === undefined || found.isDeleted ? undefined : decode(jobState, found.value);
  if (state === undefined || !['waiting', 'running'].includes(state.status)) {
    await delivery.acknowledge();
    return state?.status ?? 'gone';
  }
  const owner = `${bench.worker}/${randomUUID().slice(0, 8)}`;
  const claimed: JobState = { ...state, status: 'running', owner, attempts: state.attempts + 1 };
  const record = new OwnedRecord(bench, key, claimed);
  try {
    await record.claim(found!.revision);
  } catch (error) {
    if (!isConflict(error)) throw error;
    await delivery.giveBack(bench.patience);
    return 'void';
  }
  const signs = setInterval(() => delivery.working(), bench.patience / 4);
  const folder = join(bench.folder, key);
  try {
    rmSync(folder, { recursive: true, force: true });
    return await new RemoteRun(job, delivery, bench, record, folder).go();
  } catch (error) {
    if (isConflict(error)) return 'void';
    throw error;
  } finally {
    clearInterval(signs);
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${folder}.json`, { force: true });
  }
}

class RemoteRun {
  private readonly lost = new AbortController();
  private pending: Contents | undefined;
  private uploading: Promise<void> | undefined;
  private trouble: unknown;
  private step: number;
  private readonly nameOf: (sha256: string) => string;

  constructor(
    private readonly job: JobMessage,
    private readonly delivery: Delivery,
    private readonly bench: Bench,
    private readonly record: OwnedRecord,
    private readonly folder: string,
  ) {
    this.step = record.state.step;
    this.nameOf = (sha256) => blobName(job.batch, job.key, sha256);
  }

  async go(): Promise<Fate> {
    const { job, record, bench, folder } = this;
    const lost = record.state.attempts - record.state.failures.length;
    if (lost > LOST_WORKERS) {
      return this.end('failed', failure(bench, 'lost', `${LOST_WORKERS} workers were lost while they ran it`));
    }
    let scenario: Scenario;
    try {
      mkdirSync(bench.folder, { recursive: true });
      writeFileSync(`${folder}.json`, JSON.stringify(job.scenario));
      scenario = loadScenario(`${folder}.json`);
    } catch (error) {
      // What is wrong with the scenario is so on every worker.
      return this.end('failed', failure(bench, codeOf(error), messageOf(error)));
    }
    await bringBack(record.state.files, bench.blobs, this.nameOf, folder);
    const watching = record.whenTaken(() => this.lost.abort());
    try {
      const signal = AbortSignal.any([this.lost.signal, bench.signal]);
      const attempt = bench.startAttempt({ scenario, folder, limits: job.limits, signal });
      attempt.events.subscribe((event) => this.tell(event));
      const outcome = await attempt.outcome;
      await this.uploading;
      if (this.lost.signal.aborted || isConflict(this.trouble)) return 'void';
      return await this.conclude(outcome);
    } finally {
      watching.unsubscribe();
    }
  }

  private tell(event: Event): void {
    const { job, bench } = this;
    const message = { version: 1, batch: job.batch, key: job.key, worker: bench.worker, event };
    bench.bus.publish(eventSubject(job.batch, job.key), encode(message));
    if (event.kind !== 'checkpoint') return;
    this.step = event.step;
    this.pending = contentsOf(this.folder);
    this.uploading ??= this.upload();
  }

  /** Carries out what is pending, and what became pending in the meantime: only the newest. */
  private async upload(): Promise<void> {
    try {
      while (this.pending !== undefined && !this.lost.signal.aborted) {
        const [contents, step] = [this.pending, this.step];
        this.pending = undefined;
        await this.save(contents, { step });
      }
    } catch (error) {
      // The next checkpoint tries again; a job that is somebody else's by now is left to them.
      this.trouble = error;
      if (isConflict(error)) this.lost.abort();
    } finally {
      this.uploading = undefined;
    }
  }

  private async save(contents: Contents, change: Partial<JobState>): Promise<void> {
    const { record, bench, nameOf } = this;
    const before = record.state.files;
    const files = await carryOut(contents, bench.blobs, nameOf, before);
    await record.change({ ...change, files });
    await forget(before, files, bench.blobs, nameOf);
  }

  private async conclude(outcome: Outcome): Promise<Fate> {
    const { bench, record, job } = this;
    if (outcome.state === 'finished') return this.end('finished');
    if (outcome.state === 'interrupted') {
      // Handed back in good order: no worker was lost.
      await this.save(this.contents(), {
        status: 'waiting',
        owner: null,
        step: this.step,
        attempts: record.state.attempts - 1,
      });
      await this.delivery.giveBack(0);
      return 'waiting';
    }
    const failures = [...record.state.failures, failure(bench, outcome.code, outcome.message)];
    if (failures.length > job.retries) return this.end('failed', failures.at(-1));
    await this.save(this.contents(), { status: 'waiting', owner: null, step: this.step, failures });
    await this.delivery.giveBack(1000);
    return 'waiting';
  }

  private async end(status: 'finished' | 'failed', why?: JobState['failures'][number]): Promise<Fate> {
    const failures = [...this.record.state.failures, ...(why === undefined ? [] : [why])];
    await this.save(this.contents(), { status, owner: null, step: this.step, failures });
    await this.delivery.acknowledge();
    return status;
  }

  private contents(): Contents {
    return existsSync(this.folder) ? contentsOf(this.folder) : new Map();
  }
}

/** The state of a job for as long as it is ours. */
class OwnedRecord {
  private revision = 0;

  constructor(
    private readonly bench: Bench,
    private readonly key: string,
    public state: JobState,
  ) {}

  async claim(revision: number): Promise<void> {
    this.revision = await this.bench.states.update(this.key, encode(this.state), revision);
  }

  async change(change: Partial<JobState>): Promise<void> {
    const state = { ...this.state, ...change };
    this.revision = await this.bench.states.update(this.key, encode(state), this.revision);
    this.state = state;
  }

  /** Calls back once the job belongs to somebody else, or is cancelled. */
  whenTaken(react: () => void): { unsubscribe(): void } {
    const { owner } = this.state;
    return this.bench.states.watch(this.key).subscribe(({ value, isDeleted, revision }) => {
      if (revision <= this.revision) return;
      if (isDeleted || decode(jobState, value).owner !== owner) react();
    });
  }
}

function failure({ worker }: Bench, code: string, message: string): JobState['failures'][number] {
  return { worker, code, message };
}

function isConflict(error: unknown): boolean {
  return error instanceof LightbulbError && error.code === 'conflict';
}

const codeOf = (error: unknown): string => (error instanceof LightbulbError ? error.code : 'internal');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
