import type { Event, ProcessIdentity, Scenario } from '../scenarios/index.ts';
import type { Outcome } from './attempt.ts';

/** What the parent says to a child, one run at a time. */
export type Order =
  | {
      readonly kind: 'run';
      readonly scenario: Scenario;
      readonly folder: string;
      readonly resume: boolean;
      /** The parent: whoever finds it dead may end the child. */
      readonly owner: ProcessIdentity;
    }
  | { readonly kind: 'stop' };

/** What a child says to its parent. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'ended'; readonly outcome: Outcome };
