/** The part of the replicates that an interval covers. */
export const CONFIDENCE = 0.95;

/** The ends of the percentile interval of `replicates`, which are reordered. */
export function percentileInterval(replicates: Float64Array): { readonly low: number; readonly high: number } {
  return { low: quantile(replicates, (1 - CONFIDENCE) / 2), high: quantile(replicates, (1 + CONFIDENCE) / 2) };
}

/**
 * The quantile at `q` in [0, 1], linear between order statistics as numpy's default is (Hyndman and Fan's type 7).
 * Reorders `values`.
 */
export function quantile(values: Float64Array, q: number): number {
  const place = q * (values.length - 1);
  const k = Math.floor(place);
  const low = select(values, k);
  if (place === k) return low;
  let high = Number.POSITIVE_INFINITY;
  for (let i = k + 1; i < values.length; i++) if (values[i]! < high) high = values[i]!;
  return low + (place - k) * (high - low);
}

/** The `k`-th smallest value, from 0; what is left of it afterwards is no larger, what is right no smaller (Hoare). */
function select(values: Float64Array, k: number): number {
  let [left, right] = [0, values.length - 1];
  while (left < right) {
    const pivot = values[(left + right) >> 1]!;
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) {
        const kept = values[i]!;
        values[i++] = values[j]!;
        values[j--] = kept;
      }
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else break;
  }
  return values[k]!;
}
