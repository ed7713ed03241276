import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Observable } from 'rxjs';
import type { Bus } from '../../mas/index.ts';
import { type Clock, type Experiment, type Job, replaceFile, standingOf, writeToDisk } from '../../scenarios/index.ts';
import type { Outcome } from '../attempt.ts';
import { BatchFolder } from '../batch-folder.ts';
import type { BatchEvent } from '../events.ts';
import { type Result, resultOf } from '../results.ts';
import { type CoordinatorNews, coordinate } from './coordinator.ts';
import type { JobState, WorkerMessage } from './wire.ts';

export interface RemoteBatchOptions {
  /** The batch's folder: made, or gone on with. */
  readonly folder: string;
  readonly bus: Bus;
  /** Stops following; workers go on, and the next sitting on the folder collects what they did. */
  readonly signal: AbortSignal;
  /** Milliseconds after which a silent worker's jobs go to others, for a bus that has no queue of jobs yet. */
  readonly patience?: number;
  readonly clock?: Pick<Clock, 'now'>;
  /** Told what each worker says of itself. */
  readonly seeWorker?: (worker: WorkerMessage) => void;
}

/** As `runBatch`, with the runs made by whatever workers listen on a bus. */
export function runRemoteBatch(experiment: Experiment, options: RemoteBatchOptions): Observable<BatchEvent> {
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

/** The name on the bus of the batch in a folder; undefined where it has none yet. */
export function nameOnBus(folder: string): string | undefined {
  const file = join(folder, NAME);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { batch: string }).batch : undefined;
}

const NAME = 'bus.json';

async function drive(
  experiment: Experiment,
  options: RemoteBatchOptions,
  show: (event: BatchEvent) => void,
): Promise<void> {
  const { bus, signal, patience, clock = { now: () => new Date() } } = options;
  const folder = BatchFolder.open(options.folder, experiment);
  try {
    const tell = (event: BatchEvent): void => {
      folder.note(event, clock.now());
      show(event);
    };
    const failures = new Map<string, string>();
    const results = (): Result[] =>
      experiment.jobs.map((job) => resultOf(job, folder.runFolder(job), failures.get(job.key) ?? null));
    const finished = results().filter(({ state }) => state === 'finished');
    tell({ kind: 'opened', jobs: experiment.jobs, parallel: experiment.jobs.length, finished });
    const done = new Set(finished.map(({ key }) => key));
    const jobs = experiment.jobs.filter(({ key }) => !done.has(key));
    const batch = nameOnBus(folder.path) ?? nameIt(folder.path, experiment.name);
    const byKey = new Map(jobs.map((job) => [job.key, job]));
    const follow = followed(folder, byKey, failures, tell, options.seeWorker);
    await coordinate({
      bus,
      batch,
      jobs,
      limits: experiment.limits,
      retries: experiment.retries,
      ...(patience === undefined ? {} : { patience }),
      folderOf: (key) => folder.runFolder({ key }),
      signal,
    }).forEach(follow);
    const all = results();
    folder.writeResults(all);
    tell({ kind: 'closed', results: all });
  } finally {
    folder.close();
  }
}

/** Tells what happens on the bus as what happens in a batch. */
function followed(
  folder: BatchFolder,
  jobs: ReadonlyMap<string, Job>,
  failures: Map<string, string>,
  tell: (event: BatchEvent) => void,
  seeWorker: (worker: WorkerMessage) => void = () => {},
): (news: CoordinatorNews) => void {
  const owners = new Map<string, string>();
  const failed = new Map<string, number>();
  const log = (job: Job): string => folder.logFile(job);
  return (news) => {
    if (news.kind === 'worker') return seeWorker(news.worker);
    const { key } = news;
    const job = jobs.get(key);
    if (job === undefined) return;
    if (news.kind === 'event') return tell({ kind: 'run', key, event: news.event });
    const { state } = news;
    if (news.kind === 'collected') {
      const outcome = outcomeOf(state, folder, job);
      if (outcome.state === 'failed') failures.set(key, outcome.code);
      return tell({ kind: 'outcome', key, outcome, retry: false, log: log(job) });
    }
    if (state.status === 'waiting' && state.failures.length > (failed.get(key) ?? 0)) {
      const { code, message } = state.failures.at(-1)!;
      tell({ kind: 'outcome', key, outcome: { state: 'failed', code, message }, retry: true, log: log(job) });
    }
    failed.set(key, state.failures.length);
    if (state.status === 'running' && state.owner !== null && owners.get(key) !== state.owner) {
      owners.set(key, state.owner);
      tell({ kind: 'attempt', key, attempt: state.attempts });
    }
  };
}

function outcomeOf(state: JobState, folder: BatchFolder, job: Job): Outcome {
  const last = state.failures.at(-1);
  if (state.status === 'failed' && last !== undefined) {
    return { state: 'failed', code: last.code, message: `${last.message} (on ${last.worker})` };
  }
  const standing = standingOf(folder.runFolder(job), job.scenario);
  if (standing.state === 'finished') return standing;
  return { state: 'failed', code: 'corrupt', message: 'a worker called it finished, and its folder does not' };
}

function nameIt(folder: string, experiment: string): string {
  const batch = `${experiment}-${randomUUID().slice(0, 8)}`;
  replaceFile(join(folder, NAME), `${JSON.stringify({ batch }, null, 2)}\n`, writeToDisk);
  return batch;
}
