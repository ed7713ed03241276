import type { Stream } from '../../core/index.ts';
import { type CleanupLevel, MOST_BLOCKS, SIDE } from './level.ts';

/** What may be asked for; see `taskReward`. */
export const TASKS = ['sort', 'sort-reversed', 'push'] as const;
export type Task = (typeof TASKS)[number];

export const ACTIONS = ['stay', 'up', 'down', 'left', 'right'] as const;
/** By action: rows and columns that it moves by. */
const ROWS = [0, -1, 1, 0, 0] as const;
const COLUMNS = [0, 0, 0, -1, 1] as const;
/** Placing blocks at random is started over after so many cells that would not do. */
const PATIENCE = 64;

/** `B` arenas as arrays: who stands where. Cells are numbered row by row through a square of `SIDE` x `SIDE`. */
export class Arenas {
  /** [B] each. `pillar` is a cell, or -1. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly pillar: Int32Array;
  readonly agent: Int32Array;
  readonly red: Int32Array;
  readonly blocks: Int32Array;
  /** [B, MOST_BLOCKS]: cells of the blocks, the red ones first; -1 where there is none. */
  readonly block: Int32Array;

  constructor(size: number) {
    const numbers = () => new Int32Array(size);
    this.rows = numbers();
    this.columns = numbers();
    this.pillar = numbers();
    this.agent = numbers();
    this.red = numbers();
    this.blocks = numbers();
    this.block = new Int32Array(size * MOST_BLOCKS);
  }

  arrays(): Readonly<Record<string, Int32Array>> {
    const { rows, columns, pillar, agent, red, blocks, block } = this;
    return { rows, columns, pillar, agent, red, blocks, block };
  }

  /**
   * Lays arena `b` out. No block begins beside a wall, where it could not be pushed away, or beside another one; the agent
   * begins on any free cell.
   */
  begin(b: number, level: CleanupLevel, random: Stream): void {
    this.rows[b] = level.rows;
    this.columns[b] = level.columns;
    this.pillar[b] = level.hasPillar ? (level.rows >> 1) * SIDE + (level.columns >> 1) : -1;
    this.red[b] = level.red;
    this.blocks[b] = level.red + level.blue;
    let placed = 0;
    let tries = 0;
    this.clear(b);
    while (placed < level.red + level.blue) {
      const row = 1 + random.integer(level.rows - 2);
      const column = 1 + random.integer(level.columns - 2);
      const cell = row * SIDE + column;
      if (cell !== this.pillar[b] && this.isApart(b, row, column)) this.block[b * MOST_BLOCKS + placed++] = cell;
      else if (++tries === PATIENCE) {
        this.clear(b);
        placed = 0;
        tries = 0;
      }
    }
    do this.agent[b] = random.integer(level.rows) * SIDE + random.integer(level.columns);
    while (this.agent[b] === this.pillar[b] || this.blockAt(b, this.agent[b]!) >= 0);
  }

  /** The agent of arena `b` goes one cell, and pushes a block before it where that has room. */
  move(b: number, action: number): void {
    const from = this.agent[b]!;
    const to = this.beyond(b, from, action);
    if (to < 0) return;
    const pushed = this.blockAt(b, to);
    if (pushed >= 0) {
      const next = this.beyond(b, to, action);
      if (next < 0 || this.blockAt(b, next) >= 0) return;
      this.block[b * MOST_BLOCKS + pushed] = next;
    }
    this.agent[b] = to;
  }

  /**
   * What arena `b` is worth to a task now, in [0, 1]: the mean over blocks of how near each is to the wall where it belongs,
   * 1 beside it and 0 beside the opposite one. `sort`: red to the left wall, blue to the right. `sort-reversed`: the other
   * way round. `push`: all to the upper wall. Where there are no blocks, everything is in its place: 1.
   */
  taskReward(b: number, task: number): number {
    const blocks = this.blocks[b]!;
    if (blocks === 0) return 1;
    const isPush = task === 2;
    const way = (isPush ? this.rows[b]! : this.columns[b]!) - 1;
    let distance = 0;
    for (let i = 0; i < blocks; i++) {
      const cell = this.block[b * MOST_BLOCKS + i]!;
      if (isPush) distance += Math.floor(cell / SIDE);
      else {
        const toTheLeft = i < this.red[b]! === (task === 0);
        distance += toTheLeft ? cell % SIDE : way - (cell % SIDE);
      }
    }
    return 1 - distance / (blocks * way);
  }

  /** Which block stands on a cell, or -1. */
  blockAt(b: number, cell: number): number {
    const start = b * MOST_BLOCKS;
    for (let i = 0, blocks = this.blocks[b]!; i < blocks; i++) if (this.block[start + i] === cell) return i;
    return -1;
  }

  isWall(b: number, cell: number): boolean {
    return this.isWallAt(b, Math.floor(cell / SIDE), cell % SIDE);
  }

  /** Also of places that are no cell: everything around an arena is wall. */
  isWallAt(b: number, row: number, column: number): boolean {
    if (row < 0 || row >= this.rows[b]! || column < 0 || column >= this.columns[b]!) return true;
    return row * SIDE + column === this.pillar[b]!;
  }

  /** The cell that an action leads to, or -1 where a wall is. */
  private beyond(b: number, cell: number, action: number): number {
    const row = Math.floor(cell / SIDE) + ROWS[action]!;
    const column = (cell % SIDE) + COLUMNS[action]!;
    if (row < 0 || row >= this.rows[b]! || column < 0 || column >= this.columns[b]!) return -1;
    const to = row * SIDE + column;
    return to === this.pillar[b]! ? -1 : to;
  }

  private clear(b: number): void {
    this.block.fill(-1, b * MOST_BLOCKS, (b + 1) * MOST_BLOCKS);
  }

  /** Whether no block is beside a cell, corners included. */
  private isApart(b: number, row: number, column: number): boolean {
    for (let i = 0; i < this.blocks[b]!; i++) {
      const other = this.block[b * MOST_BLOCKS + i]!;
      if (other < 0) continue;
      if (Math.abs(Math.floor(other / SIDE) - row) <= 1 && Math.abs((other % SIDE) - column) <= 1) return false;
    }
    return true;
  }
}
