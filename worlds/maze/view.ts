import { pair } from './pairs.ts';

/** `where` is line << WHERE | bit. */
export const WHERE = 16;
const BITS = (1 << WHERE) - 1;

/** Numbers of a cell of the view: whether a wall stands there, whether the goal is there. */
export const PLANES = 2;

/**
 * The walls of all copies, and what agents see of them, fast enough to be written at every step. For each copy and direction the walls
 * are kept as bits, turned so that the agent looks up: a line for each cell ahead, a bit for each cell to the right. The walls of a
 * row of the view are then a few neighbouring bits of one line, and so is the wall in front of the agent. Around the maze everything is wall.
 *
 * The two float32 of a cell are written as one float64 with their bits: half as many stores, and no conversion.
 */
export class Views {
  private readonly half: number;
  /** Cells of the padded maze's side: lines of a direction. */
  readonly side: number;
  /** Integers of a line: one, or one more than its bits need, so that the next one can always be read too. */
  private readonly words: number;
  /** [B, 4, side, words]: all that there is to know of the walls. */
  readonly lines: Int32Array;
  /** [2 ** view, view]: the cells for each pattern of walls, whose lowest bit is the cell farthest to the left. */
  readonly rows: Float64Array;
  /** A cell with the goal. */
  readonly goal = pair(0, 1);
  /**
   * [size * size * 4]: for each pose (4 times the cell, and the direction), the line in that direction on which the agent stands, and
   * the bit of it that is the cell farthest to the left in the view.
   */
  readonly where: Int32Array;
  /** Cells around the maze that can be seen from inside. */
  private readonly pad: number;
  /** [4, side, words]: lines of a maze without walls inside. */
  private readonly empty: Int32Array;
  /** [size * size, 4, 2]: of each cell, as each direction sees it, the integer and the bit in it. */
  private readonly places: Int32Array;

  constructor(
    copies: number,
    size: number,
    private readonly view: number,
  ) {
    this.half = view >> 1;
    this.pad = Math.max(1, view - 1);
    this.side = size + 2 * this.pad;
    this.words = this.side <= 32 ? 1 : ((this.side + 31) >> 5) + 1;
    this.lines = new Int32Array(copies * 4 * this.side * this.words);
    this.empty = new Int32Array(4 * this.side * this.words).fill(-1);
    const { pad, half, side, words } = this;
    const last = side - 1 - pad;
    // As the one who looks right, down, left or up sees it: how far ahead a cell is, and how far to the right.
    const turned = (cell: number): readonly (readonly [number, number])[] => {
      const [x, y] = [cell % size, Math.floor(cell / size)];
      return [
        [x + pad, y + pad],
        [y + pad, last - x],
        [last - x, last - y],
        [last - y, x + pad],
      ];
    };
    const all = Array.from({ length: size * size }, (_, cell) => turned(cell));
    this.where = Int32Array.from(all.flat(), ([line, place]) => (line << WHERE) | (place - half));
    this.places = Int32Array.from(
      all.flatMap((seen) =>
        seen.flatMap(([line, place], d) => [(d * side + line) * words + (place >> 5), 1 << (place & 31)]),
      ),
    );
    const cells = [pair(0, 0), pair(1, 0)];
    this.rows = Float64Array.from({ length: 2 ** view * view }, (_, i) => {
      const code = Math.floor(i / view);
      return cells[(code >> (i % view)) & 1]!;
    });
    for (let i = 0; i < this.places.length; i += 2) this.empty[this.places[i]!]! &= ~this.places[i + 1]!;
    this.lines.fill(-1);
  }

  /** Whether the view is 5 x 5 and a line one integer: what is written out for speed. */
  get isUsual(): boolean {
    return this.view === 5 && this.words === 1;
  }

  /** Cells of a view, float64 each. */
  get cells(): number {
    return this.view ** 2;
  }

  /** Takes over the walls of copy `b`: [size * size], 1 where one stands. */
  build(b: number, walls: Uint8Array): void {
    const { empty, lines, places } = this;
    const base = b * empty.length;
    lines.set(empty, base);
    for (let cell = 0, at = 0; cell < walls.length; cell++, at += 8) {
      if (walls[cell] === 0) continue;
      lines[base + places[at]!]! |= places[at + 1]!;
      lines[base + places[at + 2]!]! |= places[at + 3]!;
      lines[base + places[at + 4]!]! |= places[at + 5]!;
      lines[base + places[at + 6]!]! |= places[at + 7]!;
    }
  }

  isWall(b: number, cell: number): boolean {
    const at = cell * 8;
    return (this.lines[b * this.empty.length + this.places[at]!]! & this.places[at + 1]!) !== 0;
  }

  /** Whether no wall stands in front of the agent of copy `b`, who is in this pose. */
  isFree(b: number, pose: number): boolean {
    const { where, half, side, words, lines } = this;
    const line = (b * 4 + (pose & 3)) * side + (where[pose]! >> WHERE) + 1;
    const place = (where[pose]! & BITS) + half;
    return ((lines[line * words + (place >> 5)]! >>> (place & 31)) & 1) === 0;
  }

  /**
   * Writes what the agent of copy `b` sees to `out[at...]`: [view, view] cells, the farthest row first, left to right; the
   * agent stands in the middle of the last row. goal: 4 times its cell.
   */
  write(b: number, pose: number, goal: number, out: Float64Array, at: number): void {
    const { side, view, half, words, lines, rows, where } = this;
    const direction = pose & 3;
    const [line, place] = [where[pose]! >> WHERE, where[pose]! & BITS];
    const mask = (1 << view) - 1;
    const shift = place & 31;
    let word = ((b * 4 + direction) * side + line + view - 1) * words + (place >> 5);
    let to = at;
    for (let far = view; far > 0; far--, word -= words, to += view) {
      // A shift by 32 is none at all, so the next integer's bits go up in two steps.
      const next = words === 1 ? 0 : (lines[word + 1]! << 1) << (31 - shift);
      const from = (((lines[word]! >>> shift) | next) & mask) * view;
      for (let k = 0; k < view; k++) out[to + k] = rows[from + k]!;
    }
    const there = where[goal | direction]!;
    const far = (there >> WHERE) - line;
    const right = (there & BITS) - place + half;
    // Unsigned, what is negative is very large.
    if (far >>> 0 < view && right >>> 0 < view) out[at + (view - 1 - far) * view + right] = this.goal;
  }
}
