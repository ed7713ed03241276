import type { Json } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';

/**
 * Means of what levels are like, as `level/<name>`: of what the space says of them, or, where it says nothing, of the numbers
 * that they hold by name. Nothing of no levels.
 */
export function levelMeans(levels: readonly Json[], space: LevelSpace): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const level of levels) {
    for (const [key, value] of Object.entries(space.describe?.(level) ?? numbersOf(level))) {
      const { sum, count } = sums.get(key) ?? { sum: 0, count: 0 };
      sums.set(key, { sum: sum + value, count: count + 1 });
    }
  }
  return Object.fromEntries([...sums].map(([key, { sum, count }]) => [`level/${key}`, sum / count]));
}

function numbersOf(level: Json): Record<string, number> {
  if (level === null || typeof level !== 'object' || Array.isArray(level)) return {};
  return Object.fromEntries(
    Object.entries(level).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
