import { LightbulbError } from '../../core/index.ts';
import {
  type Box,
  boxSize,
  effectiveBound,
  entryBounds,
  partNames,
  printSpace,
  type Space,
} from '../../worlds/index.ts';
import { binCentre, binOf, muLaw, muLawInverse } from './continuous-values.ts';
import { binsNote, choicesNote, rangeNote } from './notes.ts';
import { isWithin } from './number-parts.ts';
import { outside, placeOf } from './observation-part.ts';
import { requireChoices } from './observation-parts.ts';
import type { IdRange, Vocabulary } from './vocabulary.ts';

/** One number of an action, as a token and back. */
export interface ActionComponent {
  /** Ids that stand for one of its values. */
  readonly range: IdRange;
  /** Entries of an action mask; 0 for boxes, which have none. */
  readonly maskEntries: number;
  /** The id of a value. Error `invalid_input` for one that is no member. */
  id(value: number): number;
  /** The value of an id within `range`. */
  number(id: number): number;
}

/** Components side by side that are of one part of the action space. */
export interface ActionPart {
  readonly kind: 'discrete' | 'continuous';
  readonly path: string;
  readonly note: string;
  readonly components: readonly ActionComponent[];
}

/** The parts of an action space, in the order of `encodeAction`. Error `unsupported` for text. */
export function actionParts(space: Space, vocabulary: Vocabulary, path = ''): readonly ActionPart[] {
  const inside = (name: string): string => (path === '' ? name : `${path}/${name}`);
  switch (space.type) {
    case 'discrete':
    case 'multiDiscrete':
    case 'multiBinary': {
      const counts =
        space.type === 'discrete'
          ? [space.n]
          : space.type === 'multiDiscrete'
            ? space.n
            : Array.from({ length: space.n }, () => 2);
      requireChoices(vocabulary, counts, placeOf('action', path));
      const components = counts.map((n, i) => {
        const where = placeOf('action', path, space.type === 'discrete' ? undefined : i);
        return wholeComponent(vocabulary, 0, n - 1, n, where);
      });
      return [{ kind: 'discrete', path, note: choicesNote(space), components }];
    }
    case 'box':
      return [boxActions(space, vocabulary, path)];
    case 'text':
      throw new LightbulbError('unsupported', 'a text is not an action of numbers', {
        where: placeOf('action', path),
        wanted: 'choices or boxes',
        got: printSpace(space),
        cure: 'Let the agent choose tokens (a multiDiscrete of token ids) and build the text inside the environment',
      });
    case 'dict':
      return partNames(space).flatMap((name) => actionParts(space.spaces[name]!, vocabulary, inside(name)));
    case 'tuple':
      return space.spaces.flatMap((part, i) => actionParts(part, vocabulary, inside(String(i))));
  }
}

function boxActions(space: Box, vocabulary: Vocabulary, path: string): ActionPart {
  const isWhole = isWithin(space, vocabulary.discrete.size);
  const isInteger = space.dtype === 'int32' || space.dtype === 'uint8';
  const components = Array.from({ length: boxSize(space) }, (_, i) => {
    const [low, high] = entryBounds(space, i).map(effectiveBound) as [number, number];
    const where = placeOf('action', path, i);
    return isWhole ? wholeComponent(vocabulary, low, high, 0, where) : bins(vocabulary, low, high, isInteger, where);
  });
  if (isWhole) return { kind: 'discrete', path, note: rangeNote(space), components };
  const bounded = components.filter((_, i) => isBounded(...entryBounds(space, i))).length;
  const note =
    bounded === components.length
      ? binsNote(space)
      : `mu-law${bounded === 0 ? '' : `; bounds to bins for ${bounded} of ${components.length}`}`;
  return { kind: 'continuous', path, note, components };
}

/** Whole numbers low to high as themselves among the discrete ids. */
function wholeComponent(
  { discrete: { start } }: Vocabulary,
  low: number,
  high: number,
  maskEntries: number,
  where: string,
): ActionComponent {
  return {
    range: { start: start + low, size: high - low + 1 },
    maskEntries,
    id(value) {
      if (Number.isInteger(value) && value >= low && value <= high) return start + value;
      throw outside(where, `a whole number in [${low}, ${high}]`, value);
    },
    number: (id) => id - start,
  };
}

/** Bins of what lies between two bounds, or of all numbers by mu-law. Numbers beyond the bounds become the bounds. */
function bins(
  { continuous: range }: Vocabulary,
  low: number,
  high: number,
  isInteger: boolean,
  where: string,
): ActionComponent {
  const { start, size } = range;
  const isAffine = isBounded(low, high);
  const half = (high - low) / 2;
  const toUnit = (value: number): number => (half === 0 ? 0 : (value - low) / half - 1);
  const fromUnit = (y: number): number => low + (y + 1) * half;
  return {
    range,
    maskEntries: 0,
    id(value) {
      if (!Number.isFinite(value)) throw outside(where, 'a finite number', value);
      return start + binOf(isAffine ? toUnit(value) : muLaw(value), size);
    },
    number(id) {
      const y = binCentre(id - start, size);
      const value = isAffine ? fromUnit(y) : muLawInverse(y);
      const nearest = isInteger ? Math.round(value) : value;
      return nearest < low ? low : nearest > high ? high : nearest;
    },
  };
}

function isBounded(low: number, high: number): boolean {
  return Number.isFinite(effectiveBound(low)) && Number.isFinite(effectiveBound(high));
}
