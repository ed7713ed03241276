import type { BatchEvent } from '../batch/index.ts';
import type { Job } from '../scenarios/index.ts';

/** How one run of a batch is doing. */
export interface RunState {
  readonly job: Job;
  state: 'waiting' | 'running' | 'finished' | 'failed' | 'interrupted';
  step: number;
  /** Where this sitting began. */
  from: number;
  /** When the run's sitting began; milliseconds. */
  since: number;
  stepsPerSecond: number;
  /** Mean return of the last evaluation, or of training episodes. */
  latest: number | undefined;
  /** Why the last attempt failed. */
  message: string | undefined;
  log: string | undefined;
}

/** How a whole batch is doing; what the live table shows. */
export class BatchState {
  readonly runs = new Map<string, RunState>();
  private began = 0;

  /** `now`: milliseconds. */
  take(event: BatchEvent, now: number): void {
    if (event.kind === 'opened') {
      this.began = now;
      for (const job of event.jobs) this.runs.set(job.key, fresh(job));
      for (const { key, steps, evaluation } of event.finished) {
        Object.assign(this.runs.get(key)!, {
          state: 'finished',
          step: steps,
          from: steps,
          latest: evaluation?.return.mean,
        } satisfies Partial<RunState>);
      }
    } else if (event.kind === 'closed') return;
    else takeForRun(this.runs.get(event.key)!, event);
  }

  count(state: RunState['state']): number {
    return [...this.runs.values()].filter((run) => run.state === state).length;
  }

  of(state: RunState['state']): RunState[] {
    return [...this.runs.values()].filter((run) => run.state === state);
  }

  /** Environment steps a second over all that runs now. */
  get stepsPerSecond(): number {
    return this.of('running').reduce((sum, run) => sum + run.stepsPerSecond, 0);
  }

  /** Seconds until all is done, at the pace so far; undefined where nothing is known yet. */
  secondsLeft(now: number): number | undefined {
    let [made, left] = [0, 0];
    for (const { job, state, step, from } of this.runs.values()) {
      made += step - from;
      if (state === 'waiting' || state === 'running') left += Math.max(0, job.scenario.steps - step);
    }
    return made > 0 ? (left * (now - this.began)) / 1000 / made : undefined;
  }
}

function takeForRun(run: RunState, event: Exclude<BatchEvent, { kind: 'opened' | 'closed' }>): void {
  if (event.kind === 'attempt') Object.assign(run, { state: 'running', stepsPerSecond: 0 });
  else if (event.kind === 'outcome') {
    const { outcome, retry, log } = event;
    run.state = outcome.state === 'failed' && retry ? 'waiting' : outcome.state;
    run.stepsPerSecond = 0;
    if (outcome.state === 'finished') {
      run.step = outcome.summary.steps;
      run.latest = outcome.summary.evaluation?.return.mean ?? run.latest;
    } else if (outcome.state === 'failed') Object.assign(run, { message: outcome.message, log });
  } else {
    const happening = event.event;
    if (happening.kind === 'started') {
      run.since = Date.parse(happening.time);
      run.step = happening.step;
      run.from = happening.step;
    } else if (happening.kind === 'iteration') {
      const seconds = (Date.parse(happening.time) - run.since) / 1000;
      run.step = happening.step;
      if (seconds > 0) run.stepsPerSecond = (run.step - run.from) / seconds;
      run.latest = happening.metrics['return/mean'] ?? run.latest;
    }
  }
}

function fresh(job: Job): RunState {
  const nothing = { latest: undefined, message: undefined, log: undefined };
  return { job, state: 'waiting', step: 0, from: 0, since: 0, stepsPerSecond: 0, ...nothing };
}
