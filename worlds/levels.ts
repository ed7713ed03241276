import { type Json, type JsonObject, LightbulbError, stream, suggest } from '../core/index.ts';
import type { LevelBuilding, LevelSpace } from './environment.ts';

/** The smallest and the largest value of each parameter that a level may hold. */
export type Ranges<Key extends string = string> = Readonly<Record<Key, readonly [low: number, high: number]>>;

/** `level` as an object. With `known`, any other key is an error. */
export function levelObject(where: string, level: Json, known?: readonly string[]): JsonObject {
  if (level === null || typeof level !== 'object' || Array.isArray(level)) {
    throw new LightbulbError('invalid_input', 'a level is an object', { where, got: JSON.stringify(level) });
  }
  const object = level as JsonObject;
  for (const key of known === undefined ? [] : Object.keys(object)) {
    if (!known!.includes(key)) {
      throw new LightbulbError('unknown_key', `a level has no "${key}"`, { where, cure: suggest(key, known!) });
    }
  }
  return object;
}

/** The number `object[key]` within [low, high], or `fallback` where there is none. */
export function levelNumber(
  where: string,
  object: JsonObject,
  key: string,
  [low, high]: readonly [number, number],
  fallback: number,
): number {
  const value = object[key];
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= low && value <= high) return value;
  throw new LightbulbError('invalid_input', `the level's "${key}" is not usable`, {
    where,
    wanted: `a number from ${low} to ${high}`,
    got: JSON.stringify(value),
  });
}

/** The numbers `object[key]`, as many as `limits`, each at most that far from 0; undefined where there are none. */
export function levelNumbers(
  where: string,
  object: JsonObject,
  key: string,
  limits: readonly number[],
): readonly number[] | undefined {
  const value = object[key];
  if (value === undefined) return undefined;
  if (
    Array.isArray(value) &&
    value.length === limits.length &&
    value.every((each, i) => typeof each === 'number' && Math.abs(each) <= limits[i]!)
  ) {
    return value as readonly number[];
  }
  throw new LightbulbError('invalid_input', `the level's "${key}" is not usable`, {
    where,
    wanted: `${limits.length} numbers, at most ${limits.join(', ')} in size`,
    got: JSON.stringify(value),
  });
}

/**
 * The ranges that levels are drawn from: `whole`, but where `chosen` has a narrower one. Throws `invalid_input` where that
 * is not low <= high within the whole.
 */
export function narrowRanges<Key extends string>(
  where: string,
  whole: Ranges<Key>,
  chosen: { readonly [K in NoInfer<Key>]?: readonly [low: number, high: number] | undefined },
): Ranges<Key> {
  const narrowed = (Object.keys(whole) as Key[]).map((key) => {
    const [[least, most], [low, high]] = [whole[key], chosen[key] ?? whole[key]];
    if (low >= least && low <= high && high <= most) return [key, [low, high]];
    throw new LightbulbError('invalid_input', `the range of "${key}" is not usable`, {
      where,
      wanted: `${least} <= low <= high <= ${most}`,
      got: `${low} and ${high}`,
    });
  });
  return Object.fromEntries(narrowed) as Ranges<Key>;
}

/**
 * Levels that are a few numbers, each uniform in its range: a box. A mutation moves one of them by a tenth of its range, as
 * a standard deviation, and not beyond its ends; a number whose range is a point stays.
 */
export function parameterLevels<Key extends string>(ranges: Ranges<Key>): LevelSpace {
  const keys = Object.keys(ranges) as Key[];
  const movable = keys.filter((key) => ranges[key][0] < ranges[key][1]);
  return {
    box: ranges,
    ...(movable.length === 0 ? {} : { building: parameterBuilding(ranges, movable) }),
    generate(seed) {
      const random = stream(seed, 'level');
      return Object.fromEntries(keys.map((key) => [key, random.between(ranges[key][0], ranges[key][1])]));
    },
    mutate(level, seed) {
      const random = stream(seed, 'level/mutate');
      const object = levelObject('mutate', level);
      if (movable.length === 0) return { ...object };
      const key = movable[random.integer(movable.length)]!;
      const [low, high] = ranges[key];
      const now = levelNumber('mutate', object, key, ranges[key], (low + high) / 2);
      const moved = now + 0.1 * (high - low) * random.normal();
      return { ...object, [key]: Math.min(high, Math.max(low, moved)) };
    },
  };
}

/** Random numbers that whoever chooses the parameters of a level sees, so that not all its levels are the same. */
const BUILDER_NOISE = 8;

/**
 * A level in one action: for each number with a range, in their order, -1 for its low end to 1 for its high end. Observation:
 * numbers from -1 to 1, drawn once for each level. A number whose range is a point is that point.
 */
function parameterBuilding<Key extends string>(ranges: Ranges<Key>, movable: readonly Key[]): LevelBuilding {
  type Plan = { readonly noise: readonly number[]; readonly chosen: readonly number[] };
  return {
    steps: 1,
    observation: { type: 'box', shape: [BUILDER_NOISE], low: -1, high: 1 },
    action: { type: 'box', shape: [movable.length], low: -1, high: 1 },
    begin(seed) {
      const random = stream(seed, 'level/build');
      return { noise: Array.from({ length: BUILDER_NOISE }, () => random.between(-1, 1)), chosen: [] };
    },
    build: (plan, action) => ({ ...(plan as Plan), chosen: Array.from(action) }),
    observe: (plan, out) => out.set((plan as Plan).noise),
    level(plan) {
      const { chosen } = plan as Plan;
      return Object.fromEntries(
        (Object.keys(ranges) as Key[]).map((key) => {
          const [low, high] = ranges[key];
          const at = movable.indexOf(key);
          const share = at < 0 ? 0 : (Math.min(1, Math.max(-1, chosen[at]!)) + 1) / 2;
          // Not low + share * (high - low): that may round to beyond the end.
          return [key, (1 - share) * low + share * high];
        }),
      );
    },
  };
}
