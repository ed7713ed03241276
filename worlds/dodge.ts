import { LightbulbError } from '../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from './batched.ts';
import { Copies } from './copies.ts';
import { requireChoices, requireCount } from './guards.ts';
import { levelNumber, levelObject, parameterLevels, type Ranges } from './levels.ts';
import type { ScriptedPolicy } from './scripted.ts';
import { Solo } from './solo.ts';

export interface DodgeOptions {
  /** Pixels of the picture's side. Default 16. */
  readonly size?: number;
  /** Pixels of a grid cell's side; `size / cell` cells a side, 3 to 31. Default 2. */
  readonly cell?: number;
  /** Chance that a cell of a new row holds a block, 0 to 1. Default 0.2. */
  readonly rate?: number;
  /** Episodes are truncated after this many steps. Default 200. */
  readonly maximumSteps?: number;
}

const NAME = 'dodge';
const BLOCK = 255;
const PLAYER = 128;
const RANGES = { rate: [0, 1] } as const satisfies Ranges;

/**
 * A game in pixels, made for this project: blocks fall one row a step, a player in the bottom row moves left, stays or
 * moves right. Reward 1 a step, 0 on the step in which a block hits, which terminates. Observation: a grey picture
 * [size, size, 1] of 0 to 255: blocks 255, the player 128.
 *
 * It can always be survived: one column is kept free in every new row, and it moves by at most one column a row,
 * starting where the player does.
 *
 * Level: `{ rate? }`.
 */
export function dodge(copies: number, options: DodgeOptions = {}): BatchedEnvironment {
  const size = requireCount(NAME, 'size', options.size ?? 16);
  const cell = requireCount(NAME, 'cell', options.cell ?? 2);
  const grid = size / cell;
  // A row is the bits of one integer.
  if (!Number.isInteger(grid) || grid < 3 || grid > 31) {
    throw new LightbulbError('invalid_input', 'the picture does not divide into cells', {
      where: NAME,
      wanted: 'size = 3 to 31 times cell',
      got: `size ${size}, cell ${cell}`,
    });
  }
  const rate = levelNumber(NAME, { rate: options.rate ?? 0.2 }, 'rate', RANGES.rate, 0.2);
  const maximumSteps = requireCount(NAME, 'maximumSteps', options.maximumSteps ?? 200);
  return new Dodge(requireCount(NAME, 'copies', copies), maximumSteps, grid, cell, rate);
}

/** Looks for a way through all rows in sight and takes its first step, rather staying than moving. */
export function dodgeBlocks(size: number, cell: number): ScriptedPolicy {
  const grid = size / cell;
  const all = 2 ** grid - 1;
  return (observation, offset) => {
    const bits = (row: number, value: number): number => {
      let found = 0;
      const at = offset + row * cell * size;
      for (let column = 0; column < grid; column++) if (observation[at + column * cell] === value) found |= 1 << column;
      return found;
    };
    // Columns from which one comes through the rows above, from the farthest row down to the one that falls next.
    let open = all & ~bits(0, BLOCK);
    for (let row = 1; row < grid - 1; row++) open = (open | (open << 1) | (open >> 1)) & all & ~bits(row, BLOCK);
    const player = bits(grid - 1, PLAYER);
    if ((player & open) !== 0) return 1;
    return ((player >> 1) & open) !== 0 ? 0 : 2;
  };
}

function groupOf(size: number): Group {
  return {
    name: 'agent',
    agents: ['agent_0'],
    observation: { type: 'box', shape: [size, size, 1], low: 0, high: 255, dtype: 'uint8' },
    action: { type: 'discrete', n: 3, labels: ['left', 'stay', 'right'] },
    masked: false,
  };
}

class Dodge extends Solo<{ readonly rate: number }> {
  readonly levels = parameterLevels(RANGES);
  protected readonly copies: Copies<{ readonly rate: number }>;
  /** [B, grid]: one integer per row, top row first; bit c is set where column c holds a block. */
  private readonly rows: Int32Array;
  /** [B] each: the player's column, the column free in the top row, the chance of a block. */
  private readonly player: Int32Array;
  private readonly free: Int32Array;
  private readonly rate: Float64Array;
  private readonly steps: Int32Array;
  private readonly size: number;

  constructor(
    batchSize: number,
    maximumSteps: number,
    private readonly grid: number,
    private readonly cell: number,
    private readonly standardRate: number,
  ) {
    super(batchSize, maximumSteps, [groupOf(grid * cell)]);
    this.size = grid * cell;
    this.rows = new Int32Array(batchSize * grid);
    this.player = new Int32Array(batchSize);
    this.free = new Int32Array(batchSize);
    this.rate = new Float64Array(batchSize);
    this.steps = new Int32Array(batchSize);
    const { rows, player, free, rate, steps } = this;
    this.copies = new Copies(NAME, batchSize, { rows, player, free, rate, steps }, (level) => ({
      rate: levelNumber(NAME, levelObject(NAME, level, ['rate']), 'rate', RANGES.rate, standardRate),
    }));
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choice = requireChoices(NAME, this.groups[0], this.batchSize, 3, actions[0]);
    const out = this.requireOutput(output);
    const { grid, rows, player, steps } = this;
    for (let b = 0; b < this.batchSize; b++) {
      const column = Math.min(grid - 1, Math.max(0, player[b]! + choice[b]! - 1));
      player[b] = column;
      const top = b * grid;
      rows.copyWithin(top + 1, top, top + grid - 1);
      rows[top] = this.newRow(b);
      const hit = (rows[top + grid - 1]! >> column) & 1;
      const step = steps[b]! + 1;
      steps[b] = step;
      const late = step >= this.maximumSteps && hit === 0;
      out.reward[b] = 1 - hit;
      out.terminated[b] = hit;
      out.truncated[b] = late ? 1 : 0;
      if (hit === 1 || late) {
        this.observe(b, out.finalObservation);
        this.begin(b);
      }
      this.observe(b, out.observation);
    }
    out.alive.fill(1);
  }

  protected begin(b: number): void {
    const middle = this.grid >> 1;
    this.rows.fill(0, b * this.grid, (b + 1) * this.grid);
    this.player[b] = middle;
    this.free[b] = middle;
    this.rate[b] = this.copies.level(b)?.rate ?? this.standardRate;
    this.steps[b] = 0;
  }

  private newRow(b: number): number {
    const random = this.copies.stream(b);
    const rate = this.rate[b]!;
    const free = Math.min(this.grid - 1, Math.max(0, this.free[b]! + random.integer(3) - 1));
    this.free[b] = free;
    let row = 0;
    for (let column = 0; column < this.grid; column++) if (random.uniform() < rate) row |= 1 << column;
    return row & ~(1 << free);
  }

  protected observe(b: number, out: Float32Array): void {
    const { grid, cell, size, rows } = this;
    const start = b * size * size;
    out.fill(0, start, start + size * size);
    for (let r = 0; r < grid; r++) {
      for (let row = rows[b * grid + r]!; row !== 0; row &= row - 1) {
        this.paintCell(out, start, r, 31 - Math.clz32(row & -row), BLOCK);
      }
    }
    // A block that hit hides the player.
    const column = this.player[b]!;
    const corner = start + (grid - 1) * cell * size + column * cell;
    if (out[corner] !== BLOCK) this.paintCell(out, start, grid - 1, column, PLAYER);
  }

  private paintCell(out: Float32Array, start: number, row: number, column: number, value: number): void {
    const { cell, size } = this;
    let at = start + row * cell * size + column * cell;
    for (let y = 0; y < cell; y++, at += size) {
      for (let x = 0; x < cell; x++) out[at + x] = value;
    }
  }
}
