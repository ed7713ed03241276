import type { Stream } from '../../core/index.ts';

/**
 * Shares `rows` out by weights; writes how many each gets, together `rows`. Systematic sampling (Madow and Madow 1944):
 * one draw, so that each count is its share rounded up or down, and its mean is the share itself. A weight of 0 gets
 * none.
 */
export function shareRows(rows: number, weights: readonly number[], random: Stream, counts: Int32Array): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const offset = random.uniform();
  let reached = 0;
  let before = 0;
  for (const [i, weight] of weights.entries()) {
    reached += weight;
    const isLast = reached >= total;
    // Points lie at offset, offset + 1, ...; those below the running share belong to this one or one before it.
    const points = isLast ? rows : Math.max(0, Math.ceil((rows * reached) / total - offset));
    counts[i] = points - before;
    before = points;
  }
}
