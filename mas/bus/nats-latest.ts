import { setTimeout as sleep } from 'node:timers/promises';
import type { KV, KvEntry } from 'nats';
import { Observable, type Subscriber } from 'rxjs';
import type { Entry, LatestStore } from './bus.ts';
import { checkRevision, conflict } from './memory-latest.ts';
import { checkKey, checkKeyPattern, checkSize } from './names.ts';
import { codeOf, isWrongRevision, type NatsLink, translated } from './nats-link.ts';

/** A store of latest values: a NATS key-value bucket of that name, with a history of one. */
export class NatsLatest implements LatestStore {
  private constructor(
    private readonly link: NatsLink,
    private readonly name: string,
    private readonly bucket: KV,
    private readonly maximumPayload: number,
  ) {}

  static async open(link: NatsLink, name: string, maximumPayload: number): Promise<NatsLatest> {
    // Direct reads may be stale in a cluster, and get no answer from a server whose bucket is gone.
    const bucket = await link.ask('', name, () => link.jetStream.views.kv(name, { history: 1, allow_direct: false }));
    return new NatsLatest(link, name, bucket, maximumPayload);
  }

  async get(key: string): Promise<Entry | undefined> {
    checkKey('key', key);
    const entry = await this.ask(async () => {
      const entry = await this.bucket.get(key);
      if (entry === null) await this.bucket.status(); // tells a missing value from a missing store
      return entry;
    });
    return entry === null || isDeletion(entry) ? undefined : entryOf(entry);
  }

  async put(key: string, value: Uint8Array): Promise<number> {
    this.check(key, value);
    return this.ask(() => this.bucket.put(key, value));
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number> {
    this.check(key, value);
    checkRevision(key, revision);
    const change = () => (revision === 0 ? this.bucket.create(key, value) : this.bucket.update(key, value, revision));
    try {
      return await this.link.ask(`KV_${this.name}`, this.name, change, { isOnce: true });
    } catch (error) {
      throw isWrongRevision(error) ? conflict(key, revision) : error;
    }
  }

  async delete(key: string): Promise<void> {
    if ((await this.get(key)) !== undefined) await this.ask(() => this.bucket.delete(key));
  }

  async keys(): Promise<readonly string[]> {
    return this.ask(async () => {
      const keys: string[] = [];
      for await (const key of await this.bucket.keys()) keys.push(key);
      return keys;
    });
  }

  watch(pattern: string): Observable<Entry> {
    checkKeyPattern(pattern);
    return new Observable((subscriber) => {
      this.link.lifetime.check();
      new Watching(this.link, this.name, this.bucket, pattern, subscriber).start();
    });
  }

  async destroy(): Promise<void> {
    await this.link.ask('', this.name, () =>
      this.bucket.destroy().catch((error: unknown) => {
        if (codeOf(error) !== '404') throw error;
      }),
    );
  }

  private check(key: string, value: Uint8Array): void {
    checkKey('key', key);
    checkSize(key, value.length, this.maximumPayload);
  }

  private ask<T>(act: () => Promise<T>): Promise<T> {
    return this.link.ask(`KV_${this.name}`, this.name, act);
  }
}

/** One subscription to a store. A server that was away forgets who watched, so after it we watch anew. */
class Watching {
  /** Revisions up to here were there before us: deletions among them are no news. */
  private born: number | undefined;
  private seen = 0;
  private stopCurrent: () => void = () => undefined;

  constructor(
    private readonly link: NatsLink,
    private readonly name: string,
    private readonly bucket: KV,
    private readonly pattern: string,
    private readonly subscriber: Subscriber<Entry>,
  ) {}

  start(): void {
    const { link, subscriber } = this;
    subscriber.add(link.lifetime.atEnd(() => subscriber.complete()));
    subscriber.add(link.reconnections().subscribe(() => this.stopCurrent()));
    subscriber.add(() => this.stopCurrent());
    this.follow().catch((error: unknown) => {
      if (link.lifetime.isOver) subscriber.complete();
      else subscriber.error(translated(error, this.name));
    });
  }

  private async follow(): Promise<void> {
    const { link, name, subscriber } = this;
    while (!subscriber.closed) {
      if (!(await link.connected(60_000))) continue;
      if (subscriber.closed) return;
      const entries = await link.ask(`KV_${name}`, name, () => this.open());
      this.stopCurrent = () => entries.stop();
      if (subscriber.closed) return entries.stop();
      try {
        for await (const entry of entries) this.pass(entry);
      } catch {
        // The connection broke: the next round goes on after what was seen.
      }
      if (!subscriber.closed) await sleep(50);
    }
  }

  private async open(): Promise<Awaited<ReturnType<KV['watch']>>> {
    this.born ??= (await this.bucket.status()).streamInfo.state.last_seq;
    return this.bucket.watch({
      key: this.pattern,
      ...(this.seen === 0 ? {} : { resumeFromRevision: this.seen + 1 }),
    });
  }

  private pass(entry: KvEntry): void {
    if (entry.revision <= this.seen) return;
    this.seen = entry.revision;
    if (isDeletion(entry) && entry.revision <= this.born!) return;
    this.subscriber.next(entryOf(entry));
  }
}

function isDeletion({ operation }: KvEntry): boolean {
  return operation !== 'PUT';
}

function entryOf(entry: KvEntry): Entry {
  const { key, value, revision } = entry;
  return { key, value: new Uint8Array(value), revision, isDeleted: isDeletion(entry) };
}
