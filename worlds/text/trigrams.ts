import { Followers } from './followers.ts';

/**
 * A trigram model of sentences with interpolated modified Kneser-Ney smoothing (Chen and Goodman 1999, "An empirical study
 * of smoothing techniques for language modeling"). Words are 0 to `words` - 1; `unknown` stands for all others, and
 * `end` comes after the last word and is predicted like one; two starts come before the first.
 *
 * With c(u v w) the count, D1, D2 and D3+ the discounts of its order, and N1, N2 and N3+ how many words follow u v once,
 * twice and more often:
 *
 * p(w | u v) = (max(c(u v w) - D, 0) + (D1 N1 + D2 N2 + D3+ N3+) p(w | v)) / c(u v .)
 *
 * In p(w | v) and p(w), c is how many different words come before (continuation counts), and below p(w) lies the uniform
 * 1 / (words + 2), all that `unknown` has unless it was in a sentence. Every distribution sums to one over words, `end`
 * and `unknown`.
 */
export class TrigramModel {
  readonly end: number;
  readonly unknown: number;
  private readonly start: number;
  /** After nothing; after v; after u v, whose context is where v stands after u, or for two starts the last. */
  private readonly one: Followers;
  private readonly two: Followers;
  private readonly three: Followers;
  private readonly afterStarts: number;
  private readonly answer = new Float64Array(1);
  /** [1]: what `measure` found last. */
  readonly total = new Float64Array(1);
  /** [words + 2]: ln of how often each is there, plus one. */
  private readonly frequencies: Float64Array;

  /** sentences: words by number; words that are no number below `words` are unknown. */
  constructor(
    sentences: readonly Int32Array[],
    readonly words: number,
  ) {
    this.end = words;
    this.unknown = words + 1;
    this.start = words + 2;
    const radix = words + 3;
    const trigrams = countSorted(this.trigramKeys(sentences, radix));
    const bigrams = countSorted(trigrams.keys.map((key) => key % (radix * radix)));
    const unigrams = countSorted(bigrams.keys.map((key) => key % radix));
    const last = (keys: Float64Array): Int32Array => Int32Array.from(keys, (key) => key % radix);
    this.one = new Followers(Int32Array.of(0, unigrams.keys.length), last(unigrams.keys), unigrams.counts);
    const after = bigrams.keys.map((key) => Math.floor(key / radix));
    this.two = new Followers(startsOf(after, radix), last(bigrams.keys), bigrams.counts);
    this.afterStarts = bigrams.keys.length;
    const contexts = trigrams.keys.map((key) => {
      const [u, v] = [Math.floor(key / radix / radix), Math.floor(key / radix) % radix];
      return v === this.start ? this.afterStarts : this.two.find(u, v);
    });
    this.three = new Followers(startsOf(contexts, this.afterStarts + 1), last(trigrams.keys), trigrams.counts);
    this.frequencies = this.frequenciesOf(sentences);
  }

  /** p(w | u v) in (0, 1); words of `words` or more but for `end` are unknown, u and v are -1 before the first word. */
  probability(u: number, v: number, w: number): number {
    const before = (word: number): number => (word < 0 ? this.start : this.known(word));
    this.predict(before(u), before(v), w === this.end ? w : this.known(w));
    return this.answer[0]!;
  }

  /** p(w) of words, `end` and `unknown` by how often they are in the sentences, plus one, whatever comes before. */
  frequency(w: number): number {
    return Math.exp(this.frequencies[w]!);
  }

  /**
   * The sum of ln p(w | u v) - ln frequency(w) over the first `length` words and the end after them, in nats: how much
   * better the order foretells them. `words` or more are unknown. Each word counts at most `most`, and at most 0 where
   * it followed the same word before: so that one set phrase, or the same again, does not make up for the rest.
   */
  logRatio(tokens: Int32Array, length: number, most = Number.POSITIVE_INFINITY): number {
    this.measure(tokens, length, most);
    return this.total[0]!;
  }

  /** Sets `total` to `logRatio`: a number that is returned may cost an allocation. */
  measure(tokens: Int32Array, length: number, most: number): void {
    let sum = 0;
    let u = this.start;
    let v = this.start;
    for (let i = 0; i <= length; i++) {
      const w = i === length ? this.end : this.known(tokens[i]!);
      this.predict(u, v, w);
      const ratio = Math.log(this.answer[0]!) - this.frequencies[w]!;
      const limit = most < Number.POSITIVE_INFINITY && i < length && isRepeated(tokens, i) ? 0 : most;
      // Two sums, not one of either: what may be a parameter is kept as an object, and the other would become one too.
      if (ratio < limit) sum += ratio;
      else sum += limit;
      u = v;
      v = w;
    }
    this.total[0] = sum;
  }

  /** Sets `answer` to p(w | u v): a number that is returned may cost an allocation. */
  private predict(u: number, v: number, w: number): void {
    const { one, two, three } = this;
    const unigram = one.find(0, w);
    let p = one.rest[0]! / (this.words + 2);
    if (unigram >= 0) p += one.share[unigram]!;
    const bigram = two.find(v, w);
    p *= two.rest[v]!;
    if (bigram >= 0) p += two.share[bigram]!;
    const context = v === this.start ? this.afterStarts : two.find(u, v);
    if (context >= 0) {
      const trigram = three.find(context, w);
      p *= three.rest[context]!;
      if (trigram >= 0) p += three.share[trigram]!;
    }
    this.answer[0] = p;
  }

  /** One number per trigram of each sentence, of which the numbers of its words are the digits. */
  private trigramKeys(sentences: readonly Int32Array[], radix: number): Float64Array {
    const keys = new Float64Array(sentences.reduce((sum, { length }) => sum + length + 1, 0));
    let at = 0;
    for (const sentence of sentences) {
      let [u, v] = [this.start, this.start];
      for (let i = 0; i <= sentence.length; i++) {
        const w = i === sentence.length ? this.end : this.known(sentence[i]!);
        keys[at++] = (u * radix + v) * radix + w;
        [u, v] = [v, w];
      }
    }
    return keys;
  }

  private frequenciesOf(sentences: readonly Int32Array[]): Float64Array {
    const counts = new Float64Array(this.words + 2).fill(1);
    counts[this.end]! += sentences.length;
    for (const sentence of sentences) for (const word of sentence) counts[this.known(word)]!++;
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => Math.log(count / total));
  }

  private known(word: number): number {
    return word >= 0 && word < this.words ? word : this.unknown;
  }
}

/** The different keys, ascending, and how often each is there. */
function countSorted(all: Float64Array): { readonly keys: Float64Array; readonly counts: Int32Array } {
  const sorted = Float64Array.from(all).sort();
  const keys = sorted.filter((key, i) => i === 0 || key !== sorted[i - 1]);
  const counts = new Int32Array(keys.length);
  let at = -1;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) at++;
    counts[at]!++;
  }
  return { keys, counts };
}

/** Where the rows of contexts 0 to `contexts` - 1 begin among entries that are sorted by their context. */
function startsOf(sorted: ArrayLike<number>, contexts: number): Int32Array {
  const starts = new Int32Array(contexts + 1);
  for (let i = 0; i < sorted.length; i++) starts[sorted[i]! + 1]!++;
  for (let context = 0; context < contexts; context++) starts[context + 1]! += starts[context]!;
  return starts;
}

/** Whether word i followed the same word before. */
function isRepeated(tokens: Int32Array, i: number): boolean {
  for (let j = 1; j < i; j++) if (tokens[j] === tokens[i] && tokens[j - 1] === tokens[i - 1]) return true;
  return false;
}
