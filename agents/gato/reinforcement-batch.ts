import { bool, float32, int32, type Value, type Values } from '../../nn/index.ts';
import type { GroupRollout } from '../rollout.ts';
import type { StepTokens } from '../tokens/index.ts';
import { placePatches } from './patch-embedding.ts';
import { type RolloutRows, SEEN, type Stretch } from './reinforcement-rows.ts';

export interface RowBatchShape {
  /** R: rows; empty ones fill up. */
  readonly rows: number;
  /** Ids of the vocabulary, and the one that fills rows up. */
  readonly vocabulary: number;
  readonly padding: number;
  /** Whether the group comes with action masks. */
  readonly isMasked: boolean;
}

/**
 * R rows of a rollout as arrays that programs are bound to. Every row has C slots (the context), so there are R C places
 * that something is read from; those without an observation point at the row's first token and weigh nothing.
 */
export class RowBatch {
  /** What `TokenInputs` names; `at` int32 [R C], `action` int32 [R C, A], and `legal` where there are masks. */
  readonly inputs: Values;
  /** [R C]: the rollout's slot in each slot; -1 where there is none. */
  readonly slots: Int32Array;
  /** [R C]: 1 where an action followed, else 0. */
  readonly weight: Float32Array;
  private readonly data: Readonly<
    Record<'ids' | 'local' | 'order' | 'segment' | 'patch' | 'at' | 'action', Int32Array>
  >;
  private readonly legal: Uint8Array;
  private readonly pixels: Float32Array;
  private readonly grid: Int32Array;
  private readonly legalRow: Uint8Array;
  private readonly choices: number;

  constructor(
    private readonly rows: RolloutRows,
    private readonly tokens: StepTokens,
    private readonly shape: RowBatchShape,
  ) {
    const { rows: R, isMasked } = shape;
    const { actionTokens: A, patches, legal } = tokens.layout;
    const { length: L, context: C, buffer } = rows;
    const { size, channels } = buffer.shape;
    const row = (): Int32Array => new Int32Array(R * L);
    const data = {
      ids: row(),
      local: row(),
      order: row(),
      segment: row(),
      patch: row(),
      at: new Int32Array(R * C),
      action: new Int32Array(R * C * A),
    };
    this.data = data;
    this.slots = new Int32Array(R * C);
    this.weight = new Float32Array(R * C);
    this.choices = legal.reduce((sum, range) => sum + range.size, 0);
    this.legal = new Uint8Array(isMasked ? R * C * this.choices : 0);
    this.legalRow = new Uint8Array(shape.vocabulary);
    this.pixels = new Float32Array(R * C * patches * size * size * channels);
    this.grid = new Int32Array(R * C * patches * 2);
    const rowsOf = (array: Int32Array): Value => int32([R, L], array);
    this.inputs = {
      ids: rowsOf(data.ids),
      local: rowsOf(data.local),
      order: rowsOf(data.order),
      segment: rowsOf(data.segment),
      at: int32([R * C], data.at),
      action: int32([R * C, A], data.action),
      ...(isMasked && { legal: bool([R * C, this.choices], this.legal) }),
      ...(patches > 0 && {
        patch: rowsOf(data.patch),
        pixels: float32([R * C * patches, size, size, channels], this.pixels),
        grid: int32([R * C * patches, 2], this.grid),
      }),
    };
  }

  /** Takes these rows of the rollout, at most R of them. */
  fill(which: ArrayLike<number>, rollout: GroupRollout): void {
    const { data, shape, rows } = this;
    data.ids.fill(shape.padding);
    data.local.fill(-1);
    data.order.fill(0);
    data.segment.fill(-1);
    data.patch.fill(-1);
    data.action.fill(0);
    this.legal.fill(1);
    this.slots.fill(-1);
    this.weight.fill(0);
    const { length: L, context: C } = rows;
    for (let r = 0; r < shape.rows; r++) data.at.fill(r * L, r * C, (r + 1) * C);
    for (let r = 0; r < which.length; r++) {
      let token = r * L;
      let slot = r * C;
      for (const [number, stretch] of rows.rows[which[r]!]!.entries()) {
        this.copyTokens(stretch, number, token, slot);
        this.copySlots(stretch, token, slot, rollout);
        token += stretch.to - stretch.from;
        slot += stretch.last - stretch.first;
      }
    }
  }

  /** Tokens of a stretch to the places from `token` on; its observations are those of the slots from `slot` on. */
  private copyTokens({ from, to, first }: Stretch, number: number, token: number, slot: number): void {
    const { data, rows } = this;
    const { ids, local, patch } = rows.buffer;
    const { patches } = this.tokens.layout;
    // Pictures of all observations are of one number of patches, so each slot has its own place among the pixels.
    const shift = slot * patches - (rows.firstPatch[first] ?? 0);
    for (let i = from, into = token; i < to; i++, into++) {
      data.ids[into] = ids[i]!;
      data.local[into] = local[i]!;
      data.order[into] = i - from;
      data.segment[into] = number;
      if (patch[i]! >= 0) data.patch[into] = patch[i]! + shift;
    }
  }

  private copySlots({ from, first, last }: Stretch, token: number, slot: number, rollout: GroupRollout): void {
    const { data, rows, tokens } = this;
    const { actionTokens: A, legal } = tokens.layout;
    for (let s = first, into = slot; s < last; s++, into++) {
      const separator = rows.separator[s]!;
      this.slots[into] = s;
      data.at[into] = token + separator - from;
      this.copyPictures(s, into);
      if (rows.seen[s] !== SEEN.acted) continue;
      this.weight[into] = 1;
      for (let c = 0; c < A; c++) data.action[into * A + c] = rows.buffer.ids[separator + 1 + c]! - legal[c]!.start;
      if (this.shape.isMasked) this.copyMask(rows.cell[s]!, into, rollout);
    }
  }

  private copyPictures(from: number, into: number): void {
    const { buffer, firstPatch } = this.rows;
    const { patches } = this.tokens.layout;
    if (patches === 0) return;
    const size = this.pixels.length / (this.grid.length / 2);
    const first = firstPatch[from]!;
    this.pixels.set(buffer.pixels.subarray(first * size, (first + patches) * size), into * patches * size);
    const intervals = buffer.intervals.subarray(first * 4, (first + patches) * 4);
    placePatches(intervals, null, this.grid.subarray(into * patches * 2, (into + 1) * patches * 2));
  }

  private copyMask(cell: number, into: number, { actionMask, sizes: { M } }: GroupRollout): void {
    const { legalRow, tokens } = this;
    let at = into * this.choices;
    for (const [component, { start, size }] of tokens.layout.legal.entries()) {
      tokens.legal(component, actionMask, cell * M, legalRow);
      this.legal.set(legalRow.subarray(start, start + size), at);
      at += size;
    }
  }
}
