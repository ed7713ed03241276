import type { Stream } from '../../core/index.ts';
import type { Box, Space, SpaceValue } from '../space.ts';
import { boxSize, effectiveBound, entryBounds } from './box.ts';
import { partNames } from './dict-order.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * A random member of `space`. Boxes as in Gymnasium: uniform where both bounds are finite, an exponential away from
 * the one finite bound, standard normal where there is none; the length of a text is uniform too.
 */
export function sample(space: Space, stream: Stream): SpaceValue {
  switch (space.type) {
    case 'box':
      return fillBox(space, (low, high) =>
        sampleEntry(effectiveBound(low), effectiveBound(high), isInteger(space), stream),
      );
    case 'discrete':
      return stream.integer(space.n);
    case 'multiDiscrete':
      return Int32Array.from(space.n, (n) => stream.integer(n));
    case 'multiBinary':
      return Uint8Array.from({ length: space.n }, () => stream.integer(2));
    case 'text': {
      const characters = [...(space.charset ?? LETTERS)];
      const least = space.minLength ?? 0;
      const length = least + stream.integer(space.maxLength - least + 1);
      return Array.from({ length }, () => characters[stream.integer(characters.length)]!).join('');
    }
    case 'dict': {
      const value: Record<string, SpaceValue> = {};
      for (const name of partNames(space)) value[name] = sample(space.spaces[name]!, stream);
      return value;
    }
    case 'tuple':
      return space.spaces.map((part) => sample(part, stream));
  }
}

/** The member of `space` nearest to zero: zeros, the first choice, the shortest text. */
export function zero(space: Space): SpaceValue {
  switch (space.type) {
    case 'box':
      return fillBox(space, (low, high) => Math.min(Math.max(0, low), high));
    case 'discrete':
      return 0;
    case 'multiDiscrete':
      return new Int32Array(space.n.length);
    case 'multiBinary':
      return new Uint8Array(space.n);
    case 'text':
      return [...(space.charset ?? LETTERS)][0]!.repeat(space.minLength ?? 0);
    case 'dict': {
      const value: Record<string, SpaceValue> = {};
      for (const name of partNames(space)) value[name] = zero(space.spaces[name]!);
      return value;
    }
    case 'tuple':
      return space.spaces.map(zero);
  }
}

function isInteger(space: Box): boolean {
  return space.dtype === 'int32' || space.dtype === 'uint8';
}

function fillBox(space: Box, entry: (low: number, high: number) => number): Float32Array | Int32Array | Uint8Array {
  const size = boxSize(space);
  const out =
    space.dtype === 'uint8'
      ? new Uint8Array(size)
      : space.dtype === 'int32'
        ? new Int32Array(size)
        : new Float32Array(size);
  for (let i = 0; i < size; i++) out[i] = entry(...entryBounds(space, i));
  return out;
}

function sampleEntry(low: number, high: number, integer: boolean, stream: Stream): number {
  const from = Number.isFinite(low);
  const to = Number.isFinite(high);
  if (integer) {
    if (from && to) return low + stream.integer(high - low + 1);
    const away = Math.floor(-8 * Math.log(1 - stream.uniform()));
    if (from) return low + away;
    if (to) return high - away;
    return Math.round(8 * stream.normal());
  }
  if (from && to) return stream.between(low, high);
  const away = -Math.log(1 - stream.uniform());
  if (from) return low + away;
  if (to) return high - away;
  return stream.normal();
}
