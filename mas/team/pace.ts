import { type Channel, progress } from '../messages/index.ts';

/** Milliseconds between two words of how the run goes on. */
const EVERY = 1000;

/** Where a run stands, for whoever watches it. */
export interface Standing {
  readonly round: number;
  readonly step: number;
  readonly version: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Tells watchers how a run goes on, at most once a second. Nothing of it comes back into what is learned. */
export class Pace {
  private told = 0;
  private since = performance.now();
  private before = { step: 0, messages: 0, version: 0 };

  constructor(private readonly channel: Channel) {}

  tell({ round, step, version, metrics }: Standing, isLast = false): void {
    const { channel, before } = this;
    const now = performance.now();
    if (!isLast && this.told > 0 && now - this.since < EVERY) return;
    const seconds = Math.max(1e-3, (now - this.since) / 1000);
    const { sent, received } = channel.counters;
    const messages = sent + received;
    const rates = {
      stepsPerSecond: Math.max(0, step - before.step) / seconds,
      messagesPerSecond: Math.max(0, messages - before.messages) / seconds,
      updatesPerSecond: Math.max(0, version - before.version) / seconds,
      lag: 0,
    };
    this.before = { step, messages, version };
    this.since = now;
    this.told++;
    try {
      channel.send(progress, channel.subjects.progress, { fields: { round, step, version, metrics, rates } });
    } catch {
      // The bus is closed, or these metrics are none that the bus knows: the run does not depend on who watches it.
    }
  }
}
