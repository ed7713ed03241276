import type { Value } from '../../../nn/engine/index.ts';

/** The largest |compiled - eager| / (1 + |eager|); infinite where one is not finite and the other not the same. */
export function distance(a: Value, b: Value): number {
  let most = 0;
  for (const [i, x] of a.data.entries()) {
    const y = b.data[i]!;
    if (Object.is(x, y) || x === y) continue;
    const apart = Math.abs(x - y) / (1 + Math.abs(y));
    most = Math.max(most, Number.isFinite(apart) ? apart : Number.POSITIVE_INFINITY);
  }
  return most;
}
