import type { Bus } from '../bus/bus.ts';
import { printable } from './header.ts';
import type { Refusal } from './refusal.ts';

export interface DeadLetterLimits {
  /** How many may follow each other at once. Default 200. */
  readonly burst?: number;
  /** And how many a second in the long run. Default 20. */
  readonly perSecond?: number;
}

/** Bytes of a bad message that are kept. */
export const LETTER_BYTES = 16_384;
/** Bytes for the headers of a letter. */
const HEADER_BYTES = 1024;

/** Sets bad messages aside on a subject, for people to look at: fewer and smaller than a hostile sender would like. */
export class DeadLetters {
  published = 0;
  withheld = 0;
  private readonly burst: number;
  private readonly perSecond: number;
  private allowance: number;
  private since = performance.now();

  constructor(
    private readonly bus: Bus,
    private readonly subject: string,
    { burst = 200, perSecond = 20 }: DeadLetterLimits,
  ) {
    [this.burst, this.perSecond, this.allowance] = [burst, perSecond, burst];
  }

  add({ reason, detail, kind, from, size }: Refusal, bytes: Uint8Array): void {
    if (!this.mayPublish()) {
      this.withheld++;
      return;
    }
    const kept = Math.max(0, Math.min(LETTER_BYTES, this.bus.maximumPayload - HEADER_BYTES));
    try {
      const headers = { reason, from: printable(from), kind, size: `${size}`, detail: printable(detail) };
      this.bus.publish(this.subject, bytes.subarray(0, kept), headers);
      this.published++;
    } catch {
      // The bus is closed, or smaller than any letter: nobody is there to hear of it.
      this.withheld++;
    }
  }

  /** A token bucket. */
  private mayPublish(): boolean {
    const now = performance.now();
    this.allowance = Math.min(this.burst, this.allowance + ((now - this.since) / 1000) * this.perSecond);
    this.since = now;
    if (this.allowance < 1) return false;
    this.allowance -= 1;
    return true;
  }
}
