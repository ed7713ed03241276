import { connect, DebugEvents, ErrorCode, Events, headers, type Msg, type NatsConnection, type Status } from 'nats';
import { Observable } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';
import type { BlobStore, Bus, BusStatus, Headers, LatestStore, Message, WorkQueue, WorkQueueOptions } from './bus.ts';
import { Copies } from './copies.ts';
import { Lifetime } from './lifetime.ts';
import {
  checkHeaders,
  checkMilliseconds,
  checkName,
  checkPattern,
  checkSize,
  checkSubject,
  isReserved,
  RESERVED_BYTES,
  wireSize,
} from './names.ts';
import { type Access, access, type NatsAuth, type NatsTls } from './nats-access.ts';
import { NatsBlobs } from './nats-blobs.ts';
import { NatsLatest } from './nats-latest.ts';
import { codeOf, NatsLink, translated } from './nats-link.ts';
import { NatsQueue } from './nats-queue.ts';
import { NatsRequests } from './nats-requests.ts';

export interface NatsBusOptions {
  /** `nats://host:port` or `tls://host:port`; several of one cluster as a list or between commas. */
  readonly servers: string | readonly string[];
  /** Otherwise from the URL, otherwise from the environment (`LIGHTBULB_NATS_TOKEN` and so on, see docs/bus.md). */
  readonly auth?: NatsAuth;
  readonly tls?: NatsTls;
  /** Shown in the server's own statistics. */
  readonly name?: string;
}

const CONNECT_TIMEOUT = 5000;
/** A peer that answers no ping for three intervals is dead. */
const PING_INTERVAL = 2000;
const UNANSWERED_PINGS = 2;
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = 5000;
/** Longest wait for messages under way when closing. */
const DRAIN_TIMEOUT = 5000;

/**
 * A bus on a NATS server with JetStream. `unavailable` where there is none, it refuses us or lacks JetStream. A
 * connection that breaks later is made again for ever, with growing pauses; subscriptions and watches go on then.
 */
export async function natsBus({ servers, auth, tls, name = 'lightbulb' }: NatsBusOptions): Promise<Bus> {
  const way = access(servers, auth, tls);
  const pauses = new Pauses();
  let connection: NatsConnection;
  try {
    connection = await connect({
      ...way.options,
      servers: way.servers,
      name,
      timeout: CONNECT_TIMEOUT,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectDelayHandler: () => pauses.next(),
      pingInterval: PING_INTERVAL,
      maxPingOut: UNANSWERED_PINGS,
      noAsyncTraces: true,
    });
  } catch (error) {
    throw refused(error, way);
  }
  try {
    const jetStream = connection.jetstream();
    const manager = await connection.jetstreamManager();
    return new NatsBus(new NatsLink(connection, jetStream, manager, new Lifetime()), pauses);
  } catch (error) {
    await connection.close();
    throw withoutJetStream(error, way);
  }
}

/** Pauses between attempts: a third of the time already waited, each connection with a rhythm of its own. */
class Pauses {
  private since: number | undefined;
  private readonly rhythm = 0.75 + Math.random() / 2;

  begin(): void {
    this.since = performance.now();
  }

  next(): number {
    const waited = this.since === undefined ? 0 : performance.now() - this.since;
    return this.rhythm * Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, waited / 3));
  }
}

class NatsBus implements Bus {
  readonly maximumPayload: number;
  readonly status: Observable<BusStatus>;
  private readonly connection: NatsConnection;
  private readonly lifetime: Lifetime;
  private readonly copies = new Copies();
  private readonly requests: NatsRequests;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly link: NatsLink,
    pauses: Pauses,
  ) {
    this.connection = link.connection;
    this.lifetime = link.lifetime;
    this.status = link.news.asObservable();
    this.requests = new NatsRequests(link);
    this.maximumPayload = (this.connection.info?.max_payload ?? 2 ** 20) - RESERVED_BYTES;
    void this.follow(pauses);
  }

  publish(subject: string, data: Uint8Array, given?: Headers): void {
    checkSubject(subject);
    if (given !== undefined) checkHeaders(given);
    checkSize(subject, given === undefined ? data.length : wireSize(data, given), this.maximumPayload);
    this.lifetime.check();
    // A copy: the client may still hold it when the caller writes the next message into the same bytes.
    this.connection.publish(subject, this.copies.of(data), given === undefined ? undefined : encoded(given));
  }

  subscribe(pattern: string, { queue }: { readonly queue?: string } = {}): Observable<Message> {
    checkPattern(pattern);
    if (queue !== undefined) checkName('name of a group', queue);
    // The client decodes a message's subject anew; a pattern without wildcards means but one.
    const only = /[*>]/.test(pattern) ? undefined : pattern;
    const hearsAll = pattern.startsWith('*') || pattern.startsWith('>');
    return new Observable((subscriber) => {
      this.lifetime.check();
      const subscription = this.connection.subscribe(pattern, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error !== null) return subscriber.error(translated(error, pattern));
          const subject = only ?? message.subject;
          if (!hearsAll || !isReserved(subject)) subscriber.next(this.messageOf(message, subject));
        },
      });
      void subscription.closed.then(() => subscriber.complete());
      return () => subscription.unsubscribe();
    });
  }

  async request(subject: string, data: Uint8Array, { timeout }: { readonly timeout: number }): Promise<Message> {
    checkSubject(subject);
    checkSize(subject, data.length, this.maximumPayload);
    checkMilliseconds('timeout', timeout, 1);
    this.lifetime.check();
    return this.messageOf(await this.requests.ask(subject, this.copies.of(data), timeout), subject);
  }

  async flush(): Promise<void> {
    this.lifetime.check();
    await this.connection.flush().catch((error: unknown) => {
      throw translated(error, 'flush');
    });
  }

  async workQueue(name: string, options: WorkQueueOptions = {}): Promise<WorkQueue> {
    checkName('name of a queue', name);
    return NatsQueue.open(this.link, name, options, this.maximumPayload);
  }

  async latest(name: string): Promise<LatestStore> {
    checkName('name of a store', name);
    return NatsLatest.open(this.link, name, this.maximumPayload);
  }

  async blobs(name: string): Promise<BlobStore> {
    checkName('name of a store', name);
    return NatsBlobs.open(this.link, name);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.lifetime.end();
    if (this.link.isThere) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), DRAIN_TIMEOUT);
      const isLate = new Promise<void>((resolve) => late.signal.addEventListener('abort', () => resolve()));
      await Promise.race([this.connection.drain().catch(() => undefined), isLate]);
      clearTimeout(timer);
    }
    await this.connection.close();
    this.link.tell('closed');
  }

  /** Turns the client's news into ours. */
  private async follow(pauses: Pauses): Promise<void> {
    void this.connection.closed().then(() => {
      this.lifetime.end();
      this.link.tell('closed');
    });
    let latest: BusStatus = 'connected';
    const tell = (status: BusStatus): void => {
      if (status !== latest) this.link.tell(status);
      latest = status;
    };
    for await (const { type, permissionContext } of this.connection.status() as AsyncIterable<Status>) {
      if (type === Events.Error && permissionContext?.operation === 'publish') {
        this.requests.refuse(permissionContext.subject);
      } else if (type === Events.Disconnect) {
        pauses.begin();
        tell('disconnected');
      } else if (type === DebugEvents.Reconnecting && latest !== 'connected') tell('reconnecting');
      else if (type === Events.Reconnect) tell('connected');
    }
  }

  private messageOf(message: Msg, subject: string): Message {
    const { headers } = message;
    return {
      subject,
      data: plain(message.data),
      headers: headers === undefined ? NO_HEADERS : decoded(headers),
      // Bound, not a closure: what compiles us names every closure that is made, which takes longer than the rest.
      respond: this.respond.bind(this, message),
    };
  }

  private respond(message: Msg, response: Uint8Array): void {
    if (response.length > this.maximumPayload)
      checkSize(`answer to ${message.subject}`, response.length, this.maximumPayload);
    if (!this.connection.isClosed()) message.respond(this.copies.of(response));
  }
}

/** The client's bytes where they came in, which it does not use again, and not as a Buffer. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

const NO_HEADERS: Headers = Object.freeze({});

function decoded(headers: Iterable<[string, string[]]>): Headers {
  return Object.fromEntries([...headers].map(([name, [value]]) => [name, value ?? '']));
}

function encoded(given: Headers): { readonly headers?: ReturnType<typeof headers> } {
  const entries = Object.entries(given);
  if (entries.length === 0) return {};
  const lines = headers();
  for (const [name, value] of entries) lines.set(name, value);
  return { headers: lines };
}

const NO_ENTRY: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
]);

/** Why there is no connection. The client's error is left out: nothing in it may end up in a log by surprise. */
function refused(error: unknown, { shown, means }: Access): LightbulbError {
  const code = codeOf(error) || ((error as NodeJS.ErrnoException | null)?.code ?? 'an error');
  if (NO_ENTRY.has(code)) {
    return new LightbulbError('unavailable', 'the NATS server does not let us in', {
      where: shown,
      got: means,
      cure: 'Set LIGHTBULB_NATS_TOKEN, LIGHTBULB_NATS_USER and LIGHTBULB_NATS_PASSWORD, LIGHTBULB_NATS_NKEY or LIGHTBULB_NATS_CREDS',
    });
  }
  return new LightbulbError('unavailable', 'no NATS server', {
    where: shown,
    got: code,
    cure: 'Start one: nats-server -js',
  });
}

function withoutJetStream(error: unknown, { shown }: Access): LightbulbError {
  const code = codeOf(error);
  const isOff = code === ErrorCode.JetStreamNotEnabled || code === ErrorCode.NoResponders;
  if (!isOff && !/jetstream not enabled/i.test(String(error))) return translated(error, shown);
  return new LightbulbError('unavailable', 'the NATS server has no JetStream', {
    where: shown,
    cure: 'Start it with -js: nats-server -js',
  });
}
