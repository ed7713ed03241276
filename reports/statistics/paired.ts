import { LightbulbError } from '../../core/index.ts';
import type { Estimate } from '../report.ts';
import { type BootstrapOptions, REPETITIONS } from './bootstrap.ts';
import { percentileInterval } from './quantiles.ts';

/** Scores of two arms with the same seed, both finite. */
export type Pair = readonly [first: number, second: number];

/**
 * The mean of first minus second over `pairs` (at least one), with a percentile bootstrap 95 % interval (Efron and
 * Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13): whole pairs are drawn with replacement, as many as
 * there are, so what a seed does to both arms alike cancels. One pair has an interval without width, and with up to
 * three it reaches from the least to the greatest difference: no draw can go beyond what was seen.
 */
export function pairedDifference(pairs: readonly Pair[], options: BootstrapOptions): Estimate {
  const differences = differencesOf(pairs);
  const value = meanOf(differences);
  const replicates = pairedReplicates(pairs, options);
  return replicates === undefined ? { value, low: value, high: value } : { value, ...percentileInterval(replicates) };
}

/** The mean difference of each draw; undefined where all draws are the pairs themselves. */
export function pairedReplicates(
  pairs: readonly Pair[],
  { random, repetitions = REPETITIONS }: Pick<BootstrapOptions, 'random' | 'repetitions'>,
): Float64Array | undefined {
  const differences = differencesOf(pairs);
  const n = differences.length;
  if (n === 1) return undefined;
  const replicates = new Float64Array(repetitions);
  for (let r = 0; r < repetitions; r++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += differences[Math.floor(random.uniform() * n)]!;
    replicates[r] = total / n;
  }
  return replicates;
}

function differencesOf(pairs: readonly Pair[]): Float64Array {
  const differences = Float64Array.from(pairs, ([first, second]) => first - second);
  if (differences.length > 0 && differences.every(Number.isFinite)) return differences;
  throw new LightbulbError('invalid_input', 'no difference can be made of these pairs', {
    wanted: 'one pair or more, all finite',
    got: JSON.stringify(pairs.map((pair) => pair.map(String))).slice(0, 200),
  });
}

function meanOf(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}
