import type { Event, Job } from '../scenarios/index.ts';
import type { Outcome } from './attempt.ts';
import type { Result } from './results.ts';

/** What happens in a batch. `key` says to which run. */
export type BatchEvent =
  | {
      readonly kind: 'opened';
      readonly jobs: readonly Job[];
      readonly parallel: number;
      /** Runs that an earlier sitting finished already. */
      readonly finished: readonly Result[];
    }
  /** `attempt` counts from 1 in this sitting. */
  | { readonly kind: 'attempt'; readonly key: string; readonly attempt: number }
  | { readonly kind: 'run'; readonly key: string; readonly event: Event }
  | {
      readonly kind: 'outcome';
      readonly key: string;
      readonly outcome: Outcome;
      /** Whether another attempt follows. */
      readonly retry: boolean;
      readonly log: string;
    }
  | { readonly kind: 'closed'; readonly results: readonly Result[] };
