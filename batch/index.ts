export type { Attempt, AttemptOptions, Outcome, StartAttempt } from './attempt.ts';
