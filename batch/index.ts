export type { Attempt, AttemptOptions, Outcome, StartAttempt } from './attempt.ts';
export {
  type CoordinateOptions,
  type CoordinatorNews,
  cancel,
  coordinate,
  type JobState,
  type WorkerMessage,
  type WorkerNews,
  type WorkerOptions,
  work,
} from './remote/index.ts';
export { AttemptProcesses, type AttemptProcessesOptions, startAttempt } from './start-attempt.ts';
