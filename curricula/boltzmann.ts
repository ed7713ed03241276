/** The chances exp(x / temperature) / sum of it. `x`: [n], n at least 1. */
export function boltzmann(x: Float64Array, temperature: number): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of x) largest = Math.max(largest, value);
  const chances = x.map((value) => Math.exp((value - largest) / temperature));
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  return chances.map((chance) => chance / total);
}

/** WAKER-M's: (x - mean) / (standard deviation + 1e-6). */
export function standardised(x: Float64Array): Float64Array {
  const mean = meanOf(x);
  const deviation = Math.sqrt(meanOf(x.map((value) => (value - mean) ** 2)));
  return x.map((value) => (value - mean) / (deviation + 1e-6));
}

/** WAKER-R's: x / mean |x|; zeros where all are 0. */
export function inMeanSizes(x: Float64Array): Float64Array {
  const size = meanOf(x.map(Math.abs));
  return size === 0 ? x.slice() : x.map((value) => value / size);
}

/** Of chances that sum to 1, in nats. */
export function entropyOf(chances: Float64Array): number {
  return -chances.reduce((sum, chance) => (chance > 0 ? sum + chance * Math.log(chance) : sum), 0);
}

export function meanOf(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]!;
  return sum / x.length;
}
