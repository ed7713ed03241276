import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Json, LightbulbError, stream, suggest } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';

/** Levels to be tested on, by name. */
export interface LevelSet {
  /** Fit for a file's name: `held-out`, `random-100`, `solvable-100`, `grid`, `file-<name>`. */
  readonly name: string;
  /** At least one. */
  readonly levels: readonly NamedLevel[];
}

export interface NamedLevel {
  readonly name: string;
  readonly level: Json;
}

/** Levels of `random` and `solvable` where no number is given. */
const DRAWN = 100;
/** Levels that are drawn for each one that can be solved, at most. */
const TRIES = 1000;
/** Decides which levels `random` and `solvable` are: the same ones in every run. */
const SEED = 0;

/**
 * The levels of a space that `words` ask for: `held-out`, the space's named levels; `grid`, all that there are;
 * `random:<n>`, n that the space draws; `solvable:<n>`, n of those whose best return is above `solvedAbove`; or a JSON file
 * (`*.json`) of an array or an object of levels. `at` is what errors name. Levels are not checked here.
 */
export function levelSet(space: LevelSpace, words: string, solvedAbove: number | undefined, at: string): LevelSet {
  if (words.endsWith('.json')) return levelsInFile(words, at);
  const [, kind = '', count] = /^([a-z-]+)(?::([1-9]\d{0,6}))?$/.exec(words) ?? [];
  const n = count === undefined ? DRAWN : Number(count);
  if (kind === 'random') return { name: `random-${n}`, levels: drawn(space, n, () => true, at) };
  if (kind === 'solvable')
    return { name: `solvable-${n}`, levels: drawn(space, n, solvable(space, solvedAbove, at), at) };
  if (kind === 'held-out' && count === undefined) return { name: 'held-out', levels: heldOut(space, at) };
  if (kind === 'grid' && count === undefined) return { name: 'grid', levels: numbered(gridOf(space, at)) };
  throw new LightbulbError('invalid_input', 'there is no such set of levels', {
    where: at,
    wanted: `${KINDS.join(', ')}, with a number after random and solvable as in "random:200", or a file of type .json`,
    got: words,
    ...(kind === '' || KINDS.includes(kind) ? {} : { cure: suggest(kind, KINDS) }),
  });
}

const KINDS = ['held-out', 'random', 'solvable', 'grid'];

function heldOut({ heldOut: named }: LevelSpace, at: string): NamedLevel[] {
  const levels = Object.entries(named ?? {}).map(([name, level]) => ({ name, level }));
  if (levels.length > 0) return levels;
  throw new LightbulbError('unsupported', 'this environment has no held-out levels', {
    where: at,
    wanted: 'an environment whose level space names some, with these options',
    cure: 'Mazes have theirs with 13 cells a side: --environment \'{"size":13,"maximumSteps":250}\'',
  });
}

function gridOf({ grid }: LevelSpace, at: string): readonly Json[] {
  if (grid !== undefined) return grid;
  throw new LightbulbError('unsupported', "this environment's levels are no grid", {
    where: at,
    cure: 'Use random',
  });
}

function drawn(space: LevelSpace, count: number, isWanted: (level: Json) => boolean, at: string): NamedLevel[] {
  const random = stream(SEED, 'evaluation/levels');
  const levels: Json[] = [];
  for (let tries = 0; levels.length < count && tries < TRIES * count; tries++) {
    const level = space.generate(random.integer(2 ** 31));
    if (isWanted(level)) levels.push(level);
  }
  if (levels.length === count) return numbered(levels);
  throw new LightbulbError('invalid_input', 'too few of the levels that are drawn can be solved', {
    where: at,
    wanted: `${count} of ${TRIES * count}`,
    got: String(levels.length),
  });
}

function solvable(space: LevelSpace, above: number | undefined, at: string): (level: Json) => boolean {
  if (space.optimum === undefined || above === undefined)
    throw new LightbulbError('unsupported', 'nobody knows which levels of this environment can be solved', {
      where: at,
      wanted: 'an environment that tells the best return of a level, and the return above which it is solved',
      cure: space.optimum === undefined ? 'Use random' : 'Say what counts as solved: --solved <return>',
    });
  return (level) => space.optimum!(level) > above;
}

function levelsInFile(file: string, at: string): LevelSet {
  const wrong = (problem: string, got: string): LightbulbError =>
    new LightbulbError('invalid_input', problem, {
      where: `${at}: ${file}`,
      wanted: 'a JSON array of levels, or an object of levels by name',
      got,
    });
  let content: Json;
  try {
    content = JSON.parse(readFileSync(file, 'utf8')) as Json;
  } catch (error) {
    throw wrong('levels cannot be read', (error as Error).message);
  }
  if (typeof content !== 'object' || content === null) throw wrong('there are no levels', JSON.stringify(content));
  const levels = Array.isArray(content)
    ? numbered(content)
    : Object.entries(content).map(([name, level]) => ({ name, level: level as Json }));
  if (levels.length === 0) throw wrong('there are no levels', JSON.stringify(content));
  return { name: `file-${basename(file, '.json').replaceAll(/[^A-Za-z0-9._-]+/g, '-')}`, levels };
}

function numbered(levels: readonly Json[]): NamedLevel[] {
  return levels.map((level, i) => ({ name: String(i + 1), level }));
}
