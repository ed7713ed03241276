export {
  interquartileMean,
  mean,
  median,
  optimalityGap,
  probabilityOfImprovement,
  type Scores,
} from './aggregates.ts';
export { BAND_REPETITIONS, Band } from './band.ts';
export {
  type Aggregates,
  aggregate,
  aggregateReplicates,
  type BootstrapOptions,
  type Comparison,
  compare,
  comparisonReplicates,
  negated,
  REPETITIONS,
  reversed,
} from './bootstrap.ts';
export { type Pair, pairedDifference, pairedReplicates } from './paired.ts';
export { percentileInterval, quantile } from './quantiles.ts';
