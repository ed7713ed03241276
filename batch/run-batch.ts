import { availableParallelism } from 'node:os';
import { Observable } from 'rxjs';
import { type Clock, type Experiment, type Job, standingOf } from '../scenarios/index.ts';
import type { Outcome, StartAttempt } from './attempt.ts';
import { BatchFolder } from './batch-folder.ts';
import type { BatchEvent } from './events.ts';
import { type Result, resultOf } from './results.ts';

export interface BatchOptions {
  /** The batch's folder: made, or gone on with. */
  readonly folder: string;
  readonly start: StartAttempt;
  /** Interrupts every run with a checkpoint, and begins no more. */
  readonly signal: AbortSignal;
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * Runs every job of an experiment that is not finished yet, several side by side: half-done ones first, then seed by
 * seed through all arms, so that an early look finds them equally far. A failed run is tried again, after the others,
 * as often as the experiment says; then it has failed in this sitting, and stops nobody. Nothing happens before
 * somebody subscribes; each event is in the journal before the subscriber sees it.
 */
export function runBatch(experiment: Experiment, options: BatchOptions): Observable<BatchEvent> {
  return new Observable<BatchEvent>((subscriber) => {
    const unsubscribed = new AbortController();
    const signal = AbortSignal.any([unsubscribed.signal, options.signal]);
    drive(experiment, { ...options, signal }, (event) => subscriber.next(event)).then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => unsubscribed.abort();
  });
}

/** How many runs go side by side: what the experiment says, otherwise one for each `threads` cores. */
export function parallelOf({ jobs, parallel }: Experiment, cores = availableParallelism()): number {
  const threads = Math.max(1, ...jobs.map(({ scenario }) => scenario.threads));
  return Math.min(jobs.length, parallel ?? Math.max(1, Math.floor(cores / threads)));
}

async function drive(experiment: Experiment, options: BatchOptions, show: (event: BatchEvent) => void): Promise<void> {
  const { start, clock = { now: () => new Date() } } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, options.signal]);
  const folder = BatchFolder.open(options.folder, experiment);
  try {
    const tell = (event: BatchEvent): void => {
      folder.note(event, clock.now());
      show(event);
    };
    const failures = new Map<string, string>();
    const results = (): Result[] =>
      experiment.jobs.map((job) => resultOf(job, folder.runFolder(job), failures.get(job.key) ?? null));
    const parallel = parallelOf(experiment);
    const finished = results().filter(({ state }) => state === 'finished');
    tell({ kind: 'opened', jobs: experiment.jobs, parallel, finished });

    const queue = inTurn(experiment.jobs, folder).map((job) => ({ job, attempt: 1 }));
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
        const { job, attempt } = next;
        tell({ kind: 'attempt', key: job.key, attempt });
        const outcome = await attemptAt(job, folder, experiment, start, signal, tell);
        const retry = outcome.state === 'failed' && attempt <= experiment.retries && !signal.aborted;
        if (outcome.state === 'failed' && !retry) failures.set(job.key, outcome.code);
        if (retry) queue.push({ job, attempt: attempt + 1 });
        tell({ kind: 'outcome', key: job.key, outcome, retry, log: folder.logFile(job) });
      }
    };
    // What goes wrong in a lane is ours or the disk's, not a run's: the others stop too, and are waited for.
    const lanes = Array.from({ length: parallel }, () => lane().catch((error: unknown) => stop.abort(error)));
    await Promise.all(lanes);
    if (stop.signal.aborted) throw stop.signal.reason;
    const all = results();
    folder.writeResults(all);
    tell({ kind: 'closed', results: all });
  } finally {
    folder.close();
  }
}

async function attemptAt(
  job: Job,
  folder: BatchFolder,
  { limits }: Experiment,
  start: StartAttempt,
  signal: AbortSignal,
  tell: (event: BatchEvent) => void,
): Promise<Outcome> {
  const { key, scenario } = job;
  const attempt = start({ scenario, folder: folder.runFolder(job), limits, signal, log: folder.logFile(job) });
  attempt.events.subscribe((event) => tell({ kind: 'run', key, event }));
  return attempt.outcome;
}

/** The unfinished jobs in the order in which they are run. */
function inTurn(jobs: readonly Job[], folder: BatchFolder): Job[] {
  const rounds = new Map<string, number>();
  const ranked = jobs.flatMap((job) => {
    const group = JSON.stringify([job.arm, job.settings]);
    const round = rounds.get(group) ?? 0;
    rounds.set(group, round + 1);
    const { state } = standingOf(folder.runFolder(job), job.scenario);
    return state === 'finished' ? [] : [{ job, rank: state === 'begun' ? -1 : round }];
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ job }) => job);
}
