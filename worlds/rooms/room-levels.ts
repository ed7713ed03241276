import { type Json, type JsonObject, LightbulbError, stream } from '../../core/index.ts';
import type { LevelSpace } from '../environment.ts';
import { levelNumber, levelObject } from '../levels.ts';
import type { HeldOutLevel } from '../tabular/index.ts';
import { DIRECTIONS } from './layout.ts';

const NAME = 'rooms';

/** A level, read. */
export interface Room {
  /** Cells of a side. */
  readonly size: number;
  /** Chance that a move goes astray. */
  readonly slip: number;
  /** Where what goes astray goes: 0 to 3 as in `DIRECTIONS`, -1 for any of the four alike. */
  readonly wind: number;
}

/** Which rooms there are. */
export interface RoomRanges {
  readonly smallest: number;
  readonly largest: number;
  /** Rising from 0. */
  readonly slips: readonly number[];
}

/** `count` chances from 0 to `most`, evenly spaced, without the rounding of sums. */
export function evenSlips(count: number, most: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Number(((most * i) / (count - 1)).toFixed(6))));
}

/** A level as data: `{ size, slip?, wind? }`. Throws where it is none. */
export function readRoom(level: Json, { smallest, largest }: RoomRanges): Room {
  const object = levelObject(NAME, level, ['size', 'slip', 'wind']);
  const size = levelNumber(NAME, object, 'size', [smallest, largest], largest);
  if (!Number.isInteger(size)) {
    throw new LightbulbError('invalid_input', 'a room has a whole number of cells', { where: NAME, got: String(size) });
  }
  return { size, slip: levelNumber(NAME, object, 'slip', [0, 1], 0), wind: readWind(object) };
}

function readWind({ wind }: JsonObject): number {
  if (wind === undefined) return -1;
  const direction = (DIRECTIONS as readonly Json[]).indexOf(wind);
  if (direction !== -1) return direction;
  throw new LightbulbError('invalid_input', `the level's "wind" is not usable`, {
    where: NAME,
    wanted: DIRECTIONS.join(', '),
    got: JSON.stringify(wind),
  });
}

/** All sizes with all slips, as a grid; a mutation is a step to a neighbour in it. */
export function roomLevels({ smallest, largest, slips }: RoomRanges): LevelSpace & { readonly grid: readonly Json[] } {
  const sizes = Array.from({ length: largest - smallest + 1 }, (_, i) => smallest + i);
  const grid = sizes.flatMap((size) => slips.map((slip) => Object.freeze({ size, slip })));
  const shifted = (values: readonly number[], value: Json | undefined, by: number): number =>
    values[Math.min(values.length - 1, Math.max(0, values.indexOf(value as number) + by))]!;
  return {
    grid,
    generate: (seed) => grid[stream(seed, 'level').integer(grid.length)]!,
    mutate(level, seed) {
      const random = stream(seed, 'level/mutate');
      const { size, slip } = levelObject('mutate', level);
      const by = random.integer(2) * 2 - 1;
      return random.integer(2) === 0
        ? { size: shifted(sizes, size, by), slip: shifted(slips, slip, 0) }
        : { size: shifted(sizes, size, 0), slip: shifted(slips, slip, by) };
    },
  };
}

/**
 * Levels nobody trains on, with the grid's level whose table has to do. `harder`: the two largest sizes, slipping more
 * than any in the grid: the way that curricula which follow the error lean to. `easier`: the two smallest, slipping half
 * as much as the least that slips. `wind`: all sizes, what slips goes east: a change in a direction that no curriculum
 * leans to.
 */
export function heldOutRooms({
  smallest,
  largest,
  slips,
}: RoomRanges): Readonly<Record<string, readonly HeldOutLevel[]>> {
  const sizes = Array.from({ length: largest - smallest + 1 }, (_, i) => smallest + i);
  const most = slips.at(-1)!;
  const slipping = slips.filter((slip) => slip > 0);
  const least = slipping[0] ?? 0;
  const rooms = (of: readonly number[], slip: number, nearest: number): HeldOutLevel[] =>
    of.map((size) => ({ level: { size, slip }, nearest: { size, slip: nearest } }));
  return {
    harder: rooms(sizes.slice(-2), Number(Math.min(1, most + 0.1).toFixed(6)), most),
    easier: rooms(sizes.slice(0, 2), least / 2, least),
    wind: sizes.flatMap((size) =>
      (slipping.length === 0 ? [0] : slipping).map((slip) => ({
        level: { size, slip, wind: 'east' },
        nearest: { size, slip },
      })),
    ),
  };
}
