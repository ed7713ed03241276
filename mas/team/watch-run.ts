import { merge } from 'rxjs';
import type { Bus } from '../bus/bus.ts';
import { Channel, hello, progress, type Received } from '../messages/index.ts';

/** How a run goes on, as it shows on the bus. Times in milliseconds. */
export interface Watched {
  readonly run: string;
  /** null where the host did not say anything yet. */
  readonly progress: (Received<typeof progress>['fields'] & { readonly age: number }) | null;
  /** By role, then by name. */
  readonly agents: readonly WatchedAgent[];
}

/** A process that plays a role. */
export interface WatchedAgent {
  readonly role: string;
  readonly name: string;
  /** Of the policy that it acted by last, and how many updates that is behind; null where nobody knows. */
  readonly version: number;
  readonly behind: number | null;
  readonly round: number;
  /** Messages that it took and sent, a second, between its last two words; null before the second. */
  readonly messagesPerSecond: number | null;
  /** Since its last word. */
  readonly age: number;
}

type Hello = Received<typeof hello>['fields'];

/** Follows a run from outside, without its noticing. `view` says what is known at that moment. */
export function watchRun(bus: Bus, run: string): { view(): Watched; close(): Promise<void> } {
  const channel = new Channel(bus, { run });
  const record = new WatchRecord(run);
  const heard = merge(
    channel.receive(hello, channel.subjects.hello),
    channel.receive(progress, channel.subjects.progress),
  ).subscribe(({ fields }) => {
    const now = performance.now();
    if ('metrics' in fields) record.progressed(fields, now);
    else record.greeted(fields, now);
  });
  return {
    view: () => record.view(performance.now()),
    async close() {
      heard.unsubscribe();
      await channel.close();
    },
  };
}

/** What was heard of a run. Times are given, in milliseconds of any one clock. */
export class WatchRecord {
  private last: { readonly fields: Received<typeof progress>['fields']; readonly at: number } | undefined;
  private readonly agents = new Map<
    string,
    { readonly fields: Hello; readonly at: number; readonly rate: number | null }
  >();

  constructor(private readonly run: string) {}

  progressed(fields: Received<typeof progress>['fields'], at: number): void {
    this.last = { fields, at };
  }

  greeted(fields: Hello, at: number): void {
    const key = JSON.stringify([fields.role, fields.name]);
    if (!fields.isThere) {
      this.agents.delete(key);
      return;
    }
    const before = this.agents.get(key);
    const messages = ({ received, sent }: Hello): number => received + sent;
    const rate =
      before === undefined || at <= before.at || messages(fields) < messages(before.fields)
        ? null
        : ((messages(fields) - messages(before.fields)) / (at - before.at)) * 1000;
    this.agents.set(key, { fields, at, rate });
  }

  view(now: number): Watched {
    const { last } = this;
    const agents = [...this.agents.values()].map(({ fields, at, rate }): WatchedAgent => {
      const { role, name, version, round } = fields;
      // An agent may hear of a new version before we hear of it.
      const behind = last === undefined ? null : Math.max(0, last.fields.version - version);
      return { role, name, version, behind, round, messagesPerSecond: rate, age: now - at };
    });
    agents.sort((a, b) => order(a.role, b.role) || order(a.name, b.name));
    return { run: this.run, progress: last === undefined ? null : { ...last.fields, age: now - last.at }, agents };
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
