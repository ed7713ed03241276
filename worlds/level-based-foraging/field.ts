import type { Stream } from '../../core/index.ts';
import type { ForagingLevel } from './level.ts';
import type { Settings } from './settings.ts';

/** The actions in the reference's order. */
export const ACTIONS: readonly string[] = ['none', 'north', 'south', 'west', 'east', 'load'];
export const LOAD = 5;

/** What the frame around the field holds; inside it 0 is empty, and what is above is a food's level. */
const WALL = -1;
/** Draws after which no room is sought for more food, as in the reference. */
const ATTEMPTS = 1000;
const HELPERS = 3;

/**
 * `N` players and up to `F` food in each of `B` copies of a field, and the rules of the game. A cell is an index into a
 * field with a frame of walls around it, so that nothing is ever out of bounds.
 */
export class Field {
  readonly width: number;
  /** Cells of one copy, frame included. */
  readonly size: number;
  /** By cell: where it lies in the field, from 0. */
  readonly row: Int32Array;
  readonly column: Int32Array;
  /** [B, size]: walls, food levels, 0 elsewhere. Players are not in it. */
  readonly grid: Int32Array;
  /** [B, N]: cells of players. */
  readonly position: Int32Array;
  /** [B, N] */
  readonly level: Int32Array;
  /** [B, F]: cells where food was at the start, row by row; the corner 0, a wall, where there was less. */
  readonly food: Int32Array;
  /** [B]: how much food is left. */
  readonly left: Int32Array;
  /** [B]: levels of all food of the start, added up. */
  readonly spawned: Int32Array;
  /** By action: from a cell to the one it leads to. */
  readonly way: Int32Array;
  private readonly target: Int32Array;
  private readonly aim: Int32Array;
  private readonly lifted: Int32Array;

  constructor(
    readonly copies: number,
    readonly settings: Settings,
  ) {
    const { rows, cols, players, maxNumFood } = settings;
    this.width = cols + 2;
    this.size = (rows + 2) * this.width;
    this.row = Int32Array.from({ length: this.size }, (_, cell) => Math.floor(cell / this.width) - 1);
    this.column = Int32Array.from({ length: this.size }, (_, cell) => (cell % this.width) - 1);
    this.grid = new Int32Array(copies * this.size).fill(WALL);
    this.position = new Int32Array(copies * players);
    this.level = new Int32Array(copies * players);
    this.food = new Int32Array(copies * maxNumFood);
    this.left = new Int32Array(copies);
    this.spawned = new Int32Array(copies);
    this.way = Int32Array.of(0, -this.width, this.width, -1, 1, 0);
    this.target = new Int32Array(players);
    this.aim = new Int32Array(players);
    this.lifted = new Int32Array(players);
  }

  /** The arrays that decide the future, by name. */
  arrays(): Record<string, Int32Array> {
    const { grid, position, level, food, left, spawned } = this;
    return { grid, position, level, food, left, spawned };
  }

  cell(row: number, column: number): number {
    return (row + 1) * this.width + column + 1;
  }

  /** Copy `b` as a level says. */
  place(b: number, { players, food }: ForagingLevel): void {
    this.clear(b);
    players.forEach(([row, column, level], i) => {
      this.position[b * players.length + i] = this.cell(row, column);
      this.level[b * players.length + i] = level;
    });
    for (const [row, column, level] of food) this.grid[b * this.size + this.cell(row, column)] = level;
    this.index(b);
  }

  /**
   * Copy `b` as the reference draws it: players anywhere, each alone; then food off the border, off players and not
   * within two steps of other food. Unlike there, nobody avoids where others stood in the last episode.
   */
  scatter(b: number, random: Stream): void {
    const { players, minPlayerLevel, maxPlayerLevel, rows, cols, maxNumFood, maxFoodLevel } = this.settings;
    this.clear(b);
    const first = b * players;
    for (let i = 0; i < players; i++) {
      let cell: number;
      do cell = this.cell(random.integer(rows), random.integer(cols));
      while (this.isOccupied(first, first + i, cell));
      this.position[first + i] = cell;
      this.level[first + i] = minPlayerLevel + random.integer(maxPlayerLevel - minPlayerLevel + 1);
    }
    const highest = maxFoodLevel > 0 ? maxFoodLevel : this.lowestLevels(b);
    const lowest = this.settings.forceCoop ? highest : this.settings.minFoodLevel;
    for (let attempt = 0, count = 0; attempt < ATTEMPTS && count < maxNumFood; attempt++) {
      const cell = this.cell(1 + random.integer(rows - 2), 1 + random.integer(cols - 2));
      if (!this.hasRoom(b, cell)) continue;
      this.grid[b * this.size + cell] = lowest + (lowest < highest ? random.integer(highest - lowest + 1) : 0);
      count++;
    }
    this.index(b);
  }

  /** Whether food may lie here: no player, and no food around or two steps away in a straight line. */
  hasRoom(b: number, cell: number): boolean {
    const { width, grid, settings } = this;
    const at = b * this.size + cell;
    for (let y = -width; y <= width; y += width) {
      for (let x = -1; x <= 1; x++) if (grid[at + y + x]! > 0) return false;
    }
    for (let action = 1; action < LOAD; action++) {
      if (grid[at + 2 * this.way[action]!]! > 0) return false;
    }
    return !this.isOccupied(b * settings.players, (b + 1) * settings.players, cell);
  }

  /** Whether one of the players from `from` to before `to` stands here. */
  isOccupied(from: number, to: number, cell: number): boolean {
    for (let i = from; i < to; i++) if (this.position[i] === cell) return true;
    return false;
  }

  /** The cell of the food beside `cell` in copy `b`, 0 where there is none. Two are never beside one cell. */
  foodBeside(b: number, cell: number): number {
    const at = b * this.size + cell;
    for (let action = 1; action < LOAD; action++) {
      if (this.grid[at + this.way[action]!]! > 0) return cell + this.way[action]!;
    }
    return 0;
  }

  /**
   * One step of copy `b` under `choices` [B, N], which writes its `rewards` [B, N]. All move at the same time; what is
   * not valid is the action none. As in the reference, those who want one cell all stay (and whoever wants the cell of
   * one who thus stays gets it, so that two may stand in one cell), and two may change places.
   */
  advance(b: number, choices: Int32Array, rewards: Float32Array): void {
    const { grid, position, target, aim, way } = this;
    const { players } = this.settings;
    const first = b * players;
    const base = b * this.size;
    let loading = false;
    for (let i = 0; i < players; i++) {
      const choice = choices[first + i]!;
      const cell = position[first + i]!;
      const next = cell + way[choice]!;
      target[i] = grid[base + next] === 0 ? next : cell;
      aim[i] = choice === LOAD ? this.foodBeside(b, cell) : 0;
      if (aim[i] !== 0) loading = true;
      rewards[first + i] = 0;
    }
    for (let i = 0; i < players; i++) {
      let alone = true;
      for (let j = 0; j < players; j++) if (j !== i && target[j] === target[i]) alone = false;
      if (alone) position[first + i] = target[i]!;
    }
    if (loading) this.load(b, rewards);
  }

  private load(b: number, rewards: Float32Array): void {
    const { grid, level, aim, settings } = this;
    const { players, penalty, normalizeReward } = settings;
    const first = b * players;
    const base = b * this.size;
    for (let i = 0; i < players; i++) {
      if (aim[i] === 0) continue;
      let strength = 0;
      for (let j = 0; j < players; j++) if (aim[j] === aim[i]) strength += level[first + j]!;
      const food = grid[base + aim[i]!]!;
      const share = normalizeReward ? strength * this.spawned[b]! : 1;
      this.lifted[i] = strength < food ? 0 : 1;
      rewards[first + i] = strength < food ? 0 - penalty : (level[first + i]! * food) / share;
    }
    for (let i = 0; i < players; i++) {
      const at = base + aim[i]!;
      if (aim[i] === 0 || this.lifted[i] === 0 || grid[at] === 0) continue;
      grid[at] = 0;
      this.left[b] = this.left[b]! - 1;
    }
  }

  private clear(b: number): void {
    const { width, size } = this;
    for (let row = 0; row < this.settings.rows; row++) {
      const start = b * size + this.cell(row, 0);
      this.grid.fill(0, start, start + width - 2);
    }
  }

  /** Lists the food of copy `b` in the order in which observations show it. */
  private index(b: number): void {
    const { size, grid } = this;
    const { maxNumFood } = this.settings;
    let count = 0;
    let sum = 0;
    for (let cell = 0; cell < size; cell++) {
      const level = grid[b * size + cell]!;
      if (level <= 0) continue;
      this.food[b * maxNumFood + count] = cell;
      count++;
      sum += level;
    }
    this.food.fill(0, b * maxNumFood + count, (b + 1) * maxNumFood);
    this.left[b] = count;
    this.spawned[b] = sum;
  }

  /** The sum of the three lowest levels of players. */
  private lowestLevels(b: number): number {
    const { players } = this.settings;
    const first = b * players;
    let sum = 0;
    for (let i = 0; i < players; i++) {
      const own = this.level[first + i]!;
      let lower = 0;
      for (let j = 0; j < players; j++) {
        const other = this.level[first + j]!;
        if (other < own || (other === own && j < i)) lower++;
      }
      if (lower < HELPERS) sum += own;
    }
    return sum;
  }
}
