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
export { type MemoryServer, type MemoryServerOptions, memoryBus, memoryServer } from './bus/memory.ts';
