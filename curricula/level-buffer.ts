import type { Json, Stream } from '../core/index.ts';
import { drawPlace, levelKey } from './draw.ts';
import { Eviction } from './eviction.ts';
import { type PriorityOptions, replayChances } from './priorities.ts';

export interface BufferOptions extends PriorityOptions {
  /** The most levels that are kept. */
  readonly capacity: number;
  /** Replay begins once this share of the capacity is filled, 0 to 1. */
  readonly fill: number;
  /** Whether a level of the very score of the one that would make room gets in: `atLeast` (dcd, minimax), `above` (JaxUED). */
  readonly admits: 'atLeast' | 'above';
}

/** A level that may be played again. Plain data. */
export type BufferedLevel = {
  readonly level: Json;
  readonly score: number;
  /** The highest return that an episode in it ever had; null where none ended. */
  readonly best: number | null;
  /** When it was last played, on the buffer's clock. */
  readonly seen: number;
};

/** Levels worth playing again: state in, state out, plain data. */
export type LevelBuffer = {
  readonly entries: readonly BufferedLevel[];
  /** Counts rounds of levels that were played. */
  readonly clock: number;
};

/** What was found out about a level in one round. */
export interface LevelReport {
  readonly level: Json;
  readonly score: number;
  /** The highest return of the round; undefined where no episode ended. */
  readonly best?: number | undefined;
}

export const emptyBuffer: LevelBuffer = { entries: [], clock: 0 };

/** Whether there are enough levels to replay. */
export function isReplayable({ entries }: LevelBuffer, { capacity, fill }: BufferOptions): boolean {
  return entries.length > 0 && entries.length >= fill * capacity;
}

/** Chances of all entries: what `drawLevels` draws by. */
export function chancesOf({ entries, clock }: LevelBuffer, options: PriorityOptions): Float64Array {
  return replayChances(
    entries.map(({ score }) => score),
    entries.map(({ seen }) => seen),
    clock,
    options,
  );
}

/** Places of `count` levels, each drawn by itself. The buffer is not changed: `reported` says when they were played. */
export function drawLevels(buffer: LevelBuffer, count: number, options: PriorityOptions, stream: Stream): Int32Array {
  const chances = chancesOf(buffer, options);
  return Int32Array.from({ length: count }, () => drawPlace(chances, stream));
}

/** What the buffer knows of each of these levels; undefined of those that it has not. */
export function entriesOf({ entries }: LevelBuffer, levels: readonly Json[]): (BufferedLevel | undefined)[] {
  const places = placesOf(entries);
  return levels.map((level) => {
    const place = places.get(levelKey(level));
    return place === undefined ? undefined : entries[place];
  });
}

/**
 * The buffer after a round. A level that it has gets the new score, keeps the highest of its returns and counts as just
 * played; another gets in where there is room, or in place of the entry least likely to be replayed, if its score is high
 * enough. No level is there twice, however often it is reported.
 */
export function reported(buffer: LevelBuffer, reports: readonly LevelReport[], options: BufferOptions): LevelBuffer {
  const clock = buffer.clock + 1;
  const entries = [...buffer.entries];
  const places = placesOf(entries);
  let eviction: Eviction | null = null;
  for (const { level, score, best } of reports) {
    const key = levelKey(level);
    const at = places.get(key);
    if (at !== undefined) {
      const known = entries[at]!.best;
      entries[at] = { level, score, best: best === undefined ? known : Math.max(best, known ?? best), seen: clock };
      eviction?.replace(at, score);
      continue;
    }
    const fresh: BufferedLevel = { level, score, best: best ?? null, seen: clock };
    if (entries.length < options.capacity) {
      places.set(key, entries.push(fresh) - 1);
      continue;
    }
    eviction ??= new Eviction(entries, clock, options);
    const last = eviction.leastLikely;
    const { score: old } = entries[last]!;
    if (options.admits === 'atLeast' ? score < old : score <= old) continue;
    places.delete(keyOf(entries[last]!));
    places.set(key, last);
    entries[last] = fresh;
    eviction.replace(last, score);
  }
  return { entries, clock };
}

/** Keys of entries, which never change: writing a level out takes longer than all else. */
const keys = new WeakMap<BufferedLevel, string>();

function keyOf(entry: BufferedLevel): string {
  let key = keys.get(entry);
  if (key === undefined) {
    key = levelKey(entry.level);
    keys.set(entry, key);
  }
  return key;
}

function placesOf(entries: readonly BufferedLevel[]): Map<string, number> {
  return new Map(entries.map((entry, i) => [keyOf(entry), i]));
}
