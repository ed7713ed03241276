import type { Box } from '../space.ts';

/** How many numbers a box holds. */
export function boxSize(space: Box): number {
  let size = 1;
  for (const length of space.shape) size *= length;
  return size;
}

/** The bounds of entry `index` (row-major). */
export function entryBounds({ low, high }: Box, index: number): [low: number, high: number] {
  return [typeof low === 'number' ? low : low[index]!, typeof high === 'number' ? high : high[index]!];
}

/** The largest float32. A bound this far out is none: plain JSON has no infinity, so declarations may write it so. */
const LARGEST = 3.4028234663852886e38;

/** `bound`, infinite where it is as good as none. */
export function effectiveBound(bound: number): number {
  return Math.abs(bound) >= LARGEST ? Math.sign(bound) * Number.POSITIVE_INFINITY : bound;
}
