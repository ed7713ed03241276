import { type Box, boxSize, effectiveBound, entryBounds } from '../../worlds/index.ts';
import { binOf, muLaw } from './continuous-values.ts';
import { type Numbers, type ObservationPart, outside, placeOf } from './observation-part.ts';
import type { TokenBuffer } from './token-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';

const LARGEST = 3.4028234663852886e38;

/** Bounds of each entry that a finite float32 may take, a bound's own rounding to float32 included. */
class EntryBounds {
  readonly low: Float64Array;
  readonly high: Float64Array;

  constructor(
    private readonly space: Box,
    private readonly path: string,
  ) {
    const length = { length: boxSize(space) };
    this.low = Float64Array.from(length, (_, i) => {
      const [low] = entryBounds(space, i);
      return Math.max(-LARGEST, Math.min(low, Math.fround(low)));
    });
    this.high = Float64Array.from(length, (_, i) => {
      const [, high] = entryBounds(space, i);
      return Math.min(LARGEST, Math.max(high, Math.fround(high)));
    });
  }

  refuse(entry: number, got: number): never {
    const [low, high] = entryBounds(this.space, entry).map(effectiveBound) as [number, number];
    const isWhole = this.space.dtype === 'int32' || this.space.dtype === 'uint8';
    const what = isWhole ? 'a whole number' : 'a finite number';
    throw outside(placeOf('observation', this.path, entry), `${what} in [${low}, ${high}]`, got);
  }
}

/** Whether each entry of a box is one of the whole numbers 0 to count - 1. */
export function isWithin(space: Box, count: number): boolean {
  if (space.dtype !== 'int32' && space.dtype !== 'uint8') return false;
  for (let i = 0; i < boxSize(space); i++) {
    const [low, high] = entryBounds(space, i);
    if (!(low >= 0 && high < count)) return false;
    if (typeof space.low === 'number' && typeof space.high === 'number') return true;
  }
  return true;
}

/** Entries of a box as bins: as they are where their bounds lie within [-1, 1], by mu-law elsewhere. */
export function continuousPart(space: Box, path: string, { continuous }: Vocabulary): ObservationPart {
  const size = boxSize(space);
  const bounds = new EntryBounds(space, path);
  const { low, high } = bounds;
  const isWhole = space.dtype === 'int32' || space.dtype === 'uint8';
  const isUnit = Uint8Array.from({ length: size }, (_, i) => {
    const [from, to] = entryBounds(space, i);
    return from >= -1 && to <= 1 ? 1 : 0;
  });
  const units = isUnit.reduce((sum, each) => sum + each, 0);
  const { start, size: bins } = continuous;
  return {
    kind: 'continuous',
    path,
    note:
      units === size ? '[-1, 1] to bins' : units === 0 ? 'mu-law' : `mu-law; [-1, 1] to bins for ${units} of ${size}`,
    size,
    tokens: size,
    patches: 0,
    write(numbers: Numbers, offset: number, local: number, out: TokenBuffer): number {
      for (let i = 0; i < size; i++) {
        const value = numbers[offset + i]!;
        // NaN is on no side of any bound.
        if (!(value >= low[i]! && value <= high[i]!) || (isWhole && !Number.isInteger(value))) bounds.refuse(i, value);
        out.add(start + binOf(isUnit[i] === 1 ? value : muLaw(value), bins), local + i);
      }
      return local + size;
    },
  };
}

/** Entries of a box of whole numbers, all within the discrete ids, as themselves. */
export function wholePart(space: Box, path: string, { discrete }: Vocabulary, note: string): ObservationPart {
  const size = boxSize(space);
  const bounds = new EntryBounds(space, path);
  const { low, high } = bounds;
  const { start } = discrete;
  return {
    kind: 'discrete',
    path,
    note,
    size,
    tokens: size,
    patches: 0,
    write(numbers: Numbers, offset: number, local: number, out: TokenBuffer): number {
      for (let i = 0; i < size; i++) {
        const value = numbers[offset + i]!;
        if (!(value >= low[i]! && value <= high[i]! && Number.isInteger(value))) bounds.refuse(i, value);
        out.add(start + value, local + i);
      }
      return local + size;
    },
  };
}

/** Choices, which observations hold as one-hots side by side: a token each. */
export function choicePart(
  counts: readonly number[],
  path: string,
  { discrete }: Vocabulary,
  note: string,
): ObservationPart {
  const { start } = discrete;
  return {
    kind: 'discrete',
    path,
    note,
    size: counts.reduce((sum, n) => sum + n, 0),
    tokens: counts.length,
    patches: 0,
    write(numbers: Numbers, offset: number, local: number, out: TokenBuffer): number {
      for (let i = 0, at = offset; i < counts.length; i++) {
        const n = counts[i]!;
        let choice = -1;
        for (let c = 0; c < n; c++) {
          const value = numbers[at + c]!;
          if (value === 0) continue;
          if (value !== 1 || choice >= 0) throw notOneHot(path, counts.length, i, n);
          choice = c;
        }
        if (choice < 0) throw notOneHot(path, counts.length, i, n);
        out.add(start + choice, local + i);
        at += n;
      }
      return local + counts.length;
    },
  };
}

function notOneHot(path: string, count: number, entry: number, n: number): Error {
  const where = placeOf('observation', path, count === 1 ? undefined : entry);
  return outside(where, `a one-hot of ${n}: one 1 among zeros`, 'something else');
}
