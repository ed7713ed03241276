import { type Json, LightbulbError, stream } from '../../core/index.ts';
import type { LevelSpace } from '../environment.ts';
import { levelObject } from '../levels.ts';

export const NAME = 'cleanup';
/** Cells of the picture's side, and of the largest arena's. */
export const SIDE = 7;
/** Cells of the smallest arena's side. */
export const SMALLEST = 3;
/** Arenas that there are: 0 to this. */
export const LARGEST = SIDE - SMALLEST;
/** Blocks that an arena can have in a level that training never sees. */
export const MOST_BLOCKS = 6;

/** A square; one with a wall in its middle; one without its last two rows. */
export const SHAPES = ['square', 'pillar', 'wide'] as const;
export type Shape = (typeof SHAPES)[number];

/** What an arena is like. Where blocks and agent begin is up to the seed. */
export interface CleanupLevel {
  /** Cells of the arena. */
  readonly rows: number;
  readonly columns: number;
  readonly hasPillar: boolean;
  readonly red: number;
  readonly blue: number;
}

/**
 * The 35 levels: arenas 0 to 4 (3x3 to 7x7 cells), with at most as many blocks as the arena's number, of two colours. As
 * JSON: `{ arena, red, blue }`.
 */
export const CLEANUP_GRID: readonly Json[] = Array.from({ length: LARGEST + 1 }, (_, arena) =>
  Array.from({ length: arena + 1 }, (_, red) =>
    Array.from({ length: arena - red + 1 }, (_, blue) => ({ arena, red, blue })),
  ),
).flat(2);

/**
 * The levels of the arenas from 0 to `largest`, 1 to 35 of them; a mutation is another arena with the same blocks, or one
 * block more or less.
 */
export function cleanupLevels(largest: number): LevelSpace & { readonly grid: readonly Json[] } {
  const grid = CLEANUP_GRID.filter((level) => (level as unknown as Counts).arena <= largest);
  return {
    grid,
    generate: (seed) => grid[stream(seed, 'level').integer(grid.length)]!,
    mutate(level, seed) {
      const { arena, red, blue } = parseCounts(level);
      const near = grid.filter((other) => {
        const to = other as unknown as Counts;
        return Math.abs(to.arena - arena) + Math.abs(to.red - red) + Math.abs(to.blue - blue) === 1;
      });
      return near.length === 0 ? level : near[stream(seed, 'level/mutate').integer(near.length)]!;
    },
  };
}

interface Counts {
  readonly arena: number;
  readonly red: number;
  readonly blue: number;
}

/**
 * A level from JSON: `{ arena, red, blue, shape? }`. More than the grid is legal, to be tested on: one block more than the
 * arena's number (two in the largest), as far as there is room, and shapes other than `"square"` from arena 2 on. Throws
 * `invalid_input` or `unknown_key`.
 */
export function parseLevel(json: Json): CleanupLevel {
  const counts = parseCounts(json);
  const { arena, red, blue } = counts;
  const shape = (json as { readonly shape?: Json }).shape ?? 'square';
  if (!SHAPES.includes(shape as Shape)) throw unusable('shape', SHAPES.join(', '), shape);
  if (shape !== 'square' && arena < 2) throw unusable('arena', `2 to ${LARGEST} for the shape "${shape}"`, arena);
  const columns = SMALLEST + arena;
  const rows = shape === 'wide' ? columns - 2 : columns;
  const hasPillar = shape === 'pillar';
  // Blocks begin apart from walls and each other: kings on a board two smaller.
  const room = Math.ceil((rows - 2) / 2) * Math.ceil((columns - 2) / 2) - (hasPillar ? 1 : 0);
  const most = Math.min(room, shape !== 'square' ? arena : arena === LARGEST ? MOST_BLOCKS : arena + 1);
  if (red + blue > most) throw unusable('red + blue', `at most ${most} in this arena`, red + blue);
  return { rows, columns, hasPillar, red, blue };
}

function parseCounts(json: Json): Counts {
  const object = levelObject(NAME, json, ['arena', 'red', 'blue', 'shape']);
  const count = (key: keyof Counts, most: number): number => {
    const value = object[key];
    if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
    throw unusable(key, `an integer from 0 to ${most}`, value);
  };
  return { arena: count('arena', LARGEST), red: count('red', MOST_BLOCKS), blue: count('blue', MOST_BLOCKS) };
}

function unusable(key: string, wanted: string, got: unknown): LightbulbError {
  return new LightbulbError('invalid_input', 'the level is not usable', {
    where: `${NAME}, ${key}`,
    wanted,
    got: JSON.stringify(got) ?? 'nothing',
  });
}
