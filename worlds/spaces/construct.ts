import { LightbulbError } from '../../core/index.ts';
import type { Box, Dict, Discrete, MultiBinary, MultiDiscrete, Sequence, Space, Text, Tuple } from '../space.ts';
import { checkSpace } from './check-space.ts';

/**
 * Arrays of numbers of `shape`, each within [low, high]: one number for all entries, or one per entry (row-major).
 * Throws `invalid_input` where the declaration is not legal, as every constructor here does.
 */
export function box(
  shape: readonly number[],
  low: number | readonly number[] = Number.NEGATIVE_INFINITY,
  high: number | readonly number[] = Number.POSITIVE_INFINITY,
  dtype?: 'float32' | 'int32' | 'uint8',
): Box {
  return legal(dtype === undefined ? { type: 'box', shape, low, high } : { type: 'box', shape, low, high, dtype });
}

/** One of `n` choices, 0 to n - 1, with an optional label each. */
export function discrete(n: number, labels?: readonly string[]): Discrete {
  return legal(labels === undefined ? { type: 'discrete', n } : { type: 'discrete', n, labels });
}

/** Several choices at once: component i lies in 0 to n[i] - 1. `sequence`: they are the words of one utterance. */
export function multiDiscrete(n: readonly number[], sequence?: Sequence): MultiDiscrete {
  return legal(sequence === undefined ? { type: 'multiDiscrete', n } : { type: 'multiDiscrete', n, sequence });
}

/** `n` zeros or ones. */
export function multiBinary(n: number): MultiBinary {
  return legal({ type: 'multiBinary', n });
}

/** Strings of `minLength` (default 0) to `maxLength` UTF-16 units, of the characters in `charset` where given. */
export function text(maxLength: number, { minLength, charset }: { minLength?: number; charset?: string } = {}): Text {
  return legal({
    type: 'text',
    maxLength,
    ...(minLength === undefined ? {} : { minLength }),
    ...(charset === undefined ? {} : { charset }),
  });
}

/** Named parts. */
export function dict(spaces: Readonly<Record<string, Space>>): Dict {
  return legal({ type: 'dict', spaces });
}

/** Parts in order. */
export function tuple(spaces: readonly Space[]): Tuple {
  return legal({ type: 'tuple', spaces });
}

function legal<S extends Space>(space: S): S {
  const fault = checkSpace(space);
  if (fault !== null) {
    const where = `${space.type} space${fault.path === '' ? '' : ` ${fault.path}`}`;
    throw new LightbulbError('invalid_input', 'not a legal space', { where, wanted: fault.wanted, got: fault.got });
  }
  return space;
}
