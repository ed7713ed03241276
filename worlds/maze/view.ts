import { pair } from './pairs.ts';

/** Numbers of one direction's turn. */
const TURN = 6;

/** Numbers of a cell of the view: whether a wall stands there, whether the goal is there. */
export const PLANES = 2;

/**
 * What agents see of their mazes, fast enough to be written at every step. For each copy and direction the walls are kept
 * as bits, turned so that the agent looks up: a line for each cell ahead, a bit for each cell to the right. The walls of a
 * row of the view are then a few neighbouring bits of one line. Around the maze everything is wall.
 *
 * The two float32 of a cell are written as one float64 with their bits: half as many stores, and no conversion.
 */
export class Views {
  private readonly half: number;
  /** Cells around the maze that can be seen from inside. */
  private readonly pad: number;
  /** Cells of the padded maze's side. */
  private readonly side: number;
  /** Integers of a line: one, or one more than its bits need, so that the next one can always be read too. */
  private readonly words: number;
  /** [B, 4, side, words]. */
  private readonly bits: Int32Array;
  /** [2 ** view, view]: the cells for each pattern of walls, whose lowest bit is the cell farthest to the left. */
  private readonly rows: Float64Array;
  private readonly goal: number;
  /**
   * [4, TURN]: by direction, factors of x and y and a constant that make a cell's line; and those that make its bit, less
   * half a view.
   */
  private readonly turns: Int32Array;
  /** [size] each: free cells of the columns, from the top and from the bottom. */
  private readonly down: Int32Array;
  private readonly up: Int32Array;

  constructor(
    copies: number,
    private readonly size: number,
    private readonly view: number,
  ) {
    this.half = view >> 1;
    this.pad = view - 1;
    this.side = size + 2 * this.pad;
    this.words = this.side <= 32 ? 1 : ((this.side + 31) >> 5) + 1;
    this.bits = new Int32Array(copies * 4 * this.side * this.words).fill(-1);
    this.down = new Int32Array(size);
    this.up = new Int32Array(size);
    const last = this.side - 1 - this.pad;
    const { pad, half } = this;
    // What lies ahead and to the right: x and y for the one who looks right; y, -x; -x, -y; -y, x.
    this.turns = Int32Array.from(
      [
        [1, 0, pad, 0, 1, pad - half],
        [0, 1, pad, -1, 0, last - half],
        [-1, 0, last, 0, -1, last - half],
        [0, -1, last, 1, 0, pad - half],
      ].flat(),
    );
    this.goal = pair(0, 1);
    const cells = [pair(0, 0), pair(1, 0)];
    this.rows = Float64Array.from({ length: 2 ** view * view }, (_, i) => {
      const code = Math.floor(i / view);
      return cells[(code >> (i % view)) & 1]!;
    });
  }

  /** Cells of a view, float64 each. */
  get cells(): number {
    return this.view ** 2;
  }

  /** Learns the walls of copy `b`: [size + 2, size + 2] from `offset`, with the wall around. */
  look(b: number, walls: Int32Array, offset: number): void {
    const { side, words, bits } = this;
    const base = b * 4 * side * words;
    bits.fill(-1, base, base + 4 * side * words);
    if (words === 1) this.lookAtOnce(base, walls, offset);
    else this.lookCellByCell(base, walls, offset);
  }

  /** Where a line is one integer: lines are put together before they are written. */
  private lookAtOnce(base: number, walls: Int32Array, offset: number): void {
    const { size, side, pad, words, bits, down, up } = this;
    const last = side - 1 - pad;
    const turned = side * words;
    down.fill(0);
    up.fill(0);
    for (let y = 0; y < size; y++) {
      const row = offset + (y + 1) * (size + 2) + 1;
      const fromTop = 1 << (y + pad);
      const fromBottom = 1 << (last - y);
      let right = 0;
      let left = 0;
      for (let x = 0, from = row; x < size; x++, from++) {
        if (walls[from] === 1) continue;
        right |= 1 << (x + pad);
        left |= 1 << (last - x);
        down[x]! |= fromTop;
        up[x]! |= fromBottom;
      }
      bits[base + turned + (y + pad) * words] = ~left;
      bits[base + 3 * turned + (last - y) * words] = ~right;
    }
    for (let x = 0; x < size; x++) {
      bits[base + (x + pad) * words] = ~down[x]!;
      bits[base + 2 * turned + (last - x) * words] = ~up[x]!;
    }
  }

  private lookCellByCell(base: number, walls: Int32Array, offset: number): void {
    const { size, side, pad, words, bits } = this;
    const last = side - 1 - pad;
    const free = (direction: number, line: number, place: number): void => {
      bits[base + (direction * side + line) * words + (place >> 5)]! &= ~(1 << (place & 31));
    };
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        if (walls[offset + (y + 1) * (size + 2) + x + 1] === 1) continue;
        free(0, x + pad, y + pad);
        free(1, y + pad, last - x);
        free(2, last - x, last - y);
        free(3, last - y, x + pad);
      }
    }
  }

  /** Five cells, whose walls are the lowest bits. */
  private row(walls: number, out: Float64Array, to: number): void {
    const { rows } = this;
    const from = (walls & 31) * 5;
    out[to] = rows[from]!;
    out[to + 1] = rows[from + 1]!;
    out[to + 2] = rows[from + 2]!;
    out[to + 3] = rows[from + 3]!;
    out[to + 4] = rows[from + 4]!;
  }

  /**
   * Writes what the agent of copy `b` sees to `out[at...]`: [view, view] cells, the farthest row first, left to right; the
   * agent stands in the middle of the last row. x, y: its cell and the goal's.
   */
  write(
    b: number,
    x: number,
    y: number,
    direction: number,
    goalX: number,
    goalY: number,
    out: Float64Array,
    at: number,
  ): void {
    const { side, view, half, words, bits, rows, turns } = this;
    // Tables, not branches: nobody predicts where an agent looks.
    const turn = direction * TURN;
    const aheadX = turns[turn]!;
    const aheadY = turns[turn + 1]!;
    const rightX = turns[turn + 3]!;
    const rightY = turns[turn + 4]!;
    const line = aheadX * x + aheadY * y + turns[turn + 2]!;
    const place = rightX * x + rightY * y + turns[turn + 5]!;
    const first = (b * 4 + direction) * side + line;
    // The usual view of the usual mazes, spelled out.
    if (view === 5 && words === 1) {
      this.row(bits[first + 4]! >>> place, out, at);
      this.row(bits[first + 3]! >>> place, out, at + 5);
      this.row(bits[first + 2]! >>> place, out, at + 10);
      this.row(bits[first + 1]! >>> place, out, at + 15);
      this.row(bits[first]! >>> place, out, at + 20);
    } else {
      const mask = (1 << view) - 1;
      const shift = place & 31;
      let word = (first + view - 1) * words + (place >> 5);
      let to = at;
      for (let far = view; far > 0; far--, word -= words, to += view) {
        // A shift by 32 is none at all, so the next integer's bits go up in two steps.
        const next = words === 1 ? 0 : (bits[word + 1]! << 1) << (31 - shift);
        const from = (((bits[word]! >>> shift) | next) & mask) * view;
        for (let k = 0; k < view; k++) out[to + k] = rows[from + k]!;
      }
    }
    const toX = goalX - x;
    const toY = goalY - y;
    const far = aheadX * toX + aheadY * toY;
    const right = rightX * toX + rightY * toY + half;
    // Unsigned, what is negative is very large.
    if (far >>> 0 < view && right >>> 0 < view) out[at + (view - 1 - far) * view + right] = this.goal;
  }
}
