import type { Json } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { meanOf } from './boltzmann.ts';
import { chancesOf, type LevelBuffer } from './level-buffer.ts';
import type { PriorityOptions } from './priorities.ts';

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

/**
 * What a buffer holds: how many levels, their mean score, what they are like (`buffer/level/...`), and the entropy of the
 * distribution that they are replayed by (`buffer/entropy`, nats): its exponential is how many are in play, in effect.
 */
export function bufferNumbers(
  buffer: LevelBuffer,
  space: LevelSpace,
  options: PriorityOptions,
): Record<string, number> {
  const { entries } = buffer;
  const about =
    entries.length === 0
      ? {}
      : { score: meanOf(entries.map(({ score }) => score)), entropy: entropyOf(chancesOf(buffer, options)) };
  const levels = entries.map(({ level }) => level);
  return { buffer: entries.length, ...prefixed('buffer/', { ...about, ...levelMeans(levels, space) }) };
}

/** Of a distribution, in nats. */
function entropyOf(chances: Float64Array): number {
  return chances.reduce((sum, chance) => (chance > 0 ? sum - chance * Math.log(chance) : sum), 0);
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
