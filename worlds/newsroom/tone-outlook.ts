import { TONES, tokensOf } from '../text/index.ts';

/** Numbers about the tone of an article. */
export const OUTLOOK = 3 * TONES.length;
/** Articles that are counted beside those with a token, with tones as in all: how strongly few sightings are doubted. */
const DOUBT = 4;
/** Sums over an article's tokens come near [-2, 2] by this. */
const SCALE = 3;

/** What of an article the numbers are made from. */
export interface TonedArticle {
  /** What is seen of it. */
  readonly words: readonly string[];
  readonly tone: number;
  /** Whether it counts for others; never for itself. */
  readonly isCounted: boolean;
}

/**
 * What the tokens that are seen of each article told of the tone of others: [articles, OUTLOOK]. A token's evidence for a
 * tone is ln of how much more frequent the tone is among articles with this token than among all. First the sum of the
 * evidence for each tone over the article's different tokens, in thirds (naive Bayes); then the largest for each tone; then
 * the least. Counts are of the counted articles without the article itself.
 */
export function toneOutlook(articles: readonly TonedArticle[]): Float32Array {
  const all = new Float64Array(TONES.length).fill(1);
  const counts = new Map<string, Float64Array>();
  const tokens = articles.map(({ words }) => new Set(words.flatMap(tokensOf)));
  const add = (article: number, times: 1 | -1): void => {
    const { tone } = articles[article]!;
    all[tone]! += times;
    for (const token of tokens[article]!) {
      if (!counts.has(token)) counts.set(token, new Float64Array(TONES.length));
      counts.get(token)![tone]! += times;
    }
  };
  for (const [a, { isCounted }] of articles.entries()) if (isCounted) add(a, 1);
  const out = new Float32Array(articles.length * OUTLOOK);
  for (const [a, { isCounted }] of articles.entries()) {
    if (isCounted) add(a, -1);
    for (let tone = 0; tone < TONES.length; tone++) {
      const evidence = Array.from(tokens[a]!, (token) => evidenceFor(tone, counts.get(token), all));
      out[a * OUTLOOK + tone] = evidence.reduce((sum, one) => sum + one, 0) / SCALE;
      out[a * OUTLOOK + TONES.length + tone] = Math.max(0, ...evidence);
      out[a * OUTLOOK + 2 * TONES.length + tone] = Math.min(0, ...evidence);
    }
    if (isCounted) add(a, 1);
  }
  return out;
}

function evidenceFor(tone: number, counts: Float64Array | undefined, all: Float64Array): number {
  const usual = all[tone]! / sum(all);
  if (counts === undefined) return 0;
  return Math.log((counts[tone]! + DOUBT * usual) / (sum(counts) + DOUBT) / usual);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
