import { internal } from '../../core/index.ts';
import type { GroupRollout } from '../rollout.ts';
import { type PatchShape, type StepTokens, TokenBuffer } from '../tokens/index.ts';
import type { FinalObservations } from './reinforcement-finals.ts';

/** What an observation in a row is read for. */
export const SEEN = {
  /** An action followed: its log-probability, and the value. */
  acted: 0,
  /** It came after the rollout's last step: the value alone. */
  next: 1,
  /** The final one of a truncated episode: the value alone. */
  final: 2,
} as const;

/** Consecutive steps of one agent that see each other, as tokens `from` to `to - 1` and slots `first` to `last - 1`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
}

export interface RolloutRowsOptions {
  readonly tokens: StepTokens;
  /** Steps of a stretch, at most: what acting remembers. */
  readonly context: number;
  readonly patch: PatchShape;
}

/**
 * The experience of a group as rows of tokens. Acting starts with an empty memory at the rollout's beginning, at the
 * beginning of an episode and when the context is full; the steps between are a stretch, a sequence of its own. So that
 * the batch pass sees what acting saw, token for token, a stretch is never cut. What values are bootstrapped from (the
 * observation after the rollout, final ones of truncated episodes) stands at the end of its stretch as a step without
 * an action: nothing before it sees it.
 *
 * A row holds up to `length` tokens and `context` observations of one or more stretches.
 */
export class RolloutRows {
  /** L: tokens of a row. */
  readonly length: number;
  /** All tokens of the rollout, stretch after stretch. */
  readonly buffer: TokenBuffer;
  /** The slots: for each observation the place of its separator in the buffer, its first patch, ... */
  separator: Int32Array = new Int32Array(64);
  firstPatch: Int32Array = new Int32Array(64);
  /** ... the cell of its step and agent in arrays [T + 1, B, N], and what it is read for (`SEEN`). */
  cell: Int32Array = new Int32Array(64);
  seen = new Uint8Array(64);
  slots = 0;
  rows: readonly (readonly Stretch[])[] = [];
  private stretches: Stretch[] = [];
  private first = 0;
  private from = 0;
  private readonly tokens: StepTokens;
  readonly context: number;

  constructor({ tokens, context, patch }: RolloutRowsOptions) {
    const { observationTokens, actionTokens } = tokens.layout;
    this.tokens = tokens;
    this.context = context;
    this.length = context * (observationTokens + actionTokens) - 1;
    this.buffer = new TokenBuffer(patch);
  }

  /** Reads a rollout of T steps of B copies. */
  fill(rollout: GroupRollout, T: number, B: number, finals: FinalObservations): void {
    const { N } = rollout.sizes;
    const K = B * N;
    this.buffer.clear();
    this.slots = 0;
    this.stretches = [];
    for (let k = 0; k < K; k++) this.track(rollout, T, K, k, finals);
    this.rows = packed(this.stretches, this.length, this.context);
  }

  private track(
    { sizes, observation, action, alive, terminated, truncated }: GroupRollout,
    T: number,
    K: number,
    k: number,
    finals: FinalObservations,
  ): void {
    const { N, D, A } = sizes;
    const agent = k % N;
    this.begin();
    let isRunning = false;
    for (let t = 0; t < T; t++) {
      const cell = t * K + k;
      isRunning = alive[cell] === 1;
      if (!isRunning) continue;
      this.see(observation, cell * D, agent, cell, SEEN.acted);
      this.tokens.act(action, cell * A, this.buffer);
      if (truncated[cell] === 1) this.see(finals.numbers, finals.offset(cell), agent, cell, SEEN.final);
      if (terminated[cell] === 0 && truncated[cell] === 0) continue;
      isRunning = false;
      this.end();
    }
    if (isRunning) this.see(observation, (T * K + k) * D, agent, T * K + k, SEEN.next);
    this.end();
  }

  private see(numbers: Float32Array, offset: number, agent: number, cell: number, seen: number): void {
    if (this.slots - this.first === this.context) this.end();
    const { buffer } = this;
    const slot = this.slots++;
    if (slot === this.cell.length) this.grow();
    this.firstPatch[slot] = buffer.patchCount;
    this.tokens.observe(numbers, offset, agent, buffer);
    this.separator[slot] = buffer.length - 1;
    this.cell[slot] = cell;
    this.seen[slot] = seen;
  }

  private begin(): void {
    this.first = this.slots;
    this.from = this.buffer.length;
  }

  /** Ends the stretch, if there is one, and begins the next. */
  private end(): void {
    const { from, first, slots, buffer } = this;
    // Nothing sees the last token of the last action.
    const unread = slots > first && this.seen[slots - 1] === SEEN.acted ? 1 : 0;
    if (slots > first) this.stretches.push({ from, to: buffer.length - unread, first, last: slots });
    this.begin();
  }

  private grow(): void {
    const size = 2 * this.cell.length;
    const larger = (array: Int32Array): Int32Array => {
      const grown = new Int32Array(size);
      grown.set(array);
      return grown;
    };
    this.separator = larger(this.separator);
    this.firstPatch = larger(this.firstPatch);
    this.cell = larger(this.cell);
    const seen = new Uint8Array(size);
    seen.set(this.seen);
    this.seen = seen;
  }
}

/** First fit, longest first: stretches in as few rows as that finds, in an order that is always the same. */
function packed(stretches: readonly Stretch[], length: number, slots: number): Stretch[][] {
  const sizeOf = ({ from, to }: Stretch): number => to - from;
  const inOrder = [...stretches].sort((a, b) => sizeOf(b) - sizeOf(a) || a.from - b.from);
  const rows: Stretch[][] = [];
  const room: { tokens: number; slots: number }[] = [];
  // Rows before this one are full.
  let open = 0;
  for (const stretch of inOrder) {
    const tokens = sizeOf(stretch);
    const count = stretch.last - stretch.first;
    if (tokens > length) throw internal(`a stretch of ${tokens} tokens in rows of ${length}`);
    let row = open;
    while (row < rows.length && (room[row]!.tokens < tokens || room[row]!.slots < count)) row++;
    if (row === rows.length) {
      rows.push([]);
      room.push({ tokens: length, slots });
    }
    rows[row]!.push(stretch);
    room[row]!.tokens -= tokens;
    room[row]!.slots -= count;
    while (open < rows.length && (room[open]!.tokens === 0 || room[open]!.slots === 0)) open++;
  }
  return rows;
}
