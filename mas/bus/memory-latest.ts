import { Observable, type Subscriber } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';
import type { Entry, LatestStore } from './bus.ts';
import type { Lifetime } from './lifetime.ts';
import { destroyed } from './memory-queue.ts';
import { checkKey, checkKeyPattern, checkSize, matches } from './names.ts';

interface Watcher {
  readonly pattern: string;
  readonly subscriber: Subscriber<Entry>;
}

/** A store of latest values within this process. */
export class MemoryLatest {
  private readonly entries = new Map<string, Entry>();
  private readonly watchers = new Set<Watcher>();
  private revision = 0;
  private isDestroyed = false;

  constructor(
    private readonly name: string,
    private readonly maximumPayload: number,
    private readonly post: (deliver: () => void) => void,
    private readonly forget: () => void,
  ) {}

  open(lifetime: Lifetime): LatestStore {
    const checked = <T>(act: () => T): T => {
      lifetime.check();
      if (this.isDestroyed) throw destroyed(this.name);
      return act();
    };
    return {
      get: async (key) => checked(() => this.get(key)),
      put: async (key, value) => checked(() => this.put(key, value, false)),
      update: async (key, value, revision) => checked(() => this.update(key, value, revision)),
      delete: async (key) => checked(() => this.delete(key)),
      keys: async () => checked(() => this.present('>').map(({ key }) => key)),
      watch: (pattern) => this.watch(pattern, lifetime),
      destroy: async () => {
        lifetime.check();
        this.destroy();
      },
    };
  }

  private get(key: string): Entry | undefined {
    checkKey('key', key);
    const entry = this.entries.get(key);
    return entry === undefined || entry.isDeleted ? undefined : own(entry);
  }

  private put(key: string, value: Uint8Array, isDeleted: boolean): number {
    checkKey('key', key);
    checkSize(key, value.length, this.maximumPayload);
    this.revision += 1;
    const entry = { key, value: new Uint8Array(value), revision: this.revision, isDeleted };
    this.entries.set(key, entry);
    for (const { pattern, subscriber } of this.watchers) {
      if (matches(pattern, key)) this.post(() => subscriber.next(own(entry)));
    }
    return this.revision;
  }

  private update(key: string, value: Uint8Array, revision: number): number {
    checkKey('key', key);
    checkRevision(key, revision);
    const entry = this.entries.get(key);
    const isExpected =
      revision === 0 ? entry === undefined || entry.isDeleted : entry !== undefined && entry.revision === revision;
    if (!isExpected) throw conflict(key, revision);
    return this.put(key, value, false);
  }

  private delete(key: string): void {
    if (this.get(key) !== undefined) this.put(key, new Uint8Array(), true);
  }

  private present(pattern: string): Entry[] {
    return [...this.entries.values()]
      .filter(({ key, isDeleted }) => !isDeleted && matches(pattern, key))
      .sort((a, b) => a.revision - b.revision);
  }

  private watch(pattern: string, lifetime: Lifetime): Observable<Entry> {
    checkKeyPattern(pattern);
    return new Observable((subscriber) => {
      lifetime.check();
      if (this.isDestroyed) throw destroyed(this.name);
      for (const entry of this.present(pattern)) this.post(() => subscriber.next(own(entry)));
      const watcher = { pattern, subscriber };
      this.watchers.add(watcher);
      subscriber.add(lifetime.atEnd(() => subscriber.complete()));
      return () => this.watchers.delete(watcher);
    });
  }

  private destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.forget();
    for (const { subscriber } of [...this.watchers]) this.post(() => subscriber.complete());
  }
}

/** Bytes of their own for each reader, as if they had come over a wire. */
function own(entry: Entry): Entry {
  return { ...entry, value: new Uint8Array(entry.value) };
}

export function checkRevision(key: string, revision: number): void {
  if (Number.isInteger(revision) && revision >= 0) return;
  throw new LightbulbError('invalid_input', 'no revision', {
    where: key,
    wanted: '0 or what reading gave',
    got: `${revision}`,
  });
}

export function conflict(key: string, revision: number): LightbulbError {
  return new LightbulbError('conflict', 'somebody else has changed it', {
    where: key,
    wanted: revision === 0 ? 'no value yet' : `revision ${revision}`,
    cure: 'Read it again',
  });
}
