import { Observable, ReplaySubject } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';
import type { BlobStore, Bus, BusStatus, Headers, LatestStore, Message, WorkQueue, WorkQueueOptions } from './bus.ts';
import { Lifetime } from './lifetime.ts';
import { MemoryBlobs } from './memory-blobs.ts';
import { MemoryLatest } from './memory-latest.ts';
import { MemoryQueue } from './memory-queue.ts';
import {
  checkHeaders,
  checkMilliseconds,
  checkName,
  checkPattern,
  checkSize,
  checkSubject,
  matches,
  RESERVED_BYTES,
  wireSize,
} from './names.ts';

/** As NATS's default of 1 MiB, less what the bus keeps for itself. */
const MAXIMUM_PAYLOAD = 2 ** 20 - RESERVED_BYTES;

export interface MemoryServerOptions {
  /** Bytes that one message may hold. Default 1,046,528, as a NATS server with default settings. */
  readonly maximumPayload?: number;
}

/** What several buses of one process share, as several connections share one NATS server. */
export interface MemoryServer {
  connect(): Bus;
}

/** A bus within this process. Give `connect()` of one server to each who talks. Nothing survives the process. */
export function memoryServer({ maximumPayload = MAXIMUM_PAYLOAD }: MemoryServerOptions = {}): MemoryServer {
  const exchange = new Exchange(maximumPayload);
  return { connect: () => new MemoryBus(exchange) };
}

/** A bus of its own. */
export function memoryBus(options: MemoryServerOptions = {}): Bus {
  return memoryServer(options).connect();
}

interface Listener {
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly hear: (message: Message) => void;
}

/** The state behind all connections. */
class Exchange {
  readonly listeners = new Set<Listener>();
  readonly queues = new Map<string, MemoryQueue>();
  readonly stores = new Map<string, MemoryLatest>();
  readonly blobs = new Map<string, MemoryBlobs>();
  private outbox: (() => void)[] = [];
  private readonly turns = new Map<string, number>();

  constructor(readonly maximumPayload: number) {}

  /** Delivers later, in order, so that nobody is called within their own call; timers get their turn in between. */
  readonly post = (deliver: () => void): void => {
    this.outbox.push(deliver);
    if (this.outbox.length === 1) setImmediate(() => this.empty());
  };

  /** Who is to hear a message: all plain listeners, and of each group the one whose turn it is. */
  audience(subject: string): readonly Listener[] {
    const all = [...this.listeners].filter(({ pattern }) => matches(pattern, subject));
    const groups = new Map<string, Listener[]>();
    for (const listener of all) {
      if (listener.queue !== undefined) groups.set(listener.queue, [...(groups.get(listener.queue) ?? []), listener]);
    }
    const chosen = [...groups].map(([queue, members]) => {
      const turn = this.turns.get(queue) ?? 0;
      this.turns.set(queue, turn + 1);
      return members[turn % members.length]!;
    });
    return [...all.filter(({ queue }) => queue === undefined), ...chosen];
  }

  private empty(): void {
    const letters = this.outbox;
    this.outbox = [];
    for (const deliver of letters) deliver();
  }
}

class MemoryBus implements Bus {
  readonly maximumPayload: number;
  readonly status: Observable<BusStatus>;
  private readonly news = new ReplaySubject<BusStatus>(1);
  private readonly lifetime = new Lifetime();
  private closing: Promise<void> | undefined;

  constructor(private readonly exchange: Exchange) {
    this.maximumPayload = exchange.maximumPayload;
    this.status = this.news.asObservable();
    this.news.next('connected');
  }

  publish(subject: string, data: Uint8Array, headers: Headers = {}): void {
    this.send(subject, data, headers, () => undefined);
  }

  subscribe(pattern: string, { queue }: { readonly queue?: string } = {}): Observable<Message> {
    checkPattern(pattern);
    if (queue !== undefined) checkName('name of a group', queue);
    return new Observable((subscriber) => {
      this.lifetime.check();
      const listener: Listener = { pattern, queue, hear: (message) => subscriber.next(message) };
      this.exchange.listeners.add(listener);
      subscriber.add(this.lifetime.atEnd(() => subscriber.complete()));
      return () => this.exchange.listeners.delete(listener);
    });
  }

  async request(subject: string, data: Uint8Array, { timeout }: { readonly timeout: number }): Promise<Message> {
    checkMilliseconds('timeout', timeout, 1);
    this.lifetime.check();
    return new Promise((resolve, reject) => {
      const stopWaiting = (): void => {
        clearTimeout(timer);
        forget();
      };
      const fail = (error: LightbulbError): void => {
        stopWaiting();
        reject(error);
      };
      const timer = setTimeout(() => fail(noAnswer(subject, timeout)), timeout);
      const forget = this.lifetime.atEnd(() => fail(new LightbulbError('unavailable', 'this bus is closed')));
      try {
        const heard = this.send(subject, data, {}, (answer) => {
          stopWaiting();
          resolve(answer);
        });
        if (heard === 0) fail(nobody(subject));
      } catch (error) {
        fail(error as LightbulbError);
      }
    });
  }

  async flush(): Promise<void> {
    this.lifetime.check();
    await new Promise<void>((resolve) => this.exchange.post(resolve));
  }

  async workQueue(name: string, options: WorkQueueOptions = {}): Promise<WorkQueue> {
    this.lifetime.check();
    checkName('name of a queue', name);
    const { queues } = this.exchange;
    const queue = queues.get(name) ?? new MemoryQueue(name, options, this.maximumPayload, () => queues.delete(name));
    queue.checkPatience(options);
    queues.set(name, queue);
    return queue.open(this.lifetime);
  }

  async latest(name: string): Promise<LatestStore> {
    this.lifetime.check();
    checkName('name of a store', name);
    const { stores, post } = this.exchange;
    const store = stores.get(name) ?? new MemoryLatest(name, this.maximumPayload, post, () => stores.delete(name));
    stores.set(name, store);
    return store.open(this.lifetime);
  }

  async blobs(name: string): Promise<BlobStore> {
    this.lifetime.check();
    checkName('name of a store', name);
    const { blobs } = this.exchange;
    const store = blobs.get(name) ?? new MemoryBlobs(name, () => blobs.delete(name));
    blobs.set(name, store);
    return store.open(this.lifetime);
  }

  close(): Promise<void> {
    this.closing ??= this.flush().then(() => {
      this.lifetime.end();
      this.news.next('closed');
      this.news.complete();
    });
    return this.closing;
  }

  /** Returns how many hear it. */
  private send(subject: string, data: Uint8Array, headers: Headers, answer: (message: Message) => void): number {
    checkSubject(subject);
    checkHeaders(headers);
    checkSize(subject, wireSize(data, headers), this.maximumPayload);
    this.lifetime.check();
    const sent = new Uint8Array(data);
    const audience = this.exchange.audience(subject);
    for (const listener of audience) {
      const respond = (response: Uint8Array): void => {
        checkSize(`answer to ${subject}`, response.length, this.maximumPayload);
        const data = new Uint8Array(response);
        this.exchange.post(() => answer({ subject, data, headers: {}, respond: () => undefined }));
      };
      // Each gets bytes of their own, as if they had come over a wire.
      const message = { subject, data: new Uint8Array(sent), headers: { ...headers }, respond };
      this.exchange.post(() => listener.hear(message));
    }
    return audience.length;
  }
}

export function noAnswer(subject: string, timeout: number): LightbulbError {
  return new LightbulbError('timeout', `no answer within ${timeout} ms`, { where: subject });
}

export function nobody(subject: string): LightbulbError {
  return new LightbulbError('no_responder', 'nobody listens', { where: subject });
}
