import type { Stream } from '../../core/index.ts';
import type { Estimate } from '../report.ts';
import {
  interquartileMean,
  mean,
  median,
  mustMatch,
  optimalityGap,
  probabilityOfImprovement,
  type Scores,
} from './aggregates.ts';
import { percentileInterval } from './quantiles.ts';
import { Duel, Resampled } from './resampled.ts';

/**
 * Repetitions of a bootstrap of final scores. rliable's default is 50,000; with a fifth of that an interval's end moves
 * by 0.7 % of the interval's width (one standard error, for replicates that are close to normal).
 */
export const REPETITIONS = 10_000;

export interface BootstrapOptions {
  readonly random: Stream;
  readonly repetitions?: number;
  /** The score at which the optimality gap ends. */
  readonly gamma?: number;
}

export interface Aggregates<T> {
  readonly mean: T;
  readonly median: T;
  readonly interquartileMean: T;
  readonly optimalityGap: T;
}

export interface Comparison<T> {
  /** That a run of the first scores above a run of the second. */
  readonly probability: T;
  /** Of interquartile means, the first minus the second. */
  readonly difference: T;
}

/**
 * The aggregates of `scores` with stratified percentile bootstrap 95 % intervals (rliable's `StratifiedBootstrap`):
 * runs are drawn with replacement within each task. Where every task has one run an interval has no width.
 */
export function aggregate(scores: Scores, options: BootstrapOptions): Aggregates<Estimate> {
  const replicates = aggregateReplicates(scores, options);
  return {
    mean: estimate(mean(scores), replicates?.mean),
    median: estimate(median(scores), replicates?.median),
    interquartileMean: estimate(interquartileMean(scores), replicates?.interquartileMean),
    optimalityGap: estimate(optimalityGap(scores, options.gamma), replicates?.optimalityGap),
  };
}

/** Compares `a` with `b` (the same tasks in the same order); the runs of both are drawn anew, each for itself. */
export function compare(a: Scores, b: Scores, options: BootstrapOptions): Comparison<Estimate> {
  const replicates = comparisonReplicates(a, b, options);
  return {
    probability: estimate(probabilityOfImprovement(a, b), replicates?.probability),
    difference: estimate(interquartileMean(a) - interquartileMean(b), replicates?.difference),
  };
}

/** The same comparison seen from the other side. */
export function reversed({ probability, difference }: Comparison<Estimate>): Comparison<Estimate> {
  return {
    probability: { value: 1 - probability.value, low: 1 - probability.high, high: 1 - probability.low },
    difference: negated(difference),
  };
}

/** A difference seen from the other side. */
export function negated({ value, low, high }: Estimate): Estimate {
  return { value: 0 - value, low: 0 - high, high: 0 - low }; // 0 stays 0: -0 is not what is written and read back
}

/** Each aggregate of each draw; undefined where all draws are the scores themselves. */
export function aggregateReplicates(
  scores: Scores,
  { random, repetitions = REPETITIONS, gamma = 1 }: BootstrapOptions,
): Aggregates<Float64Array> | undefined {
  const sample = new Resampled(scores);
  if (!sample.varies) return undefined;
  const made = () => new Float64Array(repetitions);
  const replicates = { mean: made(), median: made(), interquartileMean: made(), optimalityGap: made() };
  for (let r = 0; r < repetitions; r++) {
    sample.draw(random);
    replicates.mean[r] = sample.mean();
    replicates.interquartileMean[r] = sample.interquartileMean();
    replicates.optimalityGap[r] = sample.optimalityGap(gamma);
    replicates.median[r] = sample.median();
  }
  return replicates;
}

/** As `aggregateReplicates`, of a comparison. */
export function comparisonReplicates(
  a: Scores,
  b: Scores,
  { random, repetitions = REPETITIONS }: BootstrapOptions,
): Comparison<Float64Array> | undefined {
  mustMatch(a, b);
  const [ours, theirs] = [new Resampled(a), new Resampled(b)];
  if (!ours.varies && !theirs.varies) return undefined;
  const duel = new Duel(ours, theirs);
  const replicates = { probability: new Float64Array(repetitions), difference: new Float64Array(repetitions) };
  for (let r = 0; r < repetitions; r++) {
    ours.draw(random);
    theirs.draw(random);
    replicates.probability[r] = duel.probability();
    replicates.difference[r] = ours.interquartileMean() - theirs.interquartileMean();
  }
  return replicates;
}

function estimate(value: number, replicates: Float64Array | undefined): Estimate {
  return replicates === undefined ? { value, low: value, high: value } : { value, ...percentileInterval(replicates) };
}
