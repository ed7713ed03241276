import type { Space, SpaceValue } from '../space.ts';
import { boxSize } from './box.ts';
import { partNames } from './dict-order.ts';

/**
 * How many numbers a member of `space` becomes: boxes and multi-binaries their entries, choices a one-hot each, texts
 * as many as their longest, dicts and tuples their parts side by side.
 */
export function flatSize(space: Space): number {
  switch (space.type) {
    case 'box':
      return boxSize(space);
    case 'discrete':
    case 'multiBinary':
      return space.n;
    case 'multiDiscrete':
      return space.n.reduce((sum, n) => sum + n, 0);
    case 'text':
      return space.maxLength;
    case 'dict':
      return partNames(space).reduce((sum, name) => sum + flatSize(space.spaces[name]!), 0);
    case 'tuple':
      return space.spaces.reduce((sum, part) => sum + flatSize(part), 0);
  }
}

/**
 * Writes a member of `space` as numbers to `out[offset...]` and returns the offset behind it. Pictures stay raw (0 to
 * 255). Texts are their UTF-16 code units + 1, then zeros: numbers to carry a text in, not to compute with (see
 * `hasText`). `value` is trusted: see `checkValue`.
 */
export function flatten(space: Space, value: SpaceValue, out: Float32Array, offset: number): number {
  switch (space.type) {
    case 'box':
    case 'multiBinary': {
      const numbers = value as readonly number[];
      for (let i = 0; i < numbers.length; i++) out[offset + i] = numbers[i]!;
      return offset + numbers.length;
    }
    case 'discrete':
      return writeOneHot(out, offset, space.n, value as number);
    case 'multiDiscrete': {
      const choices = value as readonly number[];
      let at = offset;
      for (let i = 0; i < choices.length; i++) at = writeOneHot(out, at, space.n[i]!, choices[i]!);
      return at;
    }
    case 'text':
      return writeText(out, offset, space.maxLength, value as string);
    case 'dict': {
      const parts = value as Readonly<Record<string, SpaceValue>>;
      let at = offset;
      for (const name of partNames(space)) at = flatten(space.spaces[name]!, parts[name]!, out, at);
      return at;
    }
    case 'tuple': {
      const parts = value as readonly SpaceValue[];
      let at = offset;
      for (let i = 0; i < parts.length; i++) at = flatten(space.spaces[i]!, parts[i]!, out, at);
      return at;
    }
  }
}

/** The member of `space` that `flatten` wrote to `numbers[offset...]`, in fresh arrays (float32 for float boxes). */
export function unflatten(space: Space, numbers: ArrayLike<number>, offset: number): SpaceValue {
  switch (space.type) {
    case 'box': {
      const from = (_: unknown, i: number) => numbers[offset + i]!;
      const length = { length: boxSize(space) };
      if (space.dtype === 'uint8') return Uint8Array.from(length, from);
      return space.dtype === 'int32' ? Int32Array.from(length, from) : Float32Array.from(length, from);
    }
    case 'multiBinary':
      return Uint8Array.from({ length: space.n }, (_, i) => numbers[offset + i]!);
    case 'discrete':
      return hottest(numbers, offset, space.n);
    case 'multiDiscrete': {
      let at = offset;
      return Int32Array.from(space.n, (n) => {
        at += n;
        return hottest(numbers, at - n, n);
      });
    }
    case 'text':
      return readText(numbers, offset, space.maxLength);
    case 'dict': {
      const value: Record<string, SpaceValue> = {};
      let at = offset;
      for (const name of partNames(space)) {
        value[name] = unflatten(space.spaces[name]!, numbers, at);
        at += flatSize(space.spaces[name]!);
      }
      return value;
    }
    case 'tuple': {
      let at = offset;
      return space.spaces.map((part) => {
        at += flatSize(part);
        return unflatten(part, numbers, at - flatSize(part));
      });
    }
  }
}

/** Whether there is a text in `space`: its numbers are no quantities, so that a network must not take them as they are. */
export function hasText(space: Space): boolean {
  switch (space.type) {
    case 'text':
      return true;
    case 'dict':
      return Object.values(space.spaces).some(hasText);
    case 'tuple':
      return space.spaces.some(hasText);
    default:
      return false;
  }
}

function writeOneHot(out: Float32Array, offset: number, n: number, choice: number): number {
  out.fill(0, offset, offset + n);
  out[offset + choice] = 1;
  return offset + n;
}

/** Where the largest of `n` numbers stands. */
function hottest(numbers: ArrayLike<number>, offset: number, n: number): number {
  let best = 0;
  for (let i = 1; i < n; i++) if (numbers[offset + i]! > numbers[offset + best]!) best = i;
  return best;
}

function writeText(out: Float32Array, offset: number, maxLength: number, text: string): number {
  // Code units end at 65535, so a float32 holds them exactly.
  for (let i = 0; i < text.length; i++) out[offset + i] = text.charCodeAt(i) + 1;
  out.fill(0, offset + text.length, offset + maxLength);
  return offset + maxLength;
}

function readText(numbers: ArrayLike<number>, offset: number, maxLength: number): string {
  const units: number[] = [];
  for (let i = 0; i < maxLength && numbers[offset + i] !== 0; i++) units.push(numbers[offset + i]! - 1);
  // In pieces, because a call takes only so many arguments.
  let text = '';
  for (let i = 0; i < units.length; i += 4096) text += String.fromCharCode(...units.slice(i, i + 4096));
  return text;
}
