export {
  Channel,
  type ChannelOptions,
  type Counters,
  type DeadLetter,
  type Failure,
} from './channel.ts';
export { decode, Encoder, type Limits } from './codec.ts';
export type { DeadLetterLimits } from './dead-letters.ts';
export {
  type ArraySpec,
  type ArraySpecs,
  type ArraysOf,
  array,
  type Dtype,
  defineMessage,
  type MessageKind,
  type NumberArray,
  type Outgoing,
  optionalArray,
  type Received,
} from './define.ts';
export type { BlobReference } from './header.ts';
export { act, blobSchema, experience, feedback, hello, observe, policy, progress, refusal } from './kinds.ts';
export type { Latest, LatestValues } from './latest-values.ts';
export { REASONS, type Reason, type Refusal, Refused } from './refusal.ts';
export { type Subjects, subjectsOf, token } from './subjects.ts';
export type { Task, TaskQueue } from './task-queue.ts';
