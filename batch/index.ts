export type { Attempt, AttemptOptions, Outcome, StartAttempt } from './attempt.ts';
export type { BatchEvent } from './events.ts';
export {
  type CoordinateOptions,
  type CoordinatorNews,
  cancel,
  coordinate,
  type JobState,
  nameOnBus,
  type RemoteBatchOptions,
  runRemoteBatch,
  type WorkerMessage,
  type WorkerNews,
  type WorkerOptions,
  work,
} from './remote/index.ts';
export type { Result } from './results.ts';
export { type BatchOptions, parallelOf, runBatch } from './run-batch.ts';
export { AttemptProcesses, type AttemptProcessesOptions, startAttempt } from './start-attempt.ts';
