import type { Json } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { meanOf } from './boltzmann.ts';
import type { LevelBuffer } from './level-buffer.ts';

/**
 * Means of what levels are like, as `level/<name>`: of what the space says of them, or, where it says nothing, of the numbers
 * that they hold by name. Nothing of no levels.
 */
export function levelMeans(levels: readonly Json[], space: LevelSpace): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const level of levels) {
    const numbers = described(level, space);
    for (const key in numbers) {
      const soFar = sums.get(key);
      if (soFar === undefined) sums.set(key, { sum: numbers[key]!, count: 1 });
      else {
        soFar.sum += numbers[key]!;
        soFar.count++;
      }
    }
  }
  return Object.fromEntries([...sums].map(([key, { sum, count }]) => [`level/${key}`, sum / count]));
}

/** What a buffer holds: how many levels, their mean score, and what they are like (`buffer/level/...`). */
export function bufferNumbers({ entries }: LevelBuffer, space: LevelSpace): Record<string, number> {
  const levels = entries.map(({ level }) => level);
  return {
    buffer: entries.length,
    ...(entries.length === 0 ? {} : { 'buffer/score': meanOf(entries.map(({ score }) => score)) }),
    ...prefixed('buffer/', levelMeans(levels, space)),
  };
}

/** The numbers, each with `prefix` before its name. */
export function prefixed(prefix: string, numbers: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [prefix + name, value]));
}

/** What was said of levels, which never change: a buffer's are asked for after every round. */
const known = new WeakMap<LevelSpace, WeakMap<object, Readonly<Record<string, number>>>>();

function described(level: Json, space: LevelSpace): Readonly<Record<string, number>> {
  if (space.describe === undefined || typeof level !== 'object' || level === null) {
    return space.describe?.(level) ?? numbersOf(level);
  }
  let ofSpace = known.get(space);
  if (ofSpace === undefined) {
    ofSpace = new WeakMap();
    known.set(space, ofSpace);
  }
  let numbers = ofSpace.get(level);
  if (numbers === undefined) {
    numbers = space.describe(level);
    ofSpace.set(level, numbers);
  }
  return numbers;
}

function numbersOf(level: Json): Record<string, number> {
  if (level === null || typeof level !== 'object' || Array.isArray(level)) return {};
  return Object.fromEntries(
    Object.entries(level).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
