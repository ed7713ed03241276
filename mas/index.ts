export type {
  BlobStore,
  Bus,
  BusStatus,
  Delivery,
  Entry,
  Headers,
  LatestStore,
  Message,
  WorkQueue,
  WorkQueueOptions,
} from './bus/bus.ts';
export { connectBus } from './bus/connect.ts';
export { type MemoryServer, type MemoryServerOptions, memoryBus, memoryServer } from './bus/memory.ts';
export { type NatsBusOptions, natsBus } from './bus/nats.ts';
export type { NatsAuth, NatsTls } from './bus/nats-access.ts';
export * from './messages/index.ts';
export {
  createTeamTraining,
  type PlayRoleSpec,
  type ProcessNews,
  playRole,
  Registry,
  type RoleAgent,
  type RoleCommand,
  type RoleNews,
  type RoleSpec,
  type RunEntry,
  type SetAside,
  type SuperviseSpec,
  type Supervision,
  serveRole,
  superviseRoles,
  type TeamNews,
  type TeamSpec,
  type TeamTraining,
  type TeamTrainingSpec,
  type TellNews,
  type Watched,
  type WatchedAgent,
  watchRun,
} from './team/index.ts';
export {
  createJointLearner,
  createJointPolicy,
  type EncoderOptions,
  type Experience,
  type GroupExperience,
  type JointLearner,
  type JointLearnerSpec,
  type JointPolicy,
  type RoleActor,
  type SharedValueOptions,
  sharedValueDefaults,
  type Turn,
} from './value/index.ts';
