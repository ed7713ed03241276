import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Observable, Subscription } from 'rxjs';
import type { BlobStore, Bus, Entry, LatestStore, WorkQueue } from '../../mas/index.ts';
import type { Event, Job, Limits } from '../../scenarios/index.ts';
import { bringBack, carryOut, contentsOf, forget } from './carry.ts';
import { blobName, eventSubject, FILES, laneOf, openQueue, STATES, stateKey, token, WORKERS } from './names.ts';
import {
  decode,
  encode,
  eventMessage,
  type Files,
  type JobMessage,
  type JobState,
  jobState,
  type WorkerMessage,
  workerMessage,
} from './wire.ts';

export interface CoordinateOptions {
  readonly bus: Bus;
  /** Names the batch on the bus; the same after a restart. */
  readonly batch: string;
  /** Those that are not done yet. */
  readonly jobs: readonly Job[];
  readonly limits: Limits;
  readonly retries: number;
  /** Milliseconds after which a silent worker's jobs go to others, for a bus that has no queue of jobs yet. */
  readonly patience?: number;
  /** Where the run of a job is to lie. What lies half-done there is what the first worker goes on with. */
  readonly folderOf: (key: string) => string;
  /** Stops following; the workers go on, and the next batch on the folder collects. */
  readonly signal: AbortSignal;
}

export type CoordinatorNews =
  | { readonly kind: 'event'; readonly key: string; readonly worker: string; readonly event: Event }
  | { readonly kind: 'state'; readonly key: string; readonly state: JobState }
  /** The job is over and its folder is here. */
  | { readonly kind: 'collected'; readonly key: string; readonly state: JobState }
  | { readonly kind: 'worker'; readonly worker: WorkerMessage };

/**
 * Puts jobs on the bus and brings back what workers make of them. Completes once all are here. Whatever dies in
 * between, the jobs stand on the bus, each with its state and files, until somebody collects them.
 */
export function coordinate(options: CoordinateOptions): Observable<CoordinatorNews> {
  return new Observable((subscriber) => {
    const unsubscribed = new AbortController();
    const signal = AbortSignal.any([options.signal, unsubscribed.signal]);
    const coordinator = new Coordinator({ ...options, signal }, (news) => subscriber.next(news));
    coordinator.follow().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => unsubscribed.abort();
  });
}

/** Takes a batch off the bus: waiting jobs are dropped, running ones stopped, files removed. */
export async function cancel(bus: Bus, batch: string): Promise<number> {
  const [states, blobs] = [await bus.latest(STATES), await bus.blobs(FILES)];
  const keys = (await states.keys()).filter((key) => key.startsWith(`${token(batch)}.`));
  for (const key of keys) await states.delete(key);
  await sweep(blobs, batch);
  return keys.length;
}

class Coordinator {
  private readonly waiting: Map<string, Job>;
  private readonly jobs: ReadonlyMap<string, Job>;
  private queue!: WorkQueue;
  private states!: LatestStore;
  private blobs!: BlobStore;

  constructor(
    private readonly options: CoordinateOptions,
    private readonly tell: (news: CoordinatorNews) => void,
  ) {
    this.jobs = new Map(options.jobs.map((job) => [stateKey(options.batch, job.key), job]));
    this.waiting = new Map(this.jobs);
  }

  async follow(): Promise<void> {
    const { bus, batch, patience, signal } = this.options;
    this.queue = await openQueue(bus, patience);
    this.states = await bus.latest(STATES);
    this.blobs = await bus.blobs(FILES);
    const listening = this.listen();
    try {
      for (const job of this.jobs.values()) {
        if (signal.aborted) return;
        await this.post(job);
      }
      await this.collectAll();
      if (!signal.aborted) await sweep(this.blobs, batch);
    } finally {
      listening.unsubscribe();
    }
  }

  /** Puts a job on the bus, unless it stands there already. */
  private async post(job: Job): Promise<void> {
    const { batch, folderOf, limits, retries } = this.options;
    const key = stateKey(batch, job.key);
    const found = await this.states.get(key);
    let task: string;
    if (found === undefined || found.isDeleted) {
      task = `${key}.${randomUUID()}`;
      const files = await this.halfDone(job, folderOf(job.key));
      const state: JobState = {
        version: 1,
        task,
        status: 'waiting',
        owner: null,
        attempts: 0,
        failures: [],
        step: 0,
        files,
      };
      await this.states.update(key, encode(state), found?.revision ?? 0);
    } else task = decode(jobState, found.value).task;
    const { scenario } = job;
    const message: JobMessage = {
      version: 1,
      batch,
      key: job.key,
      scenario: scenario as unknown as JobMessage['scenario'],
      needs: { device: scenario.device, memory: limits.memory, threads: scenario.threads },
      limits,
      retries,
    };
    // Added under the same id every time: the queue takes it once.
    await this.queue.add({ lane: laneOf(scenario.device), id: task, data: encode(message) });
  }

  private async halfDone(job: Job, folder: string): Promise<Files> {
    if (!existsSync(join(folder, 'scenario.json'))) return {};
    return carryOut(contentsOf(folder), this.blobs, this.nameOf(job), {});
  }

  /** Follows the states of all jobs until each is over and here. */
  private collectAll(): Promise<void> {
    const { batch, signal } = this.options;
    return new Promise((resolve, reject) => {
      if (this.waiting.size === 0 || signal.aborted) return resolve();
      let chain = Promise.resolve();
      const watching = this.states.watch(`${token(batch)}.>`).subscribe({
        next: (entry) => {
          // One after the other: the bus and the disk are shared by all.
          chain = chain
            .then(() => this.takeNote(entry))
            .then(
              () => {
                if (this.waiting.size === 0) stop(resolve);
              },
              (error: unknown) => stop(() => reject(error)),
            );
        },
        error: (error: unknown) => stop(() => reject(error)),
      });
      const stop = (then: () => void): void => {
        watching.unsubscribe();
        signal.removeEventListener('abort', abort);
        then();
      };
      const abort = (): void => stop(() => void chain.then(resolve, reject));
      signal.addEventListener('abort', abort);
    });
  }

  private async takeNote({ key, value, isDeleted, revision }: Entry): Promise<void> {
    const job = this.waiting.get(key);
    if (job === undefined || isDeleted) return;
    const state = decode(jobState, value);
    this.tell({ kind: 'state', key: job.key, state });
    if (state.status !== 'finished' && state.status !== 'failed') return;
    if ((await this.states.get(key))?.revision !== revision) return; // there is newer news, which comes by itself
    await this.collect(job, state.files);
    await this.states.delete(key);
    await forget(state.files, {}, this.blobs, this.nameOf(job));
    this.waiting.delete(key);
    this.tell({ kind: 'collected', key: job.key, state });
  }

  /** Puts the folder in place whole: a batch that dies now collects again. */
  private async collect(job: Job, files: Files): Promise<void> {
    const place = this.options.folderOf(job.key);
    const arriving = `${place}.arriving`;
    rmSync(arriving, { recursive: true, force: true });
    if (Object.keys(files).length === 0) return; // it failed before there was anything
    mkdirSync(arriving, { recursive: true });
    await bringBack(files, this.blobs, this.nameOf(job), arriving);
    const summary = join(arriving, 'summary.json');
    if (existsSync(summary)) {
      const told = JSON.parse(readFileSync(summary, 'utf8')) as object;
      writeFileSync(summary, `${JSON.stringify({ ...told, folder: place }, null, 2)}\n`);
    }
    rmSync(place, { recursive: true, force: true });
    mkdirSync(dirname(resolve(place)), { recursive: true });
    renameSync(arriving, place);
  }

  private listen(): Subscription {
    const { bus, batch } = this.options;
    const all = new Subscription();
    all.add(
      bus.subscribe(eventSubject(batch, '').replace(/\.$/, '.>')).subscribe(({ data }) =>
        readable(() => {
          const { key, worker, event } = decode(eventMessage, data);
          this.tell({ kind: 'event', key, worker, event: event as unknown as Event });
        }),
      ),
    );
    all.add(
      bus
        .subscribe(WORKERS)
        .subscribe(({ data }) => readable(() => this.tell({ kind: 'worker', worker: decode(workerMessage, data) }))),
    );
    return all;
  }

  private nameOf(job: Job): (sha256: string) => string {
    return (sha256) => blobName(this.options.batch, job.key, sha256);
  }
}

/** Progress is for showing: what cannot be read of it is left out. */
function readable(show: () => void): void {
  try {
    show();
  } catch {
    // A foreign message on our subject.
  }
}

async function sweep(blobs: BlobStore, batch: string): Promise<void> {
  for (const name of await blobs.names()) if (name.startsWith(`${token(batch)}.`)) await blobs.delete(name);
}
