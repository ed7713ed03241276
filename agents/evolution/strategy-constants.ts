/** What follows from the dimension n and the population lambda: Hansen's tutorial (arXiv 1604.00772), table 1. */
export interface StrategyConstants {
  /** mu: candidates with a positive weight. */
  readonly parents: number;
  /** [lambda], descending: the first mu add up to 1, the others are negative. */
  readonly weights: Float64Array;
  readonly weightSum: number;
  /** mu_eff: variance effective selection mass of the parents. */
  readonly effective: number;
  /** c_sigma and d_sigma of the step size. */
  readonly sigmaRate: number;
  readonly damping: number;
  /** c_c of the covariance's path; c_1 and c_mu of its two updates. */
  readonly pathRate: number;
  readonly rankOne: number;
  readonly rankMu: number;
  /** E |N(0, I)|. */
  readonly expectedNorm: number;
}

export function strategyConstants(n: number, population: number): StrategyConstants {
  const raw = Array.from({ length: population }, (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1));
  const parents = Math.floor(population / 2);
  const [better, worse] = [raw.slice(0, parents), raw.slice(parents)];
  const effective = effectiveMass(better);
  const effectiveWorse = effectiveMass(worse);

  const rankOne = 2 / ((n + 1.3) ** 2 + effective);
  const rankMu = Math.min(1 - rankOne, (2 * (0.25 + effective + 1 / effective - 2)) / ((n + 2) ** 2 + effective));
  // Equations 50 to 53: how much of the negative weights the learning rates can bear.
  const most = Math.min(
    1 + rankOne / rankMu,
    1 + (2 * effectiveWorse) / (effective + 2),
    (1 - rankOne - rankMu) / (n * rankMu),
  );
  const [gain, loss] = [sum(better), -sum(worse)];
  const weights = Float64Array.from(raw, (w, i) => (i < parents ? w / gain : loss > 0 ? (most * w) / loss : 0));

  const sigmaRate = (effective + 2) / (n + effective + 5);
  return {
    parents,
    weights,
    weightSum: weights.reduce((total, w) => total + w, 0),
    effective,
    sigmaRate,
    damping: 1 + 2 * Math.max(0, Math.sqrt((effective - 1) / (n + 1)) - 1) + sigmaRate,
    pathRate: (4 + effective / n) / (n + 4 + (2 * effective) / n),
    rankOne,
    rankMu,
    expectedNorm: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

/** (sum w)^2 / sum w^2. */
function effectiveMass(weights: readonly number[]): number {
  return sum(weights) ** 2 / sum(weights.map((w) => w * w));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
