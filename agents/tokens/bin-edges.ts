import { binOf } from './continuous-values.ts';

/** Bits of the largest float32, and with them of all: as whole numbers they rise with what they stand for. */
const LARGEST = 0x7f7fffff;

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** The float32 that `rank` others lie between 0 and, downwards for ranks below 0. */
function ranked(rank: number): number {
  bits[0] = Math.abs(rank);
  return rank < 0 ? -float[0]! : float[0]!;
}

/**
 * Where each bin of the numbers that `squash` (which rises) takes to [-1, 1] begins: the smallest float32 in it or beyond,
 * [bins + 1]. The last one, beyond all bins, is the largest float32. Exact, as `binOf` is in double precision: what is
 * computed in single precision can be held against it.
 */
export function binEdges(squash: (x: number) => number, bins: number): Float32Array {
  const edges = new Float32Array(bins + 1);
  let least = -LARGEST;
  for (let bin = 0; bin < bins; bin++) {
    let most = LARGEST;
    while (least < most) {
      const middle = Math.floor((least + most) / 2);
      if (binOf(squash(ranked(middle)), bins) >= bin) most = middle;
      else least = middle + 1;
    }
    edges[bin] = ranked(least);
  }
  edges[bins] = ranked(LARGEST);
  return edges;
}
