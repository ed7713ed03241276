import { join } from 'node:path';
import { Observable } from 'rxjs';
import { LightbulbError } from '../core/index.ts';
import type { CreateTraining } from './build.ts';
import type { CreateGato } from './build-generalist.ts';
import { type Write, write } from './disk.ts';
import { type Clock, type Event, type Happening, type Recorder, systemClock } from './events.ts';
import { FolderLock } from './folder-lock.ts';
import { goOnFrom } from './go-on.ts';
import { metricsRecorder } from './metrics.ts';
import { interruptedEarly, play } from './play.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { mustBeNew, newestCheckpointOf, RunFolder } from './run-folder.ts';
import type { Scenario } from './schema.ts';
import { startOf } from './start.ts';

export interface RunOptions {
  /** The run's folder: to be made, or with `resume` the one to go on with. */
  readonly folder: string;
  readonly resume?: boolean;
  /** Interrupts the run after the iteration under way, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** On whose behalf, where not this process's own: see `FolderLock`. */
  readonly owner?: ProcessIdentity;
  readonly createTraining?: CreateTraining;
  readonly createGato?: CreateGato;
  readonly clock?: Clock;
  /** Told what a person may want to know while other processes are waited for. */
  readonly tell?: (message: string) => void;
  readonly disk?: Write;
}

/**
 * Runs a scenario: nothing happens before somebody subscribes. Each event is in the run's folder before the
 * subscriber sees it. Unsubscribing interrupts as `signal` does (but nobody is told when the checkpoint is written).
 * What goes wrong once the run has started is told as a `failed` event; it is always the observable's error.
 */
export function run(scenario: Scenario, options: RunOptions): Observable<Event> {
  return new Observable<Event>((subscriber) => {
    const unsubscribed = new AbortController();
    const signals = [unsubscribed.signal, ...(options.signal ? [options.signal] : [])];
    drive(scenario, options, AbortSignal.any(signals), (event) => subscriber.next(event)).then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => unsubscribed.abort();
  });
}

async function drive(scenario: Scenario, options: RunOptions, signal: AbortSignal, show: Recorder): Promise<void> {
  const { clock = systemClock, disk = write, owner = null, resume: resumed = false } = options;
  // Everything that the input can be wrong about comes before anything is written.
  if (!resumed) mustBeNew(options.folder);
  const lock = resumed ? FolderLock.take(options.folder, owner) : undefined;
  try {
    const start = await startOf(scenario, { ...options, signal: patience(signal) });
    let training = start.prepare === null ? await start.train() : undefined;
    try {
      const { saved, broken } = resumed ? await newestCheckpointOf(options.folder) : { saved: undefined, broken: [] };
      if (saved !== undefined && training !== undefined) goOnFrom(saved, training, options.folder);
      const folder = lock
        ? RunFolder.reopen(options.folder, scenario, saved, lock, disk)
        : RunFolder.create(options.folder, scenario, owner, disk);
      const step = saved?.step ?? 0;
      const happen = async function* (): AsyncGenerator<Happening> {
        if (training === undefined) {
          const preparation = start.prepare!({ folder: folder.path, step, resumed, clock, disk, signal });
          if (!(yield* preparation)) {
            yield interruptedEarly(scenario, folder, saved, start.prepared());
            return;
          }
          training = await start.train();
          if (saved !== undefined) goOnFrom(saved, training, folder.path);
        }
        const warnings = broken.map((error) => `checkpoint skipped: ${error.message}`);
        const prepared = start.prepared();
        yield* play({ scenario, training, folder, resumed, saved, prepared, warnings, clock, signal });
      };
      try {
        const record = await recorder(scenario, folder, disk);
        await tellAll(happen(), clock, record, show, () => training?.step ?? step);
      } finally {
        folder.close();
      }
    } finally {
      await training?.close();
    }
  } finally {
    lock?.release();
  }
}

/** Milliseconds after an interruption in which a round may end that others take part in. */
const PATIENCE = 5000;

/** Aborts a while after `signal`: whoever waits for others need not do so for ever. */
function patience(signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  signal.addEventListener('abort', () => setTimeout(() => late.abort(), PATIENCE).unref(), { once: true });
  return late.signal;
}

/** Everything that writes events down, as one. */
async function recorder(scenario: Scenario, folder: RunFolder, disk: Write): Promise<Recorder> {
  const recorders: Recorder[] = [(event) => folder.addEvent(event), metricsRecorder(folder)];
  if (scenario.tensorboard) {
    const { tensorboardRecorder } = await import('./tensorboard.ts');
    recorders.push(tensorboardRecorder(join(folder.path, 'tensorboard'), disk));
  }
  return (event) => {
    for (const record of recorders) record(event);
  };
}

/** Writes each happening down, then shows it. What fails is told last, and thrown. */
async function tellAll(
  happenings: AsyncIterable<Happening>,
  clock: Clock,
  record: Recorder,
  show: Recorder,
  stepNow: () => number,
): Promise<void> {
  const stamped = (happening: Happening): Event => ({ time: clock.now().toISOString(), ...happening });
  try {
    for await (const happening of happenings) {
      const event = stamped(happening);
      record(event);
      show(event);
    }
  } catch (error) {
    const code = error instanceof LightbulbError ? error.code : 'internal';
    const message = error instanceof Error ? error.message : String(error);
    const event = stamped({ kind: 'failed', step: stepNow(), code, message });
    try {
      record(event);
    } catch {
      // The disk that failed the run fails this line too; the error itself still reaches the subscriber.
    }
    show(event);
    throw error;
  }
}
