import { tokensOf } from './tokens.ts';

/** Each in [0, 1]; 0 where one of the texts has nothing to count. */
export interface RougeScore {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * ROUGE of a candidate against one reference (Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"), without
 * stemming or stop words: 1 and 2 count n-grams that both have, each as often as the text that has it less; L is the
 * longest common subsequence of the whole texts. F1 weighs precision and recall alike.
 */
export function rouge(kind: 1 | 2 | 'L', candidate: string, reference: string): RougeScore {
  const numbers = new Map<string, number>();
  const numbered = (text: string): Int32Array =>
    Int32Array.from(tokensOf(text), (token) => {
      if (!numbers.has(token)) numbers.set(token, numbers.size);
      return numbers.get(token)!;
    });
  const [said, wanted] = [numbered(candidate), numbered(reference)];
  const overlap = new Overlap(Math.max(said.length, wanted.length));
  const n = kind === 'L' ? 1 : kind;
  const matches =
    kind === 'L'
      ? overlap.subsequence(said, said.length, wanted, wanted.length)
      : overlap.ngrams(kind, said, said.length, wanted, wanted.length);
  const [ofSaid, ofWanted] = [Math.max(0, said.length + 1 - n), Math.max(0, wanted.length + 1 - n)];
  return {
    precision: share(matches, ofSaid),
    recall: share(matches, ofWanted),
    f1: f1Of(matches, ofSaid, ofWanted),
  };
}

/** The harmonic mean of matches / said and matches / wanted, which is 2 matches / (said + wanted). */
export function f1Of(matches: number, said: number, wanted: number): number {
  return share(2 * matches, said + wanted);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Counts what two sequences of token numbers have in common, again and again, without allocating. */
export class Overlap {
  /** [longest]: which places of the reference are matched already. */
  private readonly taken: Uint8Array;
  /** [longest + 1]: a row of the table of longest common subsequences. */
  private readonly row: Int32Array;

  /** longest: the most tokens that a sequence may have. */
  constructor(longest: number) {
    this.taken = new Uint8Array(longest);
    this.row = new Int32Array(longest + 1);
  }

  /** How many n-grams both have, each counted as often as the one that has it less. */
  ngrams(n: number, a: Int32Array, aLength: number, b: Int32Array, bLength: number): number {
    const { taken } = this;
    taken.fill(0, 0, bLength);
    let matches = 0;
    for (let i = 0; i + n <= aLength; i++) {
      for (let j = 0; j + n <= bLength; j++) {
        if (taken[j] === 1) continue;
        let k = 0;
        while (k < n && a[i + k] === b[j + k]) k++;
        if (k < n) continue;
        taken[j] = 1;
        matches++;
        break;
      }
    }
    return matches;
  }

  /** The length of the longest common subsequence. */
  subsequence(a: Int32Array, aLength: number, b: Int32Array, bLength: number): number {
    const { row } = this;
    row.fill(0, 0, bLength + 1);
    for (let i = 0; i < aLength; i++) {
      let diagonal = 0;
      for (let j = 1; j <= bLength; j++) {
        const above = row[j]!;
        if (a[i] === b[j - 1]) row[j] = diagonal + 1;
        else if (row[j - 1]! > above) row[j] = row[j - 1]!;
        diagonal = above;
      }
    }
    return row[bLength]!;
  }
}
