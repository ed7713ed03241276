import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, type JetStreamClient, type JetStreamManager, type NatsConnection, NatsError } from 'nats';
import { filter, firstValueFrom, type Observable, ReplaySubject, race, timer } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';
import type { BusStatus } from './bus.ts';
import type { Lifetime } from './lifetime.ts';
import { destroyed } from './memory-queue.ts';

/** Milliseconds that a call waits for a server that is away, or is just coming up. */
const SERVER_PATIENCE = 10_000;

/** JetStream's numbers of errors that we tell apart (server/errors.json of nats-server). */
const WRONG_LAST_SEQUENCE = 10071;
const STREAM_NOT_FOUND = 10059;
const MESSAGE_NOT_FOUND = 10037;

/** A connection with JetStream, and what its parts share: waiting for the server, repeating, telling errors. */
export class NatsLink {
  readonly news = new ReplaySubject<BusStatus>(1);
  private isConnected = true;
  private isEnded = false;

  constructor(
    readonly connection: NatsConnection,
    readonly jetStream: JetStreamClient,
    readonly manager: JetStreamManager,
    readonly lifetime: Lifetime,
  ) {
    this.tell('connected');
  }

  tell(status: BusStatus): void {
    if (this.isEnded) return;
    this.isEnded = status === 'closed';
    if (status === 'connected') this.isConnected = true;
    if (status === 'disconnected' || status === 'closed') this.isConnected = false;
    this.news.next(status);
    if (status === 'closed') this.news.complete();
  }

  get isThere(): boolean {
    return this.isConnected;
  }

  /** Emits at every reconnection from now on. */
  reconnections(): Observable<BusStatus> {
    let isFirst = this.isConnected;
    return this.news.pipe(
      filter((status) => {
        if (status !== 'connected') return false;
        const isOld = isFirst;
        isFirst = false;
        return !isOld;
      }),
    );
  }

  /** Resolves once there is a connection, at the latest after `limit` milliseconds: whether there is one. */
  async connected(limit: number): Promise<boolean> {
    if (this.isConnected) return true;
    const settled = this.news.pipe(filter((status) => status === 'connected' || status === 'closed'));
    await firstValueFrom(race(settled, timer(limit)), { defaultValue: undefined });
    return this.isConnected;
  }

  /**
   * Asks the server something about a stream; waits for a server that is away. What got no answer is asked again,
   * except where `isOnce`: then `timeout` says that it may or may not have happened.
   */
  async ask<T>(stream: string, name: string, act: () => Promise<T>, { isOnce = false } = {}): Promise<T> {
    this.lifetime.check();
    const deadline = performance.now() + SERVER_PATIENCE;
    for (;;) {
      if (!(await this.connected(deadline - performance.now()))) throw this.gone(name);
      try {
        return await act();
      } catch (error) {
        if (error instanceof LightbulbError) throw error;
        if (apiError(error) === STREAM_NOT_FOUND) throw destroyed(name);
        if (apiError(error) === WRONG_LAST_SEQUENCE) throw error;
        // No responders: the stream is gone, or the server is still waking up.
        if (codeOf(error) === ErrorCode.NoResponders && (await this.isMissing(stream))) throw destroyed(name);
        const isSilent = SILENCE.has(codeOf(error));
        if (!isSilent || isOnce || this.lifetime.isOver || performance.now() >= deadline) throw translated(error, name);
        await sleep(50);
      }
    }
  }

  /** True where the server answers that there is no such stream. */
  private async isMissing(stream: string): Promise<boolean> {
    try {
      await this.manager.streams.info(stream);
      return false;
    } catch (error) {
      return apiError(error) === STREAM_NOT_FOUND;
    }
  }

  private gone(where: string): LightbulbError {
    if (this.lifetime.isOver) return new LightbulbError('unavailable', 'this bus is closed');
    return new LightbulbError('unavailable', 'the NATS server is away', {
      where,
      cure: 'It is looked for all the time',
    });
  }
}

const SILENCE: ReadonlySet<string> = new Set([ErrorCode.Timeout, ErrorCode.NoResponders, ErrorCode.Disconnect, '408']);

export function isWrongRevision(error: unknown): boolean {
  return apiError(error) === WRONG_LAST_SEQUENCE;
}

export function isNoMessage(error: unknown): boolean {
  return apiError(error) === MESSAGE_NOT_FOUND;
}

/** An error of the client or the server in our words. Server's texts hold subjects and limits, never credentials. */
export function translated(error: unknown, where: string): LightbulbError {
  if (error instanceof LightbulbError) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === ErrorCode.Timeout) return new LightbulbError('timeout', 'no answer from the NATS server', { where });
  if (code === ErrorCode.MaxPayloadExceeded) {
    return new LightbulbError('too_large', 'more than a message may hold', { where });
  }
  if (CLOSED.has(code)) return new LightbulbError('unavailable', 'the connection to NATS ended', { where });
  if (code === ErrorCode.PermissionsViolation) {
    return new LightbulbError('unavailable', 'the NATS server does not allow this user to do that', {
      where,
      got: message,
      cure: 'docs/bus.md lists the subjects that a user needs',
    });
  }
  return new LightbulbError('unavailable', `the NATS server did not do it: ${message}`, { where });
}

const CLOSED: ReadonlySet<string> = new Set([
  ErrorCode.ConnectionClosed,
  ErrorCode.ConnectionDraining,
  ErrorCode.Disconnect,
  ErrorCode.SubClosed,
  ErrorCode.Cancelled,
]);

export function codeOf(error: unknown): string {
  return error instanceof NatsError ? error.code : '';
}

function apiError(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined;
}
