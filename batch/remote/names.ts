import type { Bus, WorkQueue } from '../../mas/index.ts';

/** Everything that batches put on a bus is called so; described in docs/bus.md. */
export const QUEUE = 'lightbulb-jobs';
export const STATES = 'lightbulb-jobs';
export const FILES = 'lightbulb-runs';
export const WORKERS = 'lightbulb.workers';
/** Where messages go that follow no schema, with the reason as a header. */
export const DEAD_LETTERS = 'lightbulb.dead';

/** Seconds between a worker's words about itself. */
export const NEWS_SECONDS = 2;

/** A job's name as one token of a subject: what subjects do not allow is written as `=` and its code. */
export function token(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, (letter) => `=${letter.codePointAt(0)!.toString(16)}=`);
}

export const stateKey = (batch: string, key: string): string => `${token(batch)}.${token(key)}`;
export const eventSubject = (batch: string, key: string): string => `lightbulb.events.${stateKey(batch, key)}`;
export const blobName = (batch: string, key: string, sha256: string): string => `${stateKey(batch, key)}/${sha256}`;

/** Which workers can do it: those with the device. What `auto` and the eager CPU backends run on is the CPU. */
export function laneOf(device: string): string {
  return ['webgpu', 'cuda', 'tensorflow'].includes(device) ? device : 'cpu';
}

/** The queue of jobs, which keeps the patience it was made with. */
export function openQueue(bus: Bus, patience: number | undefined): Promise<WorkQueue> {
  return bus.workQueue(QUEUE, patience === undefined ? {} : { patience });
}
