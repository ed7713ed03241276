import { setTimeout as sleep } from 'node:timers/promises';
import {
  AckPolicy,
  createInbox,
  DeliverPolicy,
  headers,
  type Msg,
  type MsgHdrs,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from 'nats';
import { LightbulbError } from '../../core/index.ts';
import { type Delivery, PATIENCE, type WorkQueue, type WorkQueueOptions } from './bus.ts';
import { otherPatience } from './memory-queue.ts';
import { checkKey, checkMilliseconds, checkName, checkSize } from './names.ts';
import { codeOf, isNoMessage, isWrongRevision, type NatsLink, translated } from './nats-link.ts';

/** How long the server itself remembers ids, for those who add the same at the same time. */
const DUPLICATE_WINDOW = 10 * 60_000;
/** The longest that one request for a task stands at the server; then it is made anew. */
const LONGEST_PULL = 20_000;
/** How much later than it should the server's "nothing" may come before we take it as said. */
const GRACE = 500;
/** What stands under the id of a task that was acknowledged. */
const DONE = new TextEncoder().encode('done');

/**
 * A work queue on JetStream: the stream `queue_NAME` holds the tasks until they are acknowledged, under subjects
 * `_queue.NAME.LANE.ID`; each lane is a durable consumer. The stream `ids_NAME` remembers the ids: a task's id is
 * written there after it was added, and again, as done, before it is acknowledged; the tasks' own subjects tell those in
 * between. Servers write messages at once but acknowledgements some time later: what comes again after a server was
 * killed, though it is done, is known by its id.
 */
export class NatsQueue implements WorkQueue {
  private readonly stream: string;
  private readonly ids: string;
  private readonly lanes = new Map<string, Promise<void>>();

  private constructor(
    private readonly link: NatsLink,
    private readonly name: string,
    private readonly maximumPayload: number,
    readonly patience: number,
  ) {
    this.stream = `queue_${name}`;
    this.ids = `ids_${name}`;
  }

  static async open(
    link: NatsLink,
    name: string,
    { patience }: WorkQueueOptions,
    maximumPayload: number,
  ): Promise<NatsQueue> {
    if (patience !== undefined) checkMilliseconds('patience', patience, 1);
    const { streams } = link.manager;
    const existing = await link.ask('', name, () => orUndefined(streams.info(`queue_${name}`)));
    const info = existing ?? (await make(link, name, patience ?? PATIENCE));
    const known = patienceOf(info);
    if (patience !== undefined && patience !== known) throw otherPatience(name, known, patience);
    return new NatsQueue(link, name, maximumPayload, known);
  }

  async add({ lane, id, data }: Parameters<WorkQueue['add']>[0]): Promise<boolean> {
    checkName('lane', lane);
    checkKey('id of a task', id);
    checkSize(id, data.length, this.maximumPayload);
    if ((await this.ask(() => this.known(id))) !== undefined) return false;
    let attempts = 0;
    const isNew = await this.ask(async () => {
      attempts += 1;
      try {
        const subject = `_queue.${this.name}.${lane}.${id}`;
        const { duplicate } = await this.link.jetStream.publish(subject, data, { msgID: id, headers: onlyNew() });
        // Asked again because no answer came: what stands there is ours.
        return !duplicate || attempts > 1;
      } catch (error) {
        if (isWrongRevision(error)) return attempts > 1;
        throw error;
      }
    });
    await this.rememberAdded(id);
    return isNew;
  }

  async take(lane: string, { wait }: { readonly wait: number }): Promise<Delivery | undefined> {
    checkName('lane', lane);
    checkMilliseconds('wait', wait, 0);
    this.link.lifetime.check();
    const deadline = performance.now() + wait;
    let left = wait;
    do {
      if (!(await this.link.connected(left)) || this.link.lifetime.isOver) return undefined;
      await this.consumer(lane);
      left = Math.max(0, deadline - performance.now());
      const message = await this.pull(lane, Math.min(left, LONGEST_PULL));
      if (message !== undefined) {
        const delivery = this.delivery(lane, message);
        if ((await this.ask(() => this.known(delivery.id))) !== 'done') return delivery;
        await delivery.acknowledge();
      }
      left = deadline - performance.now();
    } while (left > 0 && !this.link.lifetime.isOver);
    return undefined;
  }

  async size(): Promise<number> {
    return this.ask(async () => (await this.link.manager.streams.info(this.stream)).state.messages);
  }

  async destroy(): Promise<void> {
    for (const stream of [this.stream, this.ids]) {
      await this.link.ask('', this.name, () => orUndefined(this.link.manager.streams.delete(stream)));
    }
  }

  private ask<T>(act: () => Promise<T>): Promise<T> {
    return this.link.ask(this.stream, this.name, act);
  }

  /** What is remembered of an id; undefined where nothing is. */
  private async known(id: string): Promise<'added' | 'done' | undefined> {
    try {
      const { data } = await this.link.manager.streams.getMessage(this.ids, {
        last_by_subj: `_ids.${this.name}.${id}`,
      });
      return data.length === 0 ? 'added' : 'done';
    } catch (error) {
      if (isNoMessage(error)) return undefined;
      throw error;
    }
  }

  private async rememberAdded(id: string): Promise<void> {
    await this.ask(async () => {
      try {
        await this.link.jetStream.publish(`_ids.${this.name}.${id}`, undefined, { headers: onlyNew() });
      } catch (error) {
        if (!isWrongRevision(error)) throw error; // it is there already, perhaps as done
      }
    });
  }

  private async rememberDone(id: string): Promise<void> {
    await this.ask(() => this.link.jetStream.publish(`_ids.${this.name}.${id}`, DONE));
  }

  /** Makes the lane's consumer where there is none; does nothing where it is as it should be. */
  private consumer(lane: string): Promise<void> {
    const known = this.lanes.get(lane);
    if (known !== undefined) return known;
    const made = this.ask(async () => {
      await this.link.manager.consumers.add(this.stream, {
        durable_name: lane,
        filter_subject: `_queue.${this.name}.${lane}.>`,
        deliver_policy: DeliverPolicy.All,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(Math.round(this.patience)),
        max_deliver: -1,
        max_ack_pending: -1,
      });
    });
    this.lanes.set(lane, made);
    made.catch(() => this.lanes.delete(lane));
    return made;
  }

  /** One request for a task; undefined where the server has none, or is replaced by another meanwhile. */
  private async pull(lane: string, wait: number): Promise<Msg | undefined> {
    const { connection, lifetime } = this.link;
    const inbox = createInbox();
    const reply = await new Promise<Msg | Error | 'silence' | 'interruption'>((resolve) => {
      const end = (reply: Msg | Error | 'silence' | 'interruption'): void => {
        clearTimeout(timer);
        forget();
        reconnected.unsubscribe();
        subscription.unsubscribe();
        resolve(reply);
      };
      const timer = setTimeout(() => end('silence'), wait + GRACE);
      const subscription = connection.subscribe(inbox, { callback: (error, message) => end(error ?? message) });
      const reconnected = this.link.reconnections().subscribe(() => end('interruption'));
      const forget = lifetime.atEnd(() => end('interruption'));
      const request = wait < 1 ? { batch: 1, no_wait: true } : { batch: 1, expires: nanos(Math.round(wait)) };
      connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${lane}`, JSON.stringify(request), { reply: inbox });
    });
    if (reply === 'interruption') return undefined;
    if (reply instanceof Error) throw translated(reply, this.name);
    if (reply !== 'silence' && reply.subject !== inbox) return reply;
    const code = reply === 'silence' ? undefined : reply.headers?.code;
    // 404: nothing there, 408: nothing came. Otherwise the consumer may be gone: servers answer 409, 503 or not at all.
    if (code !== 404 && code !== 408 && this.link.isThere) {
      this.lanes.delete(lane);
      await sleep(20);
      await this.consumer(lane);
    }
    return undefined;
  }

  private delivery(lane: string, message: Msg): Delivery {
    const { link, patience, name } = this;
    const id = message.subject.slice(`_queue.${name}.${lane}.`.length);
    const reply = message.reply ?? '';
    let silentSince = performance.now();
    let isSettled = false;
    // Silent for too long, and somebody else may have it now.
    const isMine = (): boolean => !isSettled && performance.now() - silentSince < patience;
    const answer = (text: string): Promise<unknown> =>
      this.ask(() => link.connection.request(reply, text, { timeout: 5000 }));
    return {
      lane,
      id,
      data: new Uint8Array(message.data),
      deliveries: deliveriesIn(reply),
      working: () => {
        if (link.lifetime.isOver || !isMine() || !link.isThere) return;
        silentSince = performance.now();
        link.connection.publish(reply, '+WPI');
      },
      acknowledge: async () => {
        link.lifetime.check();
        if (isSettled) return;
        await this.rememberDone(id);
        await answer('+ACK');
        isSettled = true;
      },
      giveBack: async (delay = 0) => {
        checkMilliseconds('delay', delay, 0);
        link.lifetime.check();
        if (!isMine()) return;
        isSettled = true;
        await answer(delay === 0 ? '-NAK' : `-NAK ${JSON.stringify({ delay: nanos(Math.round(delay)) })}`);
      },
    };
  }
}

/** For what may only be the first on its subject. */
function onlyNew(): MsgHdrs {
  const expected = headers();
  expected.set('Nats-Expected-Last-Subject-Sequence', '0');
  return expected;
}

/** Makes both streams. Whoever does it at the same moment makes the same, or hears of another patience. */
async function make(link: NatsLink, name: string, patience: number): Promise<StreamInfo> {
  const { streams } = link.manager;
  await link.ask('', name, () =>
    streams.add({
      name: `ids_${name}`,
      description: 'ids of the tasks of a lightbulb work queue',
      subjects: [`_ids.${name}.>`],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      max_msgs_per_subject: 1,
      allow_direct: true,
    }),
  );
  return link.ask('', name, () =>
    streams
      .add({
        name: `queue_${name}`,
        description: `lightbulb work queue, patience ${patience} ms`,
        subjects: [`_queue.${name}.>`],
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        duplicate_window: nanos(DUPLICATE_WINDOW),
      })
      .catch(async (error: unknown) => (await orUndefined(streams.info(`queue_${name}`))) ?? Promise.reject(error)),
  );
}

/** The patience is written into the stream's description: servers before 2.10 know no other place for it. */
function patienceOf({ config }: StreamInfo): number {
  const found = /patience ([\d.]+) ms$/.exec(config.description ?? '')?.[1];
  if (found !== undefined) return Number(found);
  throw new LightbulbError('mismatch', 'this stream is no work queue of ours', {
    where: config.name,
    cure: 'Name the queue differently',
  });
}

/** `$JS.ACK.STREAM.CONSUMER.DELIVERIES.…`; since server 2.10 with domain and account before the stream. */
function deliveriesIn(reply: string): number {
  const tokens = reply.split('.');
  return Number(tokens[tokens.length > 9 ? 6 : 4]);
}

/** Undefined instead of an error where there is no such stream. */
async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (codeOf(error) === '404') return undefined;
    throw error;
  }
}
