import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, LightbulbError } from '../../core/index.ts';

/** Milliseconds between two attempts: the first pause, and the longest. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 1000;
const GROWTH = 1.6;

/** What passes by itself: a server or an agent that is away or busy. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['timeout', 'no_responder', 'unavailable']);

export interface InsistOptions {
  readonly signal: AbortSignal;
  /** Errors that pass as well. */
  readonly passes?: (error: LightbulbError) => boolean;
  /** Told of each failure: what it was, and how long the pauses before it were, in milliseconds, all together. */
  readonly failed?: (error: LightbulbError, waited: number) => void;
}

/**
 * Does what may fail for a while, such as a request to an agent that is just being started, again and again with growing
 * pauses. Errors that do not pass are thrown; once `signal` says so, its
 * reason, or `unavailable`.
 */
export async function insist<T>(
  act: () => Promise<T>,
  { signal, passes = () => false, failed = () => undefined }: InsistOptions,
): Promise<T> {
  let pause = FIRST_PAUSE;
  let waited = 0;
  for (;;) {
    if (signal.aborted) throw stopped(signal);
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof LightbulbError) || !(PASSING.has(error.code) || passes(error))) throw error;
      if (signal.aborted) throw stopped(signal, error);
      failed(error, waited);
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    waited += pause;
    pause = Math.min(LONGEST_PAUSE, GROWTH * pause);
  }
}

function stopped(signal: AbortSignal, cause?: LightbulbError): LightbulbError {
  if (signal.reason instanceof LightbulbError) return signal.reason;
  return new LightbulbError('unavailable', 'stopped while waiting for the other agents', {
    ...(cause === undefined ? {} : { got: cause.message, cause }),
    cure: 'Resume the run: it goes on from its last checkpoint',
  });
}
