import { LightbulbError } from '../../core/index.ts';
import { type Delivery, PATIENCE, type WorkQueue, type WorkQueueOptions } from './bus.ts';
import type { Lifetime } from './lifetime.ts';
import { checkKey, checkMilliseconds, checkName, checkSize } from './names.ts';

interface Task {
  readonly lane: string;
  readonly id: string;
  readonly data: Uint8Array;
  deliveries: number;
  /** When it may be handed out (again). */
  freeAt: number;
}

/** A work queue within this process. */
export class MemoryQueue {
  private readonly patience: number;
  private readonly ids = new Set<string>();
  private readonly tasks = new Set<Task>();
  private readonly waiting = new Set<() => void>();
  private isDestroyed = false;

  constructor(
    private readonly name: string,
    { patience = PATIENCE }: WorkQueueOptions,
    private readonly maximumPayload: number,
    private readonly forget: () => void,
  ) {
    checkMilliseconds('patience', patience, 1);
    this.patience = patience;
  }

  checkPatience({ patience = this.patience }: WorkQueueOptions): void {
    if (patience !== this.patience) throw otherPatience(this.name, this.patience, patience);
  }

  open(lifetime: Lifetime): WorkQueue {
    const checked = <T>(act: () => T): T => {
      lifetime.check();
      if (this.isDestroyed) throw destroyed(this.name);
      return act();
    };
    return {
      patience: this.patience,
      add: async (task) => checked(() => this.add(task)),
      take: async (lane, options) => checked(() => this.take(lane, options.wait, lifetime)),
      size: async () => checked(() => this.tasks.size),
      destroy: async () => {
        lifetime.check();
        this.destroy();
      },
    };
  }

  private add({ lane, id, data }: Parameters<WorkQueue['add']>[0]): boolean {
    checkName('lane', lane);
    checkKey('id of a task', id);
    checkSize(id, data.length, this.maximumPayload);
    if (this.ids.has(id)) return false;
    this.ids.add(id);
    this.tasks.add({ lane, id, data: new Uint8Array(data), deliveries: 0, freeAt: 0 });
    this.wake();
    return true;
  }

  private async take(lane: string, wait: number, lifetime: Lifetime): Promise<Delivery | undefined> {
    checkName('lane', lane);
    checkMilliseconds('wait', wait, 0);
    const deadline = performance.now() + wait;
    while (!lifetime.isOver) {
      if (this.isDestroyed) throw destroyed(this.name);
      const now = performance.now();
      const inLane = [...this.tasks].filter((task) => task.lane === lane);
      const free = inLane.find(({ freeAt }) => freeAt <= now);
      if (free !== undefined) return this.handOut(free, lifetime);
      if (now >= deadline) return undefined;
      await this.news(Math.min(deadline, ...inLane.map(({ freeAt }) => freeAt)) - now, lifetime);
    }
    return undefined;
  }

  private handOut(task: Task, lifetime: Lifetime): Delivery {
    const renew = (): void => {
      task.freeAt = performance.now() + this.patience;
    };
    renew();
    task.deliveries += 1;
    const deliveries = task.deliveries;
    let isSettled = false;
    // Silent for too long, and somebody else has it now.
    const isMine = (): boolean => !isSettled && task.deliveries === deliveries;
    return {
      lane: task.lane,
      id: task.id,
      data: new Uint8Array(task.data),
      deliveries,
      working: () => {
        if (!lifetime.isOver && isMine()) renew();
      },
      acknowledge: async () => {
        lifetime.check();
        if (isSettled) return;
        isSettled = true;
        this.tasks.delete(task);
      },
      giveBack: async (delay = 0) => {
        lifetime.check();
        checkMilliseconds('delay', delay, 0);
        if (!isMine()) return;
        isSettled = true;
        task.freeAt = performance.now() + delay;
        this.wake();
      },
    };
  }

  /** Resolves when there may be something to take, at the latest after `time` milliseconds. */
  private news(time: number, lifetime: Lifetime): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        forget();
        resolve();
      };
      const timer = setTimeout(wake, Math.min(time, 2 ** 31 - 1));
      this.waiting.add(wake);
      const forget = lifetime.atEnd(wake);
    });
  }

  private wake(): void {
    for (const tell of [...this.waiting]) tell();
  }

  private destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.forget();
    this.wake();
  }
}

export function destroyed(name: string): LightbulbError {
  return new LightbulbError('unavailable', 'it was destroyed', { where: name, cure: 'Open it anew' });
}

export function otherPatience(name: string, wanted: number, got: number): LightbulbError {
  return new LightbulbError('mismatch', 'this queue was made with another patience', {
    where: name,
    wanted: `${wanted} ms`,
    got: `${got} ms`,
    cure: 'Leave the patience out to take what there is, or destroy the queue',
  });
}
