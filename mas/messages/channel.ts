import { filter, map, Observable, Subject, Subscription } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';
import type { Bus, Message, WorkQueueOptions } from '../bus/bus.ts';
import { RunBlobs } from './blobs.ts';
import { type DeadLetterLimits, DeadLetters } from './dead-letters.ts';
import type { MessageKind, Outgoing, Received } from './define.ts';
import { type BlobReference, printable } from './header.ts';
import { Intake } from './intake.ts';
import { refusal } from './kinds.ts';
import { LatestValues } from './latest-values.ts';
import { Outlet } from './outlet.ts';
import type { Reason, Refusal } from './refusal.ts';
import { isDead, type Subjects, subjectsOf } from './subjects.ts';
import { TaskQueue } from './task-queue.ts';

export interface ChannelOptions {
  readonly run: string;
  /** Bytes of a message that are taken. Default: what the bus carries. */
  readonly mostBytes?: number;
  /** Bytes of a message's arrays that are taken from a blob. Default 256 MiB. */
  readonly mostBlobBytes?: number;
  /** Milliseconds for a blob to come. Default 10,000. */
  readonly blobTimeout?: number;
  readonly deadLetters?: DeadLetterLimits;
}

/** Messages since the channel was opened. `received` is `accepted` and all of `refused`, once no blob is under way. */
export interface Counters {
  readonly sent: number;
  readonly received: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<Reason, number>>;
  /** Requests that their handlers failed at. */
  readonly failed: number;
  readonly deadLetters: { readonly published: number; readonly withheld: number };
}

/** A message that was set aside: how it begins, and why. */
export interface DeadLetter {
  readonly reason: string;
  /** The subject, queue or key that it came by. */
  readonly from: string;
  /** The kind that was wanted. */
  readonly kind: string;
  readonly detail: string;
  /** Bytes that the message had; `data` may hold fewer. */
  readonly size: number;
  readonly data: Uint8Array;
}

/** A handler of requests that failed. */
export interface Failure {
  readonly subject: string;
  readonly error: unknown;
}

/**
 * The messages of one run over a bus. What is sent follows its kind's schema, or throws `contract`; what is received
 * does, or is counted, reported (`refusals`) and set aside on the run's dead-letter subject, and nobody else sees it.
 */
export class Channel {
  readonly run: string;
  readonly subjects: Subjects;
  /** What was set aside here; completes with `close`. */
  readonly refusals: Observable<Refusal>;
  /** What handlers of requests threw; completes with `close`. */
  readonly failures: Observable<Failure>;
  private readonly failing = new Subject<Failure>();
  private readonly blobs: RunBlobs;
  private readonly letters: DeadLetters;
  private readonly intake: Intake;
  private readonly outlet: Outlet;
  private readonly blobTimeout: number;
  private readonly answering = new Subscription();
  private failed = 0;

  constructor(
    readonly bus: Bus,
    options: ChannelOptions,
  ) {
    const { run, mostBytes = bus.maximumPayload, mostBlobBytes = 2 ** 28, blobTimeout = 10_000 } = options;
    this.run = run;
    this.blobTimeout = blobTimeout;
    this.subjects = subjectsOf(run);
    this.blobs = new RunBlobs(bus, this.subjects.store);
    this.letters = new DeadLetters(bus, this.subjects.dead, options.deadLetters ?? {});
    this.outlet = new Outlet(run, Math.min(mostBytes, bus.maximumPayload), this.blobs);
    const limits = { message: mostBytes, blob: mostBlobBytes };
    this.intake = new Intake({ run, limits, blobTimeout }, this.blobs, this.letters);
    this.refusals = this.intake.refusals.asObservable();
    this.failures = this.failing.asObservable();
  }

  get counters(): Counters {
    const { received, accepted, refused } = this.intake;
    const { published, withheld } = this.letters;
    const { sent } = this.outlet;
    return {
      sent,
      received,
      accepted,
      refused: { ...refused },
      failed: this.failed,
      deadLetters: { published, withheld },
    };
  }

  /** To whoever listens now, at most once. `too_large` for what the bus does not carry. */
  send<K extends MessageKind>(kind: K, subject: string, message: Outgoing<K>): void {
    this.bus.publish(subject, this.outlet.encode(kind, message));
    this.outlet.sent++;
  }

  /** The same for any size: what the bus does not carry goes through a blob, which is kept for a minute. */
  async sendLarge<K extends MessageKind>(kind: K, subject: string, message: Outgoing<K>): Promise<void> {
    const packed = this.outlet.encodeAnySize(kind, message);
    this.bus.publish(subject, packed instanceof Promise ? await packed : packed);
    this.outlet.sent++;
  }

  /**
   * The messages of this kind on a subject or pattern, from subscription to unsubscription. In their order, but for
   * those whose arrays come by a blob: they come when it has come. Ends with an error only where the bus does not let
   * us listen.
   */
  receive<K extends MessageKind>(
    kind: K,
    pattern: string,
    options: { readonly queue?: string } = {},
  ): Observable<Received<K>> {
    return new Observable((subscriber) =>
      this.listen(pattern, options).subscribe({
        next: ({ subject, data }) => this.intake.take(kind, subject, data, (message) => subscriber.next(message)),
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  }

  /**
   * Asks whoever answers on this subject. `timeout` after so many milliseconds, `no_responder` where nobody is there,
   * `contract` where the other side refused or failed, `corrupt` where its answer was set aside.
   */
  async ask<K extends MessageKind, R extends MessageKind>(
    kind: K,
    replyKind: R,
    subject: string,
    message: Outgoing<K>,
    options: { readonly timeout: number },
  ): Promise<Received<R>> {
    const packed = this.outlet.encodeAnySize(kind, message);
    const asked = this.bus.request(subject, packed instanceof Promise ? await packed : packed, options);
    this.outlet.sent++;
    const { data } = await asked;
    return new Promise((resolve, reject) => {
      const from = `answer to ${subject}`;
      const setAside = ({ reason, detail }: Refusal): void =>
        reject(
          new LightbulbError('corrupt', 'the answer was set aside', { where: subject, got: `${reason}, ${detail}` }),
        );
      const isDeclined = (): boolean => {
        const declined = this.intake.peek(refusal, data)?.fields;
        if (declined === undefined) return false;
        const got = `${declined.reason}, ${declined.detail}`;
        reject(new LightbulbError('contract', 'the request was refused', { where: subject, got }));
        return true;
      };
      this.intake.take(replyKind, from, data, resolve, setAside, isDeclined);
    });
  }

  /**
   * Answers requests until unsubscribed or closed. Requests that are set aside, and those that the handler fails at,
   * are answered by a `refusal`; what the handler threw comes by `failures`.
   */
  answer<K extends MessageKind, R extends MessageKind>(
    kind: K,
    replyKind: R,
    pattern: string,
    handler: (request: Received<K>) => Outgoing<R> | Promise<Outgoing<R>>,
    options: { readonly queue?: string } = {},
  ): Subscription {
    const handling = this.listen(pattern, options).subscribe((message) => {
      const decline = (reason: Reason | 'failed', detail: string): void =>
        this.respond(message, this.outlet.encode(refusal, { fields: { reason, detail } }));
      const handle = async (request: Received<K>): Promise<void> => {
        try {
          const packed = this.outlet.encodeAnySize(replyKind, await handler(request));
          this.respond(message, packed instanceof Promise ? await packed : packed);
        } catch (error) {
          this.failed++;
          this.failing.next({ subject: message.subject, error });
          decline('failed', printable(error instanceof Error ? error.message : String(error)));
        }
      };
      const refused = ({ reason, detail }: Refusal): void => decline(reason, detail);
      this.intake.take(kind, message.subject, message.data, (request) => void handle(request), refused);
    });
    this.answering.add(handling);
    return handling;
  }

  /** The run's durable queue for tasks of this kind. */
  async tasks<K extends MessageKind>(kind: K, options: WorkQueueOptions = {}): Promise<TaskQueue<K>> {
    const queue = await this.bus.workQueue(this.subjects.store, options);
    return new TaskQueue(kind, queue, `queue ${this.subjects.store}`, this.outlet, this.intake, this.blobs);
  }

  /** The run's store of latest values, for values of this kind. */
  async latest<K extends MessageKind>(kind: K): Promise<LatestValues<K>> {
    const store = await this.bus.latest(this.subjects.store);
    return new LatestValues(kind, store, this.subjects.store, this.outlet, this.intake);
  }

  /** Bytes of any size under a name of letters, digits and `-_=/.`, for messages to refer to. */
  putBlob(name: string, data: Uint8Array): Promise<BlobReference> {
    return this.blobs.put(name, data);
  }

  /** The very bytes that were put: `corrupt` for others, `unavailable` where there are none, `timeout`. */
  fetchBlob(reference: BlobReference, options: { readonly timeout?: number } = {}): Promise<Uint8Array> {
    return this.blobs.fetch(reference, options.timeout ?? this.blobTimeout);
  }

  async deleteBlob(name: string): Promise<void> {
    await this.blobs.delete(name);
  }

  /** What anybody sets aside in this run, from now on. */
  deadLetters(): Observable<DeadLetter> {
    return this.bus.subscribe(this.subjects.dead).pipe(
      map(({ headers, data }) => {
        const { reason = '', from = '', kind = '', detail = '', size = '' } = headers;
        return { reason, from, kind, detail, size: Number(size) || data.length, data };
      }),
    );
  }

  /** Removes what the run left on the server: its queue, values and blobs. For whoever ends the run. */
  async destroy(): Promise<void> {
    await (await this.bus.workQueue(this.subjects.store)).destroy();
    await (await this.bus.latest(this.subjects.store)).destroy();
    await this.blobs.destroy();
  }

  /** Answers no more. The bus stays open: it is its maker's. */
  async close(): Promise<void> {
    this.answering.unsubscribe();
    this.intake.refusals.complete();
    this.failing.complete();
    await this.blobs.deleteKept();
  }

  /** All messages but dead letters, which would be set aside again and again. */
  private listen(pattern: string, options: { readonly queue?: string }): Observable<Message> {
    return this.bus.subscribe(pattern, options).pipe(filter(({ subject }) => !isDead(subject)));
  }

  private respond(message: Message, bytes: Uint8Array): void {
    message.respond(bytes);
    this.outlet.sent++;
  }
}
