import { Observable } from 'rxjs';
import type { Entry, LatestStore } from '../bus/bus.ts';
import type { MessageKind, Outgoing, Received } from './define.ts';
import type { Intake } from './intake.ts';
import type { Outlet } from './outlet.ts';

/** A message as the latest value of a key. */
export type Latest<K extends MessageKind> = Received<K> & { readonly key: string; readonly revision: number };

/** Messages of which the last of each key counts. They have to fit into what the bus carries. */
export class LatestValues<K extends MessageKind> {
  constructor(
    private readonly kind: K,
    private readonly store: LatestStore,
    private readonly from: string,
    private readonly outlet: Outlet,
    private readonly intake: Intake,
  ) {}

  /** The new revision. With `revision`, only where it is the key's last (0: where it holds nothing), else `conflict`. */
  async put(key: string, message: Outgoing<K>, revision?: number): Promise<number> {
    const bytes = new Uint8Array(this.outlet.encode(this.kind, message));
    const made = revision === undefined ? this.store.put(key, bytes) : this.store.update(key, bytes, revision);
    const next = await made;
    this.outlet.sent++;
    return next;
  }

  /** Undefined where there is none, or what there is was set aside. */
  async get(key: string): Promise<Latest<K> | undefined> {
    const entry = await this.store.get(key);
    if (entry === undefined) return undefined;
    const received = await this.intake.takeOnce(this.kind, this.placeOf(entry), entry.value);
    return received === undefined ? undefined : { ...received.message, key, revision: entry.revision };
  }

  /** The values of the keys that match, then each change. Deletions are left out, and what is set aside. */
  watch(pattern: string): Observable<Latest<K>> {
    return new Observable((subscriber) =>
      this.store.watch(pattern).subscribe({
        next: (entry) => {
          const { key, revision, value, isDeleted } = entry;
          if (isDeleted) return;
          this.intake.take(this.kind, this.placeOf(entry), value, (message) =>
            subscriber.next({ ...message, key, revision }),
          );
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  }

  private placeOf({ key }: Entry): string {
    return `latest ${this.from}.${key}`;
  }
}
