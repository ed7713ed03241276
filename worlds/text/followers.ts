/** What is taken from counts of 1, of 2, and of 3 and more. */
export type Discounts = readonly [one: number, two: number, more: number];

/**
 * Which words follow in which contexts, and how often: sparse rows, one per context, each sorted by word. A row answers
 * the interpolated, discounted probability of a word (Chen and Goodman 1999, equation 20 on).
 */
export class Followers {
  /** [contexts]: the sum of a row's counts, and what the discounts took from it. */
  private readonly totals: Float64Array;
  private readonly taken: Float64Array;
  private readonly discounts: Discounts;

  /** starts: [contexts + 1], where each row begins in `words` and `counts`. */
  constructor(
    private readonly starts: Int32Array,
    private readonly words: Int32Array,
    private readonly counts: Int32Array,
  ) {
    this.discounts = discountsOf(counts);
    const contexts = starts.length - 1;
    this.totals = new Float64Array(contexts);
    this.taken = new Float64Array(contexts);
    for (let context = 0; context < contexts; context++)
      for (let at = starts[context]!; at < starts[context + 1]!; at++) {
        this.totals[context]! += counts[at]!;
        this.taken[context]! += this.discount(counts[at]!);
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

  /** p(word | context), where `lower` is p(word | the shorter context). A context that was never seen adds nothing. */
  probability(context: number, word: number, lower: number): number {
    const total = this.totals[context]!;
    if (total === 0) return lower;
    const at = this.find(context, word);
    const own = at < 0 ? 0 : this.counts[at]! - this.discount(this.counts[at]!);
    return (own + this.taken[context]! * lower) / total;
  }

  private discount(count: number): number {
    return this.discounts[Math.min(count, 3) - 1]!;
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
