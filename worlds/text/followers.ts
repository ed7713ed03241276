/** What is taken from counts of 1, of 2, and of 3 and more. */
export type Discounts = readonly [one: number, two: number, more: number];

/**
 * Which words follow in which contexts, and how often: sparse rows, one per context, each sorted by word. The
 * interpolated, discounted probability of a word is `share[find(context, word)]` (0 where that is -1) + `rest[context]`
 * times its probability in the shorter context (Chen and Goodman 1999, section 3). Rows that are empty leave all to it.
 */
export class Followers {
  /** [entries]: (count - discount) / sum of the row's counts. */
  readonly share: Float64Array;
  /** [contexts]: what the discounts took, as a share of the row. */
  readonly rest: Float64Array;

  /** starts: [contexts + 1], where each row begins in `words` and `counts`. */
  constructor(
    private readonly starts: Int32Array,
    private readonly words: Int32Array,
    counts: Int32Array,
  ) {
    const discounts = discountsOf(counts);
    this.share = new Float64Array(counts.length);
    this.rest = new Float64Array(starts.length - 1).fill(1);
    for (let context = 0; context < this.rest.length; context++) {
      const [from, to] = [starts[context]!, starts[context + 1]!];
      let total = 0;
      let taken = 0;
      for (let at = from; at < to; at++) {
        const discount = discounts[Math.min(counts[at]!, 3) - 1]!;
        this.share[at] = counts[at]! - discount;
        taken += discount;
        total += counts[at]!;
      }
      for (let at = from; at < to; at++) this.share[at]! /= total;
      if (total > 0) this.rest[context] = taken / total;
    }
  }

  /** Where `word` stands in the row of `context`, counted over all rows; -1 where it never followed. */
  find(context: number, word: number): number {
    let low = this.starts[context]!;
    let high = this.starts[context + 1]! - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.words[middle]!;
      if (found === word) return middle;
      if (found < word) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

/**
 * The discounts of modified Kneser-Ney smoothing (Chen and Goodman 1999, equation 26): Y = n1 / (n1 + 2 n2), D1 = 1 - 2 Y n2 /
 * n1, D2 = 2 - 3 Y n3 / n2, D3+ = 3 - 4 Y n4 / n3, where n1 to n4 are how many counts are 1 to 4. Where one of these is
 * missing, or a discount falls out of (0, its count), they are 0.5, 1 and 1.5: so few counts estimate nothing.
 */
export function discountsOf(counts: ArrayLike<number>): Discounts {
  const n = [0, 0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) if (counts[i]! >= 1 && counts[i]! <= 4) n[counts[i]!]!++;
  const [, n1, n2, n3, n4] = n as [number, number, number, number, number];
  const y = n1 / (n1 + 2 * n2);
  const discounts = [1 - (2 * y * n2) / n1, 2 - (3 * y * n3) / n2, 3 - (4 * y * n4) / n3] as const;
  return discounts.every((discount, i) => discount > 0 && discount < i + 1) ? discounts : [0.5, 1, 1.5];
}
