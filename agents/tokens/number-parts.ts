import { tf } from '../../nn/index.ts';
import { type Box, boxSize, entryBounds } from '../../worlds/index.ts';
import { binRows } from './binned-rows.ts';
import { binOf, muLaw } from './continuous-values.ts';
import { EntryBounds } from './entry-bounds.ts';
import { type Numbers, type ObservationPart, outside, placeOf } from './observation-part.ts';
import type { TokenBuffer } from './token-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';

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
        bounds.check(i, value);
        out.add(start + binOf(isUnit[i] === 1 ? value : muLaw(value), bins), local + i);
      }
      return local + size;
    },
    rows: () => {
      const binned = binRows(isUnit, bins);
      return { ids: (x) => tf.add(binned(bounds.within(x)), tf.scalar(start, 'int32')) };
    },
  };
}

/** Entries of a box of whole numbers, all within the discrete ids, as themselves. */
export function wholePart(space: Box, path: string, { discrete }: Vocabulary, note: string): ObservationPart {
  const size = boxSize(space);
  const bounds = new EntryBounds(space, path);
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
        bounds.check(i, value);
        out.add(start + value, local + i);
      }
      return local + size;
    },
    rows: () => ({ ids: (x) => tf.add(tf.cast(tf.round(bounds.within(x)), 'int32'), tf.scalar(start, 'int32')) }),
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
    rows: () => ({ ids: (x) => tf.add(chosen(x, counts), tf.scalar(start, 'int32')) }),
  };
}

/** One-hots side by side to choices: [R, sum of counts] -> int32 [R, counts]. Nothing but zeros is choice 0. */
function chosen(x: tf.Tensor, counts: readonly number[]): tf.Tensor {
  const rows = x.shape[0]!;
  const [first] = counts;
  if (counts.every((n) => n === first)) return tf.argMax(tf.reshape(x, [rows, counts.length, first!]), 2);
  let at = 0;
  const each = counts.map((n) => {
    at += n;
    return tf.argMax(tf.slice(x, [0, at - n], [rows, n]), 1);
  });
  return tf.stack(each, 1);
}

function notOneHot(path: string, count: number, entry: number, n: number): Error {
  const where = placeOf('observation', path, count === 1 ? undefined : entry);
  return outside(where, `a one-hot of ${n}: one 1 among zeros`, 'something else');
}
