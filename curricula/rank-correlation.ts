/**
 * Spearman's rank correlation of two lists of equal length: -1 to 1, equal numbers sharing the mean of their ranks.
 * Undefined where a list is constant, or holds fewer than two numbers: no order is there to be like the other.
 */
export function rankCorrelation(x: ArrayLike<number>, y: ArrayLike<number>): number | undefined {
  const [a, b] = [ranksOf(x), ranksOf(y)];
  // The mean of all ranks, whatever they share.
  const middle = (a.length - 1) / 2;
  let [both, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [a[i]! - middle, b[i]! - middle];
    both += da * db;
    ofA += da * da;
    ofB += db * db;
  }
  return ofA === 0 || ofB === 0 ? undefined : both / Math.sqrt(ofA * ofB);
}

/** Ranks from 0. */
function ranksOf(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(order.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}
