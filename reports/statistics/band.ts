import type { Stream } from '../../core/index.ts';
import type { Estimate } from '../report.ts';
import { percentileInterval } from './quantiles.ts';

/** Repetitions of the bootstrap at each point of a curve: an end's standard error is 2 % of the interval's width. */
export const BAND_REPETITIONS = 1_000;

/**
 * Means over runs with percentile bootstrap 95 % intervals, point by point along curves. As in rliable, whole runs are
 * drawn: all points share the draws, so a band is as smooth as the curves are. One object serves any number of curves
 * of `runs` runs.
 */
export class Band {
  /** How often each run is in each draw: `[repetition][run]`. */
  private readonly counts: Float64Array;
  private readonly replicates: Float64Array;
  private readonly runs: number;

  constructor(runs: number, random: Stream, repetitions = BAND_REPETITIONS) {
    this.runs = runs;
    this.counts = new Float64Array(repetitions * runs);
    this.replicates = new Float64Array(repetitions);
    for (let r = 0; r < repetitions; r++) {
      for (let i = 0; i < runs; i++) this.counts[r * runs + Math.floor(random.uniform() * runs)]!++;
    }
  }

  /** `values`: of each run at one point. */
  at(values: Float64Array): Estimate {
    const { runs, counts, replicates } = this;
    let total = 0;
    for (let i = 0; i < runs; i++) total += values[i]!;
    const value = total / runs;
    if (runs === 1) return { value, low: value, high: value };
    for (let r = 0, at = 0; r < replicates.length; r++) {
      let drawn = 0;
      for (let i = 0; i < runs; i++) drawn += counts[at++]! * values[i]!;
      replicates[r] = drawn / runs;
    }
    return { value, ...percentileInterval(replicates) };
  }
}
