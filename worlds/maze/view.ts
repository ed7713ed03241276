import { pair } from './pairs.ts';

/** Numbers of one direction's turn. */
export const TURN = 6;

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
  readonly half: number;
  /** Cells of the padded maze's side: lines of a direction. */
  readonly side: number;
  /** Integers of a line: one, or one more than its bits need, so that the next one can always be read too. */
  readonly words: number;
  /** [B, 4, side, words]: all that there is to know of the walls. */
  readonly lines: Int32Array;
  /** [2 ** view, view]: the cells for each pattern of walls, whose lowest bit is the cell farthest to the left. */
  readonly rows: Float64Array;
  /** A cell with the goal. */
  readonly goal = pair(0, 1);
  /**
   * [4, TURN]: by direction, factors of x and y and a constant that make a cell's line; and those that make its bit, less
   * half a view.
   */
  readonly turns: Int32Array;
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
    const cells = [pair(0, 0), pair(1, 0)];
    this.rows = Float64Array.from({ length: 2 ** view * view }, (_, i) => {
      const code = Math.floor(i / view);
      return cells[(code >> (i % view)) & 1]!;
    });
    const { side, words } = this;
    this.places = Int32Array.from(
      Array.from({ length: size * size }, (_, cell) => {
        const [x, y] = [cell % size, Math.floor(cell / size)];
        const seen = [
          [x + pad, y + pad],
          [y + pad, last - x],
          [last - x, last - y],
          [last - y, x + pad],
        ] as const;
        return seen.flatMap(([line, place], d) => [(d * side + line) * words + (place >> 5), 1 << (place & 31)]);
      }).flat(),
    );
    for (let i = 0; i < this.places.length; i += 2) this.empty[this.places[i]!]! ^= this.places[i + 1]!;
    this.lines.fill(-1);
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

  isWall(b: number, x: number, y: number): boolean {
    const { lines, empty, words, pad } = this;
    const place = y + pad;
    return ((lines[b * empty.length + (x + pad) * words + (place >> 5)]! >>> (place & 31)) & 1) === 1;
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
    const { side, view, half, words, lines, rows, turns } = this;
    // Tables, not branches: nobody predicts where an agent looks.
    const turn = direction * TURN;
    const aheadX = turns[turn]!;
    const aheadY = turns[turn + 1]!;
    const rightX = turns[turn + 3]!;
    const rightY = turns[turn + 4]!;
    const line = aheadX * x + aheadY * y + turns[turn + 2]!;
    const place = rightX * x + rightY * y + turns[turn + 5]!;
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
    const toX = goalX - x;
    const toY = goalY - y;
    const far = aheadX * toX + aheadY * toY;
    const right = rightX * toX + rightY * toY + half;
    // Unsigned, what is negative is very large.
    if (far >>> 0 < view && right >>> 0 < view) out[at + (view - 1 - far) * view + right] = this.goal;
  }
}
