export { type CoordinateOptions, type CoordinatorNews, cancel, coordinate } from './coordinator.ts';
export { nameOnBus, type RemoteBatchOptions, runRemoteBatch } from './run-remote-batch.ts';
export type { JobState, WorkerMessage } from './wire.ts';
export { type WorkerNews, type WorkerOptions, work } from './worker.ts';
