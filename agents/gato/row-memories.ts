import { type PatchShape, type StepLayout, TokenBuffer } from '../tokens/index.ts';

/**
 * How many time steps a row shows: `context` of them, or as many as fit a model of `length` tokens; 0 where not one
 * does. Of a full row the action's last token is never read, so it needs no place.
 */
export function rememberedSteps(
  context: number,
  { observationTokens, actionTokens }: StepLayout,
  length: number,
): number {
  const most = observationTokens + actionTokens;
  return most > length ? 0 : Math.min(context, Math.floor((length + 1) / most));
}

/**
 * Where the rows of a player stand, and the last time steps of each as tokens: at least the present one, and what is
 * to be read again when a row is full.
 */
export class RowMemories {
  /** [R]: the place of the next token. */
  readonly place: Int32Array;
  /** [R]: time steps in the row. */
  readonly steps: Int32Array;
  /** [R]: how many tokens of the last action are not read yet; they are its last. */
  readonly unread: Int32Array;
  /** [R]: time steps since the row's episode began. */
  private readonly taken: Int32Array;
  /** [R][ring] each, by time step modulo the ring's length. */
  private readonly observations: readonly (readonly TokenBuffer[])[];
  private readonly actions: readonly (readonly Int32Array[])[];
  private readonly ring: number;

  constructor(
    rows: number,
    readonly overlap: number,
    private readonly actionTokens: number,
    patch: PatchShape | null,
  ) {
    this.ring = Math.max(1, overlap);
    const each = <X>(make: () => X): X[][] =>
      Array.from({ length: rows }, () => Array.from({ length: this.ring }, make));
    this.place = new Int32Array(rows);
    this.steps = new Int32Array(rows);
    this.unread = new Int32Array(rows);
    this.taken = new Int32Array(rows);
    this.observations = each(() => new TokenBuffer(patch ?? undefined));
    this.actions = each(() => new Int32Array(actionTokens));
  }

  /** Empties a row. */
  begin(row: number): void {
    this.place[row] = 0;
    this.steps[row] = 0;
    this.unread[row] = 0;
    this.taken[row] = 0;
  }

  /** Of a full row only the last `overlap` steps are left, read again but for the last action. */
  shorten(row: number): void {
    this.steps[row] = this.overlap;
    this.unread[row] = this.overlap === 0 ? 0 : this.actionTokens;
    if (this.overlap === 0) this.place[row] = 0;
  }

  /** Goes on to the next time step, all of whose action but the last token will be read as it is chosen. */
  advance(row: number): TokenBuffer {
    this.steps[row]!++;
    this.taken[row]!++;
    this.unread[row] = 1;
    const buffer = this.observationOf(row);
    buffer.clear();
    return buffer;
  }

  /** The observation of the present time step, or so many steps before it. */
  observationOf(row: number, back = 0): TokenBuffer {
    return this.observations[row]![this.slot(row, back)]!;
  }

  /** The ids of its action, to be read and written. */
  actionOf(row: number, back = 0): Int32Array {
    return this.actions[row]![this.slot(row, back)]!;
  }

  private slot(row: number, back: number): number {
    return (this.taken[row]! + this.ring - back) % this.ring;
  }
}
