import type { Observable } from 'rxjs';

/**
 * What agents, workers and learners talk through: a narrow port with two implementations, in memory (`memoryBus`) and
 * NATS with JetStream (`natsBus`), that pass one contract suite. Subjects are NATS's: tokens between dots, `*` for one
 * token and a last `>` for the rest in patterns. Bytes in, bytes out: schemas are the business of those who talk.
 */
export interface Bus {
  /** Bytes that one message may hold; more is `too_large` and belongs into a blob. */
  readonly maximumPayload: number;
  /** Connection news; replays the latest, completes after `closed`. */
  readonly status: Observable<BusStatus>;
  /** At most once, to whoever listens now. */
  publish(subject: string, data: Uint8Array, headers?: Headers): void;
  /**
   * Messages from subscription to unsubscription, or to the bus's end; with `queue`, each goes to one subscriber of
   * that name. Who subscribes to `>` does not hear what servers and buses say for themselves (subjects with `$`, `_`).
   */
  subscribe(pattern: string, options?: { readonly queue?: string }): Observable<Message>;
  /** The first answer. `no_responder` where nobody listens, `timeout` after `timeout` milliseconds. */
  request(subject: string, data: Uint8Array, options: { readonly timeout: number }): Promise<Message>;
  /** Resolves when what was published has reached the server. */
  flush(): Promise<void>;
  workQueue(name: string, options?: WorkQueueOptions): Promise<WorkQueue>;
  latest(name: string): Promise<LatestStore>;
  blobs(name: string): Promise<BlobStore>;
  /** Lets messages under way arrive, then ends; whatever is called later is `unavailable`. Idempotent. */
  close(): Promise<void>;
}

export type BusStatus = 'connected' | 'disconnected' | 'reconnecting' | 'closed';
export type Headers = Readonly<Record<string, string>>;

export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  /** Answers a request; does nothing for a message that wants no answer. */
  respond(data: Uint8Array): void;
}

export interface WorkQueueOptions {
  /**
   * Milliseconds without a sign of life after which a task is given to somebody else. It belongs to the queue: who
   * makes the queue decides (default 30,000), who opens it with another number gets `mismatch`.
   */
  readonly patience?: number;
}

/** Milliseconds; see `WorkQueueOptions`. */
export const PATIENCE = 30_000;

/**
 * Durable tasks, each done at least once: a task stays until somebody acknowledges it, and is handed out again when
 * its taker falls silent. Lanes keep apart what different takers can do (`cpu`, `cuda`).
 */
export interface WorkQueue {
  /** Milliseconds; a taker gives a sign of life several times within it. */
  readonly patience: number;
  /** False where a task of this id was added already (remembered for as long as the queue lives). */
  add(task: { readonly lane: string; readonly id: string; readonly data: Uint8Array }): Promise<boolean>;
  /** The next task of a lane; undefined after `wait` milliseconds without one, or when the bus is closed meanwhile. */
  take(lane: string, options: { readonly wait: number }): Promise<Delivery | undefined>;
  /** Tasks not yet acknowledged, those under way among them; of a server that was killed perhaps done ones, until the next `take`. */
  size(): Promise<number>;
  /** Removes the queue, everything in it and the memory of ids. Who still holds it gets `unavailable`. */
  destroy(): Promise<void>;
}

export interface Delivery {
  readonly lane: string;
  readonly id: string;
  readonly data: Uint8Array;
  /** 1 at first. */
  readonly deliveries: number;
  /** A sign of life: the patience starts anew. */
  working(): void;
  /** Done for good, also where the patience ran out meanwhile; resolves once the server knows. */
  acknowledge(): Promise<void>;
  /** Back into the queue, for others, after `delay` milliseconds. Nothing where the patience ran out before. */
  giveBack(delay?: number): Promise<void>;
}

/** The latest value of each key, with revisions to compare before setting. Keys: letters, digits, `-_=./`. */
export interface LatestStore {
  /** Undefined where there is none, or none any more. */
  get(key: string): Promise<Entry | undefined>;
  put(key: string, value: Uint8Array): Promise<number>;
  /** Only where the key holds nothing (`revision` 0) or its last change is this revision; otherwise `conflict`. */
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
  /**
   * The present values of all keys matching the pattern, oldest first, then every change. A deleted key comes with
   * empty value. What changed while the server was away comes after it, the last change of each key.
   */
  watch(pattern: string): Observable<Entry>;
  destroy(): Promise<void>;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
  readonly isDeleted: boolean;
}

/** Bytes of any size under a name, checked by SHA-256 on the way out. Names: as keys. */
export interface BlobStore {
  /** `sha256` in hexadecimal. Replaces what the name held. */
  put(name: string, data: Uint8Array): Promise<{ readonly sha256: string; readonly size: number }>;
  /**
   * Undefined where there is none. `timeout` after `timeout` milliseconds; `corrupt` where the hash does not fit;
   * `too_large`, before anything is fetched, where it has more bytes than `atMost`.
   */
  get(name: string, options: { readonly timeout: number; readonly atMost?: number }): Promise<Uint8Array | undefined>;
  delete(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
  destroy(): Promise<void>;
}
