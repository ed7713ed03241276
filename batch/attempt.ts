import type { Observable } from 'rxjs';
import type { Event, Limits, Scenario, Summary } from '../scenarios/index.ts';

/** What one attempt at a run came to. */
export type Outcome =
  | { readonly state: 'finished'; readonly summary: Summary }
  /** Asked to stop; there is a checkpoint to go on from. */
  | { readonly state: 'interrupted' }
  /** `code`: an error's code, or `time_limit`, `memory_limit`, `killed`. */
  | { readonly state: 'failed'; readonly code: string; readonly message: string };

export interface AttemptOptions {
  readonly scenario: Scenario;
  /** The run's folder. What is half-done there is gone on with; otherwise it is made. */
  readonly folder: string;
  readonly limits: Limits;
  /** Interrupts the run, with a checkpoint. */
  readonly signal: AbortSignal;
  /** A file that gets what the child prints, if it prints anything. */
  readonly log?: string;
}

/** One attempt in a child process. The child dies with this process, however that ends. */
export interface Attempt {
  /** The run's events as they happen; completes when the attempt is over. Never errors. */
  readonly events: Observable<Event>;
  readonly outcome: Promise<Outcome>;
}

/** Starts attempts; tests put others here. */
export type StartAttempt = (options: AttemptOptions) => Attempt;
