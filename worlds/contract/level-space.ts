import type { Json } from '../../core/index.ts';
import type { LevelSpace } from '../environment.ts';
import { fault, printFault, type SpaceFault, show } from '../spaces/index.ts';
import { Episode } from './episode.ts';
import { fingerprint } from './fingerprint.ts';
import { fail, pass, skip, type Verdict } from './report.ts';
import type { Settings } from './settings.ts';

/** More levels of a grid, or corners of a box, than this are not all tried, but as many, evenly spread. */
const MOST = 1024;
/** How many levels are drawn, and how many changes of each are made, to see whether one lies outside. */
const DRAWN = 200;
const CHANGES = 8;
/** Steps that are played of each level. */
const STEPS = 3;

type Bounds = Readonly<Record<string, readonly [low: number, high: number]>>;

/** What a level space says of itself is so: all levels of its grid or corners of its box play, and no other comes out. */
export function judgeLevelSpace({ make }: Settings): Verdict {
  const environment = make();
  const { levels } = environment;
  if (levels?.grid === undefined && levels?.box === undefined) return skip('levels are neither a grid nor a box');
  const wrong = checkLevelSpace(levels);
  if (wrong !== null) return fail(`levels: ${printFault(wrong)}`);
  const declared = fingerprint([levels.grid, levels.box]);
  const { grid, box } = make().levels ?? {};
  if (fingerprint([grid, box]) !== declared) return fail('another instance declares another grid or box');

  const isInside = membership(levels);
  const what = levels.grid === undefined ? 'the box' : 'the grid';
  const edges = spread(levels.grid ?? [], levels.box ?? {});
  for (const level of edges) {
    const episode = new Episode(environment, 1).begin(level).play(STEPS);
    if (episode.threw !== null) return fail(`${show(level)} of ${what} cannot be played: ${episode.threw}`);
  }
  const drawn = Array.from({ length: DRAWN }, (_, seed) => levels.generate(seed));
  const stray = drawn.findIndex((level) => !isInside(level));
  if (stray >= 0) return fail(`generate(${stray}) is outside ${what}: ${JSON.stringify(drawn[stray])}`);
  if (levels.mutate === undefined) return pass();
  for (const level of [...edges.slice(0, DRAWN), ...drawn])
    for (let seed = 0; seed < CHANGES; seed++) {
      const mutated = levels.mutate(level, seed);
      if (!isInside(mutated))
        return fail(`mutate(${JSON.stringify(level)}, ${seed}) is outside ${what}: ${JSON.stringify(mutated)}`);
    }
  return pass();
}

/** What is wrong with a declared grid or box, or null: a list of different levels, or bounds that are in order; never both. */
export function checkLevelSpace({ grid, box }: Pick<LevelSpace, 'grid' | 'box'>): SpaceFault | null {
  if (grid !== undefined && box !== undefined) return fault('', 'declaration', 'a grid or a box', 'both');
  if (grid !== undefined) return checkGrid(grid);
  return box === undefined ? null : checkBox(box);
}

function checkGrid(grid: unknown): SpaceFault | null {
  if (!Array.isArray(grid) || grid.length === 0)
    return fault('/grid', 'declaration', 'a list of at least one level', show(grid));
  const places = new Map<string, number>();
  for (const [i, level] of grid.entries()) {
    const print = fingerprint(level);
    if (fingerprint(JSON.parse(JSON.stringify(level) ?? 'null')) !== print)
      return fault(`/grid/${i}`, 'declaration', 'plain JSON', show(level));
    const earlier = places.get(print);
    if (earlier !== undefined)
      return fault(`/grid/${i}`, 'declaration', 'a level of its own', `level ${earlier} again`);
    places.set(print, i);
  }
  return null;
}

function checkBox(box: unknown): SpaceFault | null {
  if (typeof box !== 'object' || box === null || Array.isArray(box) || Object.keys(box).length === 0)
    return fault('/box', 'declaration', 'an object with bounds by at least one name', show(box));
  for (const [name, bounds] of Object.entries(box as Readonly<Record<string, unknown>>)) {
    const isPair = Array.isArray(bounds) && bounds.length === 2 && bounds.every((bound) => Number.isFinite(bound));
    if (!isPair)
      return fault(`/box/${name}`, 'declaration', 'two finite numbers, low and high', JSON.stringify(bounds));
    if (bounds[0] > bounds[1]) return fault(`/box/${name}`, 'declaration', 'low <= high', bounds.join(' and '));
  }
  return null;
}

/** Whether a level is one of the grid, or an object of exactly the box's numbers, each within its bounds. */
export function membership({ grid, box = {} }: LevelSpace): (level: Json) => boolean {
  if (grid !== undefined) {
    const known = new Set(grid.map((level) => fingerprint(level)));
    return (level) => known.has(fingerprint(level));
  }
  const names = Object.keys(box);
  return (level) =>
    typeof level === 'object' &&
    level !== null &&
    Object.keys(level).length === names.length &&
    names.every((name) => {
      const [value, [low, high]] = [(level as Readonly<Record<string, Json>>)[name], box[name]!];
      return typeof value === 'number' && value >= low && value <= high;
    });
}

/** The levels of a grid, or the corners of a box: all, or the most that are tried. */
function spread(grid: readonly Json[], box: Bounds): readonly Json[] {
  const sides = Object.entries(box);
  const count = grid.length > 0 ? grid.length : 2 ** Math.min(sides.length, 40);
  return Array.from({ length: Math.min(count, MOST) }, (_, k) => {
    const i = count <= MOST ? k : Math.round((k * (count - 1)) / (MOST - 1));
    if (grid.length > 0) return grid[i]!;
    return Object.fromEntries(sides.map(([name, bounds], side) => [name, bounds[Math.floor(i / 2 ** side) % 2]!]));
  });
}
