import type { Delivery, WorkQueue } from '../bus/bus.ts';
import type { RunBlobs } from './blobs.ts';
import type { MessageKind, Outgoing, Received } from './define.ts';
import { Delayed, type Intake } from './intake.ts';
import type { Outlet } from './outlet.ts';

/** Milliseconds until a task is tried again whose arrays did not come. */
const LATER = 1000;
/** Deliveries after which a task is set aside whose arrays never come. */
const MOST_DELIVERIES = 10;

/** A task of a run's queue. Undone until acknowledged: whoever takes it falls silent, and somebody else gets it. */
export type Task<K extends MessageKind> = Received<K> & {
  readonly lane: string;
  /** 1 at first. */
  readonly deliveries: number;
  /** A sign of life. */
  working(): void;
  /** Done for good. */
  acknowledge(): Promise<void>;
  /** Back into the queue, after `delay` milliseconds. */
  giveBack(delay?: number): Promise<void>;
};

/** Messages that are kept until somebody has done what they say, each at least once. Their arrays may have any size. */
export class TaskQueue<K extends MessageKind> {
  constructor(
    private readonly kind: K,
    private readonly queue: WorkQueue,
    private readonly from: string,
    private readonly outlet: Outlet,
    private readonly intake: Intake,
    private readonly blobs: RunBlobs,
  ) {}

  /** False where a task of this message's id was added before. */
  async add(lane: string, message: Outgoing<K>): Promise<boolean> {
    const id = message.id ?? this.outlet.nextId();
    let blob: string | undefined;
    const packed = this.outlet.encodeAnySize(this.kind, { ...message, id }, (name) => {
      blob = name;
    });
    // Bytes of their own: adding takes a while.
    const data = packed instanceof Promise ? await packed : new Uint8Array(packed);
    const isNew = await this.queue.add({ lane, id, data });
    if (isNew) this.outlet.sent++;
    else if (blob !== undefined) await this.blobs.delete(blob);
    return isNew;
  }

  /** The next good task of a lane; undefined after `wait` milliseconds without one. Bad ones are set aside for good. */
  async take(lane: string, { wait }: { readonly wait: number }): Promise<Task<K> | undefined> {
    const deadline = performance.now() + wait;
    for (;;) {
      const left = Math.max(0, deadline - performance.now());
      const delivery = await this.queue.take(lane, { wait: left });
      if (delivery === undefined) return undefined;
      const task = await this.open(delivery);
      if (task !== undefined) return task;
    }
  }

  /** Those under way among them, of whatever kind. */
  size(): Promise<number> {
    return this.queue.size();
  }

  private async open(delivery: Delivery): Promise<Task<K> | undefined> {
    const { lane, deliveries, data } = delivery;
    try {
      const isLast = deliveries >= MOST_DELIVERIES;
      const received = await this.intake.takeOnce(this.kind, this.from, data, isLast);
      if (received === undefined) {
        await delivery.acknowledge();
        return undefined;
      }
      const { message, blob } = received;
      return {
        ...message,
        lane,
        deliveries,
        working: () => delivery.working(),
        acknowledge: async () => {
          await delivery.acknowledge();
          if (blob !== undefined) await this.blobs.delete(blob).catch(() => undefined);
        },
        giveBack: (delay) => delivery.giveBack(delay),
      };
    } catch (error) {
      if (!(error instanceof Delayed)) throw error;
      await delivery.giveBack(LATER);
      return undefined;
    }
  }
}
