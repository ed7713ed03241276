import type { Box, MultiDiscrete, Space } from '../space.ts';
import { effectiveBound } from './box.ts';
import { partNames } from './dict-order.ts';

/** A space in one line: `Box(4)[-inf, inf]`, `Discrete(5)`, `Dict(goal: Discrete(3), position: Box(2)[-1, 1])`. */
export function printSpace(space: Space): string {
  switch (space.type) {
    case 'box': {
      const dtype = space.dtype === undefined || space.dtype === 'float32' ? '' : ` ${space.dtype}`;
      return `Box(${space.shape.join(', ')})${printBounds(space)}${dtype}`;
    }
    case 'discrete':
      return `Discrete(${space.n}${space.labels === undefined ? '' : `: ${space.labels.join(' ')}`})`;
    case 'multiDiscrete':
      return `MultiDiscrete(${printChoices(space)})`;
    case 'multiBinary':
      return `MultiBinary(${space.n})`;
    case 'text': {
      const charset = space.charset === undefined ? '' : ` of ${JSON.stringify(space.charset)}`;
      return `Text(${space.minLength ?? 0} to ${space.maxLength}${charset})`;
    }
    case 'dict':
      return `Dict(${partNames(space)
        .map((name) => `${name}: ${printSpace(space.spaces[name]!)}`)
        .join(', ')})`;
    case 'tuple':
      return `Tuple(${space.spaces.map(printSpace).join(', ')})`;
  }
}

/** A text that is equal for equal spaces and no others: JSON, but with keys in order and infinities kept apart. */
export function spaceKey(space: Space): string {
  return JSON.stringify(space, (_, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** `2, 3`; of an utterance `12 x 64, from 4 on words of "article"`: twelve words, each with 64 choices. */
function printChoices({ n, sequence }: MultiDiscrete): string {
  if (sequence === undefined) return n.join(', ');
  return `${n.length} x ${n[0]}, from ${sequence.first} on words of ${JSON.stringify(sequence.to)}`;
}

function printBounds({ low, high }: Box): string {
  return `[${printBound(low, Math.min)}, ${printBound(high, Math.max)}]`;
}

/** One number; a few in full; many as the outermost of them. */
function printBound(bound: number | readonly number[], outermost: (...values: number[]) => number): string {
  if (typeof bound === 'number') return printNumber(bound);
  if (bound.length <= 8) return `(${bound.map(printNumber).join(' ')})`;
  return printNumber(bound.reduce((a, b) => outermost(a, b)));
}

function printNumber(value: number): string {
  return String(effectiveBound(value)).replace('Infinity', 'inf');
}
