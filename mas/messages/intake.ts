import { Subject } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';
import type { RunBlobs } from './blobs.ts';
import { decode, type Limits, type Opened } from './codec.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { MessageKind, Received } from './define.ts';
import { type BlobReference, printable } from './header.ts';
import { REASONS, type Reason, type Refusal, Refused } from './refusal.ts';

/** Messages whose blobs are fetched at the same time, and that may wait for it. */
const FETCHES = 4;
const WAITING = 64;

export interface IntakeOptions {
  readonly run: string;
  readonly limits: Limits;
  /** Milliseconds for a blob. */
  readonly blobTimeout: number;
}

/** Why the arrays of a good message did not come, where another attempt may bring them: the server is away, or slow. */
export class Delayed extends Error {
  override readonly name = 'Delayed';
}

/** What becomes of bytes that came from a bus: a message of the run for who waits for it, or a refusal, counted. */
export class Intake {
  readonly refusals = new Subject<Refusal>();
  readonly refused = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<Reason, number>;
  received = 0;
  accepted = 0;
  private fetching = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly options: IntakeOptions,
    private readonly blobs: RunBlobs,
    private readonly letters: DeadLetters,
  ) {}

  /**
   * Calls `deliver`, at once or when the blob is here, or `refuse`, exactly one of them; what they throw is theirs.
   * `isOther` may find that a message of another kind is one that was waited for as well; then it is the one called.
   */
  take<K extends MessageKind>(
    kind: K,
    from: string,
    bytes: Uint8Array,
    deliver: (message: Received<K>) => void,
    refuse: (refusal: Refusal) => void = () => undefined,
    isOther: () => boolean = () => false,
  ): void {
    this.received++;
    let opened: Opened<K>;
    try {
      opened = decode(kind, this.options.run, bytes, this.options.limits);
    } catch (error) {
      if (error instanceof Refused && error.reason === 'kind' && isOther()) this.accepted++;
      else refuse(this.setAside(kind, from, bytes, error));
      return;
    }
    if (opened.blob === undefined) {
      this.accepted++;
      deliver(opened.message);
      return;
    }
    void this.complete(opened).then(
      (message) => {
        this.accepted++;
        deliver(message);
      },
      (error: unknown) => refuse(this.setAside(kind, from, bytes, error)),
    );
  }

  /**
   * The same, awaited: undefined where it is refused. `Delayed`, and nothing counts, where its blob may come later;
   * `isLast` refuses then as well.
   */
  async takeOnce<K extends MessageKind>(
    kind: K,
    from: string,
    bytes: Uint8Array,
    isLast = true,
  ): Promise<{ readonly message: Received<K>; readonly blob: string | undefined } | undefined> {
    try {
      const opened = decode(kind, this.options.run, bytes, this.options.limits);
      const message: Received<K> = opened.blob === undefined ? opened.message : await this.complete(opened);
      this.received++;
      this.accepted++;
      return { message, blob: opened.blob?.name };
    } catch (error) {
      if (!isLast && error instanceof Refused && error.cause instanceof Delayed) throw error.cause;
      this.received++;
      this.setAside(kind, from, bytes, error);
      return undefined;
    }
  }

  /** A message of this kind, if it is one. Counts nothing. */
  peek<K extends MessageKind>(kind: K, bytes: Uint8Array): Received<K> | undefined {
    try {
      const opened = decode(kind, this.options.run, bytes, this.options.limits);
      return opened.blob === undefined ? opened.message : undefined;
    } catch {
      return undefined;
    }
  }

  /** Counts, reports and sets aside. */
  private setAside({ kind }: MessageKind, from: string, bytes: Uint8Array, error: unknown): Refusal {
    const { reason, detail } = error instanceof Refused ? error : new Refused('internal', String(error));
    const refusal = { reason, detail: printable(detail), kind, from: printable(from), size: bytes.length };
    this.refused[reason]++;
    this.letters.add(refusal, bytes);
    this.refusals.next(refusal);
    return refusal;
  }

  private async complete<K extends MessageKind>({
    blob,
    complete,
  }: Extract<Opened<K>, { readonly blob: BlobReference }>): Promise<Received<K>> {
    if (this.waiting.length >= WAITING) throw new Refused('busy', `${WAITING} others wait for their arrays`);
    if (this.fetching >= FETCHES) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.fetching++;
    let bytes: Uint8Array;
    try {
      bytes = await this.blobs.fetch(blob, this.options.blobTimeout);
    } catch (error) {
      throw withoutBlob(error);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.fetching--;
      else next();
    }
    return complete(bytes);
  }
}

function withoutBlob(error: unknown): Refused {
  const { code, message } = error instanceof LightbulbError ? error : { code: 'internal', message: String(error) };
  const refused = new Refused('blob', message);
  // What is not there, or another than was meant, will not be the right one later.
  if (code === 'timeout' || code === 'unavailable') refused.cause = new Delayed(message);
  return refused;
}
