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
export { type EncoderOptions, type SharedValueOptions, sharedValueDefaults } from './value/options.ts';
