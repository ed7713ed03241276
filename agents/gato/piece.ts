import { int32, type Value, type Values } from '../../nn/index.ts';
import type { PatchShape, TokenBuffer } from '../tokens/index.ts';
import { placePatches } from './patch-embedding.ts';

export interface PieceShape {
  /** R. */
  readonly rows: number;
  /** C: most tokens of a row. */
  readonly tokens: number;
  /** Most patches of a row. */
  readonly patches: number;
  readonly patch: PatchShape;
}

/**
 * The next tokens of all rows, as arrays that a program is bound to: rewritten at each step, never replaced. Rows with
 * fewer than C tokens are filled up behind them.
 */
export class Piece {
  /** What `TokenInputs` names, and `last` (int32 [R]): the place r C + c of each row's last token. */
  readonly inputs: Values;
  /** [R]: tokens of each row. */
  readonly counts: Int32Array;
  private readonly ids: Int32Array;
  private readonly local: Int32Array;
  private readonly order: Int32Array;
  private readonly last: Int32Array;
  private readonly patch: Int32Array;
  private readonly pixels: Float32Array;
  private readonly grid: Int32Array;
  private readonly pixelsOfPatch: number;

  constructor(
    private readonly shape: PieceShape,
    private readonly padding: number,
  ) {
    const { rows, tokens, patches, patch } = shape;
    const places = rows * tokens;
    this.pixelsOfPatch = patch.size * patch.size * patch.channels;
    this.counts = new Int32Array(rows);
    this.ids = new Int32Array(places);
    this.local = new Int32Array(places);
    this.order = new Int32Array(places);
    this.last = new Int32Array(rows);
    this.patch = new Int32Array(places);
    this.pixels = new Float32Array(rows * patches * this.pixelsOfPatch);
    this.grid = new Int32Array(rows * patches * 2);
    const row = (data: Int32Array): Value => int32([rows, tokens], data);
    this.inputs = {
      ids: row(this.ids),
      local: row(this.local),
      order: row(this.order),
      last: int32([rows], this.last),
      ...(patches > 0 && {
        patch: row(this.patch),
        pixels: {
          dtype: 'float32',
          shape: [rows * patches, patch.size, patch.size, patch.channels],
          data: this.pixels,
        },
        grid: int32([rows * patches, 2], this.grid),
      }),
    };
    for (let r = 0; r < rows; r++) this.begin(r, 0);
  }

  /** Empties a row; its next token stands at `place` of its sequence. */
  begin(row: number, place: number): void {
    const { tokens } = this.shape;
    const from = row * tokens;
    this.ids.fill(this.padding, from, from + tokens);
    this.local.fill(-1, from, from + tokens);
    this.patch.fill(-1, from, from + tokens);
    for (let c = 0; c < tokens; c++) this.order[from + c] = place + c;
    this.counts[row] = 0;
    this.last[row] = from;
  }

  /** Adds a token of an action. */
  add(row: number, id: number): void {
    const at = row * this.shape.tokens + this.counts[row]!++;
    this.ids[at] = id;
    this.last[row] = at;
  }

  /** Adds an observation, patches included. */
  addAll(row: number, { ids, local, patch, length, patchCount, pixels, intervals }: TokenBuffer): void {
    const from = row * this.shape.tokens + this.counts[row]!;
    const firstPatch = row * this.shape.patches;
    for (let i = 0; i < length; i++) {
      this.ids[from + i] = ids[i]!;
      this.local[from + i] = local[i]!;
      this.patch[from + i] = patch[i]! < 0 ? -1 : firstPatch + patch[i]!;
    }
    if (patchCount > 0) {
      this.pixels.set(pixels.subarray(0, patchCount * this.pixelsOfPatch), firstPatch * this.pixelsOfPatch);
      const grid = this.grid.subarray(firstPatch * 2, (firstPatch + patchCount) * 2);
      placePatches(intervals.subarray(0, patchCount * 4), null, grid);
    }
    this.counts[row]! += length;
    this.last[row] = from + length - 1;
  }
}
