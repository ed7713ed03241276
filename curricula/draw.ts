import { type Json, LightbulbError, type Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';

/** Domain randomisation: any level. Uniform over a grid or a box; else as the space's generator draws. */
export function drawAny(space: LevelSpace, stream: Stream): Json {
  if (space.grid !== undefined) return space.grid[stream.integer(space.grid.length)]!;
  if (space.box !== undefined) {
    return Object.fromEntries(Object.entries(space.box).map(([key, [low, high]]) => [key, stream.between(low, high)]));
  }
  return space.generate(newSeed(stream));
}

/** A seed for the space's own draws. */
export function newSeed(stream: Stream): number {
  return stream.integer(2 ** 31);
}

/** A place in [0, weights.length) with chance proportional to its weight. Weights: at least 0, one above it. */
export function drawPlace(weights: ArrayLike<number>, stream: Stream): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  let left = stream.uniform() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight <= 0) continue;
    last = i;
    left -= weight;
    if (left < 0) return i;
  }
  // Rounding may leave a little after the last one.
  return last;
}

/** The same text for equal levels, whatever the order of their keys. */
export function levelKey(level: Json): string {
  return JSON.stringify(level, (_, value: Json) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** The levels that a person listed. Error `invalid_input` where there is none, or one that the grid does not have. */
export function listedLevels(name: string, levels: readonly Json[], space: LevelSpace): readonly Json[] {
  if (levels.length === 0) {
    throw new LightbulbError('invalid_input', `the curriculum "${name}" has no levels`, {
      where: '/curriculum/levels',
      wanted: 'at least one level',
    });
  }
  if (space.grid === undefined) return levels;
  const known = new Set(space.grid.map(levelKey));
  const foreign = levels.findIndex((level) => !known.has(levelKey(level)));
  if (foreign === -1) return levels;
  throw new LightbulbError('invalid_input', 'the environment has no such level', {
    where: `/curriculum/levels/${foreign}`,
    wanted: `one of its ${space.grid.length} levels, such as ${JSON.stringify(space.grid[0])}`,
    got: JSON.stringify(levels[foreign]),
  });
}
