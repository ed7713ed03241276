import type { Stream } from '../../core/index.ts';
import type { PairedDifference } from '../report.ts';
import { negated, type Pair, pairedDifference } from '../statistics/index.ts';

/** The final score of a run, and the seed it began with. */
export interface Scored {
  readonly seed: number;
  readonly score: number;
}

/** Pairs below which an interval says little. */
const FEW = 5;

/**
 * The first arm minus the second over the seeds that both have, in rising order so that the order of the runs changes
 * nothing; null where they share none. Several runs of one seed count once, as their mean.
 */
export function pairedBySeed(
  first: readonly Scored[],
  second: readonly Scored[],
  random: Stream,
): PairedDifference | null {
  const [ours, theirs] = [bySeed(first), bySeed(second)];
  const seeds = [...ours.keys()].filter((seed) => theirs.has(seed)).sort((a, b) => a - b);
  if (seeds.length === 0) return null;
  const pairs = seeds.map((seed): Pair => [ours.get(seed)!, theirs.get(seed)!]);
  return { pairs: pairs.length, difference: pairedDifference(pairs, { random }), caution: cautionOf(pairs.length) };
}

/** The second arm minus the first. */
export function otherWayRound(paired: PairedDifference | null): PairedDifference | null {
  return paired && { ...paired, difference: negated(paired.difference) };
}

function cautionOf(pairs: number): string | null {
  return pairs === 1 ? 'no interval' : pairs < FEW ? 'too few to rely on' : null;
}

function bySeed(scored: readonly Scored[]): Map<number, number> {
  const scores = new Map<number, number[]>();
  for (const { seed, score } of scored) scores.set(seed, [...(scores.get(seed) ?? []), score]);
  return new Map(Array.from(scores, ([seed, all]) => [seed, all.reduce((sum, each) => sum + each, 0) / all.length]));
}
