import type { Json, Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { BoxPlaces } from './box.ts';
import { levelKey, newSeed } from './draw.ts';

/** What is known of one place. Plain data. */
export type Row = {
  /** Smoothed error of the model; null before the first. */
  readonly error: number | null;
  /** The error when it was last looked at, and its smoothed fall since: WAKER-R's. */
  readonly earlier: number | null;
  readonly fall: number | null;
};

/**
 * One row for each place, where a place is a level of a grid, a part of a continuous box, or a level in the buffer of a
 * generator. Plain data.
 */
export type LevelTable = {
  readonly levels: readonly Json[];
  readonly rows: readonly Row[];
};

const UNKNOWN: Row = { error: null, earlier: null, fall: null };

/** All places, nothing known; no places yet where the space is a generator. `places`: how many a box is divided into. */
export function emptyTable(space: LevelSpace, places: number): LevelTable {
  if (space.grid !== undefined) return { levels: space.grid, rows: space.grid.map(() => UNKNOWN) };
  const box = boxOf(space, places);
  if (box === undefined) return { levels: [], rows: [] };
  const all = Array.from({ length: places }, (_, i) => i);
  return { levels: all.map((i) => box.level(i)), rows: all.map(() => UNKNOWN) };
}

/** Where a level lies; -1 where the table has no place for it. */
export function placeOf(table: LevelTable, space: LevelSpace, level: Json): number {
  const box = boxOf(space, table.levels.length);
  if (box !== undefined) return box.placeOf(level);
  return keysOf(table.levels).get(levelKey(level)) ?? -1;
}

/**
 * The table with `samples` of mean `value` smoothed into the level's error, which keeps `decay` a sample; the first is
 * taken as it is. A generator's level without a place gets a new one, up to `places`; then the one of the lowest error,
 * if that is lower.
 */
export function withError(
  table: LevelTable,
  space: LevelSpace,
  level: Json,
  { value, samples, decay, places }: { value: number; samples: number; decay: number; places: number },
): LevelTable {
  const place = placeOf(table, space, level);
  if (place !== -1) {
    const row = table.rows[place]!;
    const kept = decay ** samples;
    const error = row.error === null ? value : kept * row.error + (1 - kept) * value;
    return { ...table, rows: replaced(table.rows, place, { ...row, error }) };
  }
  if (space.grid !== undefined) return table;
  const fresh = { ...UNKNOWN, error: value };
  if (table.levels.length < places) return { levels: [...table.levels, level], rows: [...table.rows, fresh] };
  let lowest = 0;
  for (let i = 1; i < table.rows.length; i++) if (table.rows[i]!.error! < table.rows[lowest]!.error!) lowest = i;
  if (table.rows[lowest]!.error! >= value) return table;
  return { levels: replaced(table.levels, lowest, level), rows: replaced(table.rows, lowest, fresh) };
}

/**
 * Places with a number each, smoothed over the neighbours in a box; null where nothing is known of any.
 * `places`: [n]; `values`: [n].
 */
export function knownPlaces(
  table: LevelTable,
  space: LevelSpace,
  of: (row: Row) => number | null,
): { readonly places: Int32Array; readonly values: Float64Array } | null {
  const known = table.rows.map(of);
  const box = boxOf(space, table.levels.length);
  if (box !== undefined) {
    const values = box.smooth(known);
    return values === null ? null : { places: Int32Array.from(known, (_, i) => i), values };
  }
  const places = Int32Array.from(known.flatMap((value, i) => (value === null ? [] : [i])));
  if (places.length === 0) return null;
  return { places, values: Float64Array.from(places, (i) => known[i]!) };
}

/** A level of this place: itself; anywhere in a box's part; a generator's with chance `mutation` changed a little. */
export function drawAt(table: LevelTable, space: LevelSpace, place: number, mutation: number, stream: Stream): Json {
  const box = boxOf(space, table.levels.length);
  if (box !== undefined) return box.draw(place, stream);
  const level = table.levels[place]!;
  if (space.grid !== undefined || space.mutate === undefined || stream.uniform() >= mutation) return level;
  return space.mutate(level, newSeed(stream));
}

function replaced<T>(items: readonly T[], at: number, item: T): readonly T[] {
  const copy = items.slice();
  copy[at] = item;
  return copy;
}

const boxes = new WeakMap<LevelSpace, Map<number, BoxPlaces>>();

/** The places of a continuous space; undefined of others. */
export function boxOf(space: LevelSpace, places: number): BoxPlaces | undefined {
  if (space.box === undefined) return undefined;
  const made = boxes.get(space) ?? new Map<number, BoxPlaces>();
  boxes.set(space, made);
  const box = made.get(places) ?? new BoxPlaces(space.box, places);
  made.set(places, box);
  return box;
}

const keys = new WeakMap<readonly Json[], ReadonlyMap<string, number>>();

function keysOf(levels: readonly Json[]): ReadonlyMap<string, number> {
  const known = keys.get(levels) ?? new Map(levels.map((level, i) => [levelKey(level), i]));
  keys.set(levels, known);
  return known;
}
