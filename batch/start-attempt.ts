import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Subject } from 'rxjs';
import { LightbulbError } from '../core/index.ts';
import { type Event, identityOf, type Scenario, standingOf } from '../scenarios/index.ts';
import type { Attempt, AttemptOptions, Outcome, StartAttempt } from './attempt.ts';
import { AttemptProcess, type Ending } from './attempt-process.ts';
import { endLeftover } from './leftover.ts';
import { residentMemory } from './resident-memory.ts';

export interface AttemptProcessesOptions {
  /** Whether a process does several runs, one after the other; see `AttemptProcesses`. */
  readonly reuse?: boolean;
  /** How long a run that was asked to stop may take to write its checkpoint. */
  readonly graceSeconds?: number;
}

const MEMORY_GLANCE_MS = 200;
/** Each leaves two or three MiB behind, measured on cartpole. */
const RUNS_OF_A_PROCESS = 50;
/** Of what a process printed last, in messages about its end. */
const LAST_WORDS = 400;

/**
 * Attempts in child processes. A process costs a second or two to start, so one whose run finished does the next
 * (the results are the same bytes). It does not where something of the run may stay behind in it: after anything but
 * a finished run, with an environment that is no built-in, and under a memory limit.
 */
export class AttemptProcesses {
  private readonly idle: AttemptProcess[] = [];
  private readonly reuse: boolean;
  private readonly graceSeconds: number;

  constructor({ reuse = true, graceSeconds = 20 }: AttemptProcessesOptions = {}) {
    this.reuse = reuse;
    this.graceSeconds = graceSeconds;
  }

  readonly start: StartAttempt = (options) => {
    const events = new Subject<Event>();
    // Whoever asked can subscribe before the first event: nothing is told in this very turn.
    const outcome = Promise.resolve()
      .then(() => this.attempt(options, (event) => events.next(event)))
      .catch(failure)
      .finally(() => events.complete());
    return { events: events.asObservable(), outcome } satisfies Attempt;
  };

  /** Ends the processes that wait for work. */
  async close(): Promise<void> {
    await Promise.all(this.idle.splice(0).map((process) => process.retire()));
  }

  private async attempt(options: AttemptOptions, show: (event: Event) => void): Promise<Outcome> {
    const { scenario, folder, signal } = options;
    await endLeftover(folder);
    const standing = standingOf(folder, scenario);
    if (standing.state === 'finished') return standing;
    if (signal.aborted) return { state: 'interrupted' };

    const isClean = this.reuse && isSelfContained(options);
    const child = (isClean ? this.idle.pop() : undefined) ?? new AttemptProcess();
    const printed = keepWords(child, options.log);
    const watch = watchOver(child, options, this.graceSeconds);
    const owner = identityOf(process.pid)!;
    const resume = standing.state === 'begun';
    const ending = await child.run({ kind: 'run', scenario, folder, resume, owner }, watch.begin, show);
    watch.end();
    const outcome = outcomeOf(ending, watch.passed(), signal.aborted, printed());
    if (isClean && ending.state === 'finished' && child.runs < RUNS_OF_A_PROCESS) this.idle.push(child);
    else await child.retire();
    return outcome;
  }
}

/** One attempt in a process of its own, which is gone when it is over. */
export const startAttempt: StartAttempt = (options) => new AttemptProcesses({ reuse: false }).start(options);

/** Whether nothing of a run stays behind in its process. */
function isSelfContained({ scenario, limits }: { scenario: Scenario; limits: AttemptOptions['limits'] }): boolean {
  const tasks = Object.values(scenario.tasks ?? {});
  const environments = [scenario.environment, ...tasks.map(({ environment }) => environment)];
  return limits.memory === null && environments.every((environment) => environment === null || 'name' in environment);
}

/** Writes what the child prints to the log, if it prints anything, and remembers the end of it. */
function keepWords(child: AttemptProcess, log: string | undefined): () => string {
  let last = '';
  child.print = (text) => {
    last = (last + text).slice(-LAST_WORDS);
    if (log === undefined) return;
    mkdirSync(dirname(log), { recursive: true });
    appendFileSync(log, text);
  };
  return () => last.trim();
}

interface Watch {
  /** The limit that the child went past, if it did. */
  passed(): Extract<Outcome, { state: 'failed' }> | undefined;
  /** From here on time counts. */
  readonly begin: () => void;
  end(): void;
}

/** Stops a child that is asked to stop or takes too long, in a while by force; kills one that takes too much memory. */
function watchOver(child: AttemptProcess, { limits, signal }: AttemptOptions, graceSeconds: number): Watch {
  let passed: Extract<Outcome, { state: 'failed' }> | undefined;
  const timers: NodeJS.Timeout[] = [];
  const stop = (): void => {
    child.stop();
    timers.push(setTimeout(() => child.kill(), graceSeconds * 1000));
  };
  signal.addEventListener('abort', stop, { once: true });
  const outOfTime = (): void => {
    passed ??= failed('time_limit', `it took longer than ${limits.seconds} s`);
    stop();
  };
  if (limits.memory !== null) {
    const most = limits.memory;
    const glance = async (): Promise<void> => {
      const memory = child.pid === undefined ? undefined : await residentMemory(child.pid);
      if (memory === undefined || memory <= most) return;
      passed ??= failed('memory_limit', `it took ${Math.ceil(memory)} MiB of memory, the limit is ${most}`);
      child.kill();
    };
    timers.push(setInterval(() => void glance(), MEMORY_GLANCE_MS));
  }
  return {
    passed: () => passed,
    begin: () => {
      if (limits.seconds === null) return;
      timers.push(setTimeout(outOfTime, Math.min(limits.seconds * 1000, LONGEST_TIMER_MS)));
    },
    end: () => {
      signal.removeEventListener('abort', stop);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** setTimeout's: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function outcomeOf(
  ending: Outcome | Ending,
  passed: Extract<Outcome, { state: 'failed' }> | undefined,
  wasAsked: boolean,
  lastWords: string,
): Outcome {
  if (ending.state === 'finished' || ending.state === 'failed') return ending;
  if (passed !== undefined) return passed;
  if (wasAsked) return { state: 'interrupted' };
  if (ending.state === 'interrupted') return failed('killed', 'it was stopped by SIGTERM, with a checkpoint');
  return failed('killed', `its process ended with ${ending.how}${lastWords === '' ? '' : `: ${lastWords}`}`);
}

function failed(code: string, message: string): Extract<Outcome, { state: 'failed' }> {
  return { state: 'failed', code, message };
}

/** What went wrong before there was a child. */
function failure(error: unknown): Outcome {
  const code = error instanceof LightbulbError ? error.code : 'internal';
  return failed(code, error instanceof Error ? error.message : String(error));
}
