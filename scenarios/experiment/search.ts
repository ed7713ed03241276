import { type Json, stream } from '../../core/index.ts';
import type { Draw, Grid, RandomSearch } from './experiment-schema.ts';

/** One combination of a search. */
export interface Point {
  /** By path, as the file spells it. */
  readonly values: Readonly<Record<string, Json>>;
  /** Where each value stands in `search`, by the same path. */
  readonly places: Readonly<Record<string, readonly string[]>>;
  /** Of a random search: the number of the draw, from 0. */
  readonly sample?: number;
}

/** Every combination of the values; the last path turns fastest. */
export function gridPoints(grid: Grid): Point[] {
  return Object.entries(grid).reduce<Point[]>(
    (points, [path, values]) =>
      points.flatMap((point) =>
        values.map((value, i) => ({
          values: { ...point.values, [path]: value },
          places: { ...point.places, [path]: ['grid', path, String(i)] },
        })),
      ),
    [{ values: {}, places: {} }],
  );
}

/**
 * Independent draws. Each number has a stream of its own, named after its sample and its path: more samples or more
 * paths change none of the others.
 */
export function randomPoints({ samples, seed = 1, over }: RandomSearch): Point[] {
  const paths = Object.keys(over);
  return Array.from({ length: samples }, (_, sample) => ({
    values: Object.fromEntries(
      paths.map((path) => [path, drawn(over[path]!, stream(seed, `search/${sample}/${path}`).uniform())]),
    ),
    places: Object.fromEntries(paths.map((path) => [path, ['random', 'over', path]])),
    sample,
  }));
}

/** The value that a uniform number in [0, 1) stands for. */
function drawn(draw: Draw, uniform: number): Json {
  if ('choices' in draw) return draw.choices[Math.floor(uniform * draw.choices.length)]!;
  const { low, high, scale = 'linear', integer = false } = draw;
  // Whole numbers each get a piece of equal length around them, also on a logarithmic scale.
  const [from, to] = integer ? [low - 0.5, high + 0.5] : [low, high];
  const value =
    scale === 'log'
      ? Math.exp(Math.log(from) + uniform * (Math.log(to) - Math.log(from)))
      : from + uniform * (to - from);
  if (integer) return Math.min(high, Math.max(low, Math.round(value)));
  // As many digits as a person writes down again, the ends kept.
  return Math.min(high, Math.max(low, Number(value.toPrecision(6))));
}
