import { type Stream, stream } from '../../core/index.ts';
import { TrigramModel } from './trigrams.ts';

const FOLDS = 5;
/** Nats per token that titles and their shuffles are taken to be apart at least, where there are too few to tell. */
const LEAST_SPREAD = 0.1;
/** Nats that the order may explain of one token; a set phrase (`U.S.`) has five and more. */
const MOST = 0.5;
/** Of this share of the titles, none is called too short. */
const SHORT_TITLES = 0.1;

/**
 * How much a text reads like the titles that it was made from: 0 to 1. Three factors:
 *
 * - SLOR (Pauls and Klein 2012; Kann, Rothe and Filippova 2018): the cross-entropy per token, `end` included, under how
 *   often each token is there, less that under a trigram model (see `TrigramModel`), in nats. It asks how much the order
 *   explains, so that neither rare names cost nor frequent words pay: under the bare cross-entropy, `to to to to` reads
 *   better than 95 % of held-out titles. A token counts at most half a nat, and nothing where it followed the same token
 *   before: else one set phrase at the end makes up for any salad in front. The mean is mapped linearly from `salad` (0)
 *   to `typical` (1) and cut off.
 * - Tokens over `shortest`, at most 1: ending early is cheap for a model.
 * - The share of different tokens (distinct-1, Li et al. 2016): repeating a common phrase is, too.
 *
 * `typical` and `salad` are medians of SLOR over titles that the model did not see, as they are and with their tokens
 * shuffled: each fifth of the titles is scored by a model of the others. So half of all unseen titles get 1 for it.
 */
export class Fluency {
  /** Medians of SLOR: of unseen titles, and of the same shuffled, in nats per token. */
  readonly typical: number;
  readonly salad: number;
  /** Tokens of the title that is longer than a tenth of all. */
  readonly shortest: number;
  /** [1]: what `measure` found last. */
  readonly value = new Float64Array(1);
  private readonly model: TrigramModel;

  /** titles: tokens by number, 0 to `words` - 1, in an order that decides the fifths. */
  constructor(titles: readonly Int32Array[], words: number) {
    this.model = new TrigramModel(titles, words);
    this.shortest = Math.max(
      1,
      quantile(
        titles.map(({ length }) => length),
        SHORT_TITLES,
      ),
    );
    const unseen = scoreUnseen(titles, words, stream(0, 'fluency/shuffles'));
    this.salad = quantile(unseen.shuffled, 0.5);
    this.typical = Math.max(quantile(unseen.titles, 0.5), this.salad + LEAST_SPREAD);
  }

  /** Of the first `length` tokens; tokens of `words` or more are unknown. 0 where there are none. */
  score(tokens: Int32Array, length: number): number {
    this.measure(tokens, length);
    return this.value[0]!;
  }

  /** Sets `value` to `score`: a number that is returned may cost an allocation. */
  measure(tokens: Int32Array, length: number): void {
    this.value[0] = 0;
    if (length === 0) return;
    const order = (slor(this.model, tokens, length) - this.salad) / (this.typical - this.salad);
    const distinct = distinctTokens(tokens, length) / length;
    this.value[0] = Math.min(1, Math.max(0, order)) * Math.min(1, length / this.shortest) * distinct;
  }

  /** SLOR of the first `length` tokens, in nats per token, `end` counted. */
  slor(tokens: Int32Array, length = tokens.length): number {
    return slor(this.model, tokens, length);
  }
}

function slor(model: TrigramModel, tokens: Int32Array, length: number): number {
  model.measure(tokens, length, MOST);
  return model.total[0]! / (length + 1);
}

function distinctTokens(tokens: Int32Array, length: number): number {
  let distinct = 0;
  for (let i = 0; i < length; i++) {
    let first = 0;
    while (tokens[first] !== tokens[i]) first++;
    if (first === i) distinct++;
  }
  return distinct;
}

function scoreUnseen(titles: readonly Int32Array[], words: number, random: Stream) {
  const scores = { titles: [] as number[], shuffled: [] as number[] };
  for (let fold = 0; fold < FOLDS; fold++) {
    const model = new TrigramModel(
      titles.filter((_, i) => i % FOLDS !== fold),
      words,
    );
    for (let i = fold; i < titles.length; i += FOLDS) {
      const title = titles[i]!;
      scores.titles.push(slor(model, title, title.length));
      scores.shuffled.push(slor(model, shuffled(title, random), title.length));
    }
  }
  return scores;
}

function shuffled(tokens: Int32Array, random: Stream): Int32Array {
  const out = tokens.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

/** The value below which a share of the values lies; 0 where there are none. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
