import { LightbulbError } from '../../core/index.ts';
import { agreement, f1Of, Overlap, toneOf } from '../text/index.ts';
import type { Library } from './library.ts';
import { NEWSROOM_NAME, type NewsroomSettings } from './settings.ts';

/** The weights of the team's objective, which add up to 1. */
export interface Weights {
  readonly rouge1: number;
  readonly rougeL: number;
  readonly tone: number;
  readonly fluency: number;
}

/** Divides by the sum. Throws `invalid_input` where it is 0. */
export function weightsOf(settings: NewsroomSettings): Weights {
  const { rouge1Weight: rouge1, rougeLWeight: rougeL, toneWeight: tone, fluencyWeight: fluency } = settings;
  const sum = rouge1 + rougeL + tone + fluency;
  if (sum > 0 && Number.isFinite(sum))
    return { rouge1: rouge1 / sum, rougeL: rougeL / sum, tone: tone / sum, fluency: fluency / sum };
  throw new LightbulbError('invalid_input', "the weights of the team's objective are all 0", {
    where: NEWSROOM_NAME,
    wanted: 'rouge1Weight, rougeLWeight, toneWeight and fluencyWeight that add up to more than 0',
    got: String(sum),
  });
}

/**
 * Scores one text at a time, without allocating: first `gather` (or `take`), then what is asked of it. All in [0, 1].
 */
export class Scorer {
  /** Of the text that was scored last, see `score`. */
  rouge1 = 0;
  rougeL = 0;
  tone = 0;
  fluency = 0;
  team = 0;
  /** Of the text that was gathered last. */
  length = 0;
  private valence = 0;
  private tokens: Int32Array;
  private overlap: Overlap;
  private readonly longestTitle: number;

  /** longest: the most words of a text that is gathered. */
  constructor(
    private readonly library: Library,
    private readonly weights: Weights,
    longest: number,
  ) {
    this.tokens = new Int32Array(longest * library.table.mostTokens);
    this.longestTitle = library.titles.reduce((most, { length }) => Math.max(most, length), 0);
    this.overlap = new Overlap(Math.max(this.tokens.length, this.longestTitle));
  }

  /** The words `list[from]` to `list[from + count - 1]`, as the table numbers them. */
  gather(list: Int32Array, from: number, count: number): void {
    const { tokens, tokenStart, valence } = this.library.table;
    this.length = 0;
    this.valence = 0;
    for (let i = from; i < from + count; i++) {
      const word = list[i]!;
      this.valence += valence[word]!;
      for (let t = tokenStart[word]!; t < tokenStart[word + 1]!; t++) this.tokens[this.length++] = tokens[t]!;
    }
  }

  /** Any other text; allocates. */
  take(tokens: Int32Array, valence: number): void {
    this.tokens = tokens;
    this.length = tokens.length;
    this.valence = valence;
    this.overlap = new Overlap(Math.max(tokens.length, this.longestTitle));
  }

  /** 0 negative, 1 neutral, 2 positive, by the lexicon. */
  toneOfText(): number {
    return toneOf(this.valence);
  }

  /** ROUGE-1 or -2 F1 against the title of an article. */
  rougeN(n: 1 | 2, article: number): number {
    const title = this.library.titles[article]!;
    const matches = this.overlap.ngrams(n, this.tokens, this.length, title, title.length);
    return f1Of(matches, Math.max(0, this.length + 1 - n), Math.max(0, title.length + 1 - n));
  }

  /** ROUGE-1 precision against another text, which has `length` tokens: the share of tokens that come from it. */
  precision(other: Int32Array, length: number): number {
    if (this.length === 0) return 0;
    return this.overlap.ngrams(1, this.tokens, this.length, other, length) / this.length;
  }

  /** How well the text agrees with a tone: 1, 0.5 or 0 (see `agreement`); 0 where it has no words. */
  agrees(tone: number): number {
    return this.length === 0 ? 0 : agreement(this.toneOfText(), tone);
  }

  /** The text as the piece about an article whose tone was told as `told`; sets all scores. */
  score(article: number, told: number): void {
    const { titles, tones, fluency } = this.library;
    const title = titles[article]!;
    const tone = tones[article]!;
    this.rouge1 = this.rougeN(1, article);
    const common = this.overlap.subsequence(this.tokens, this.length, title, title.length);
    this.rougeL = f1Of(common, this.length, title.length);
    this.tone = 0.5 * (told === tone ? 1 : 0) + 0.5 * this.agrees(tone);
    fluency.measure(this.tokens, this.length);
    this.fluency = fluency.value[0]!;
    const { weights } = this;
    this.team =
      weights.rouge1 * this.rouge1 +
      weights.rougeL * this.rougeL +
      weights.tone * this.tone +
      weights.fluency * this.fluency;
  }

  /** Copies the tokens and answers how many there are. */
  copyTokens(out: Int32Array): number {
    for (let i = 0; i < this.length; i++) out[i] = this.tokens[i]!;
    return this.length;
  }
}
