import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Observable } from 'rxjs';
import type { Bus, Delivery, WorkQueue } from '../../mas/index.ts';
import type { StartAttempt } from '../attempt.ts';
import { DEAD_LETTERS, FILES, laneOf, NEWS_SECONDS, openQueue, QUEUE, STATES, WORKERS } from './names.ts';
import { type Bench, type Fate, runRemotely } from './remote-run.ts';
import { decode, encode, type JobMessage, jobMessage, type WorkerMessage } from './wire.ts';

export interface WorkerOptions {
  readonly bus: Bus;
  readonly startAttempt: StartAttempt;
  /** What it can compute on: `cpu`, `webgpu`, `cuda`, `tensorflow`. */
  readonly devices: readonly string[];
  /** MiB that its runs may take together. */
  readonly memory: number;
  /** Threads that its runs may use together. */
  readonly threads: number;
  /** Where runs lie while they go on. */
  readonly folder: string;
  /** Milliseconds after which a silent worker's jobs go to others, for a bus that has no queue of jobs yet. */
  readonly patience?: number;
  /** Stops it: runs under way are handed back with a checkpoint. */
  readonly signal: AbortSignal;
  /** Stops by itself once there has been nothing to do for so many milliseconds; null: never. */
  readonly idle?: number | null;
}

export type WorkerNews =
  | { readonly kind: 'ready'; readonly worker: string; readonly lanes: readonly string[] }
  | { readonly kind: 'taken'; readonly batch: string; readonly key: string; readonly deliveries: number }
  | { readonly kind: 'ended'; readonly batch: string; readonly key: string; readonly fate: Fate }
  | { readonly kind: 'trouble'; readonly message: string };

/** Milliseconds: a worker with nothing to do asks each lane for so long at a time. */
const WAIT = 1000;
/** Milliseconds before a worker that had no room for a job asks again, at first and at most. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 16_000;

/** Takes jobs from the bus and runs them, until it is told to stop. */
export function work(options: WorkerOptions): Observable<WorkerNews> {
  return new Observable((subscriber) => {
    const unsubscribed = new AbortController();
    const signal = AbortSignal.any([options.signal, unsubscribed.signal]);
    new Worker({ ...options, signal }, (news) => subscriber.next(news)).work().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => unsubscribed.abort();
  });
}

interface Running {
  readonly job: JobMessage;
  readonly done: Promise<void>;
}

class Worker {
  private readonly name = `${hostname()}-${process.pid}-${randomUUID().slice(0, 4)}`;
  private readonly running = new Set<Running>();
  private readonly lanes: readonly string[];
  private readonly waiting = new Set<() => void>();
  private readonly stop = new AbortController();
  private readonly options: WorkerOptions;
  private lastBusy = performance.now();

  constructor(
    options: WorkerOptions,
    private readonly tell: (news: WorkerNews) => void,
  ) {
    this.options = { ...options, signal: AbortSignal.any([options.signal, this.stop.signal]) };
    this.options.signal.addEventListener('abort', () => this.wake());
    this.lanes = [...new Set(options.devices.map(laneOf))];
  }

  async work(): Promise<void> {
    const { bus, signal, startAttempt } = this.options;
    const queue = await openQueue(bus, this.options.patience);
    const { patience } = queue;
    const [states, blobs] = [await bus.latest(STATES), await bus.blobs(FILES)];
    const folder = this.ownFolder();
    const bench: Bench = { worker: this.name, bus, states, blobs, startAttempt, folder, patience, signal };
    const news = setInterval(() => this.announce(true), NEWS_SECONDS * 1000);
    this.announce(true);
    this.tell({ kind: 'ready', worker: this.name, lanes: this.lanes });
    const watching = setInterval(() => this.watchIdleness(), 100);
    try {
      await Promise.all(this.lanes.map((lane) => this.serve(lane, queue, bench)));
    } finally {
      clearInterval(watching);
      await Promise.all([...this.running].map(({ done }) => done));
      clearInterval(news);
      this.announce(false);
      await bus.flush().catch(() => undefined); // without a bus there is nobody to say goodbye to
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Takes the jobs of a lane for as long as there is room. */
  private async serve(lane: string, queue: WorkQueue, bench: Bench): Promise<void> {
    const { signal } = bench;
    let pause = FIRST_PAUSE;
    while (!signal.aborted) {
      if (this.isFull) {
        await this.change();
        continue;
      }
      let delivery: Delivery | undefined;
      try {
        delivery = await queue.take(lane, { wait: WAIT });
      } catch (error) {
        // The bus comes back, or the person at the keyboard gives up.
        this.tell({ kind: 'trouble', message: messageOf(error) });
        await this.change(WAIT);
      }
      if (delivery === undefined) continue;
      const job = await this.read(delivery);
      if (job === undefined) continue;
      if (!signal.aborted && this.hasRoomFor(job)) {
        pause = FIRST_PAUSE;
        this.start(job, delivery, bench);
        continue;
      }
      // For others at once, and for us later: more seldom each time, so that others come first.
      await delivery.giveBack(0);
      await this.change(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  private start(job: JobMessage, delivery: Delivery, bench: Bench): void {
    const { batch, key } = job;
    this.tell({ kind: 'taken', batch, key, deliveries: delivery.deliveries });
    const done = runRemotely(job, delivery, bench).then(
      (fate) => this.tell({ kind: 'ended', batch, key, fate }),
      // Not acknowledged, so it is handed out again: to us or to others.
      (error: unknown) => this.tell({ kind: 'trouble', message: `${key}: ${messageOf(error)}` }),
    );
    const running: Running = {
      job,
      done: done.finally(() => {
        this.running.delete(running);
        this.wake();
      }),
    };
    this.running.add(running);
  }

  /** The job in a task. What is none goes to the dead letters, and never comes back. */
  private async read(delivery: Delivery): Promise<JobMessage | undefined> {
    try {
      return decode(jobMessage, delivery.data);
    } catch (error) {
      this.options.bus.publish(DEAD_LETTERS, delivery.data, { reason: messageOf(error), from: QUEUE });
      this.tell({ kind: 'trouble', message: `set aside: ${messageOf(error)}` });
      await delivery.acknowledge();
      return undefined;
    }
  }

  private hasRoomFor({ needs, scenario }: JobMessage): boolean {
    const { memory, threads } = this.options;
    const taken = this.taken;
    const { environment } = scenario as { environment?: { module?: unknown } };
    // Somebody else may have the file; a machine without it is no place for this run.
    const hasModule = typeof environment?.module !== 'string' || existsSync(environment.module);
    const isFree = this.running.size === 0 || taken.threads + needs.threads <= threads;
    return hasModule && isFree && taken.memory + (needs.memory ?? 0) <= memory;
  }

  private get taken(): { readonly threads: number; readonly memory: number } {
    const needs = [...this.running].map(({ job }) => job.needs);
    return {
      threads: needs.reduce((sum, { threads }) => sum + threads, 0),
      memory: needs.reduce((sum, { memory }) => sum + (memory ?? 0), 0),
    };
  }

  private get isFull(): boolean {
    return this.taken.threads >= this.options.threads;
  }

  /** Resolves when a run ends, the worker is to stop, or after `milliseconds`. */
  private change(milliseconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.waiting.delete(go);
        clearTimeout(timer);
        resolve();
      };
      const timer = milliseconds === undefined ? undefined : setTimeout(go, milliseconds);
      this.waiting.add(go);
      if (this.options.signal.aborted) go();
    });
  }

  private wake(): void {
    for (const go of [...this.waiting]) go();
  }

  private watchIdleness(): void {
    const { idle = null } = this.options;
    if (this.running.size > 0) this.lastBusy = performance.now();
    else if (idle !== null && performance.now() - this.lastBusy > idle) this.stop.abort();
  }

  private announce(isThere: boolean): void {
    const { bus, devices, memory, threads } = this.options;
    const running = [...this.running].map(({ job: { batch, key } }) => ({ batch, key }));
    const message: WorkerMessage = {
      version: 1,
      worker: this.name,
      host: hostname(),
      devices: [...devices],
      memory,
      slots: threads,
      running,
      isThere,
    };
    try {
      bus.publish(WORKERS, encode(message));
    } catch {
      // Cut off for now; the bus tells that itself.
    }
  }

  /** Named by process, so that what killed workers left behind can be told from what others use. */
  private ownFolder(): string {
    const { folder } = this.options;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      const pid = Number(/^worker-(\d+)-/.exec(name)?.[1]);
      if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(folder, name), { recursive: true, force: true });
    }
    const own = join(folder, `worker-${process.pid}-${randomUUID().slice(0, 4)}`);
    mkdirSync(own, { recursive: true });
    return own;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
