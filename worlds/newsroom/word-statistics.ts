import { tokensOf } from '../text/index.ts';

/** Numbers about each word that is seen. */
export const STATISTICS = 24;
/** Words that are counted beside what was seen, at the rate of all words: how strongly few sightings are doubted. */
const DOUBT = 4;

/** What of an article the numbers are made from. */
export interface CountedArticle {
  /** What is seen of it. */
  readonly words: readonly string[];
  readonly title: string;
  /** Whether it counts for others; never for itself. */
  readonly isCounted: boolean;
}

/** A word at its place. */
interface Place {
  readonly words: readonly string[];
  /** The tokens of each word, as one. */
  readonly keys: readonly string[];
  readonly at: number;
}

/** What words are counted by: where two places have the same text, they count as the same. */
const KINDS: readonly ((place: Place) => string)[] = [
  ({ keys, at }) => keys[at]!,
  ({ keys, at }) => keys[at]!.slice(0, 5),
  ({ keys, at }) => `${keys[at]!.slice(-3)} ${keys[at]!.length > 4}`,
  ({ keys, at }) => keys[at - 1] ?? '',
  ({ keys, at }) => keys[at + 1] ?? '',
  ({ words, at }) =>
    [shapeOf(words[at]!), shapeOf(words[at - 1] ?? ''), shapeOf(words[at + 1] ?? ''), Math.min(at >> 2, 5)].join(' '),
];

/**
 * What a corpus knows about each word that is seen of its articles: [words of all articles, STATISTICS], articles one
 * after the other. First, for each of six kinds (the word; its first five letters; its last three; the word before it;
 * the one behind; its shape, its neighbours' and its place), half the log-odds, and 1, that a word of this kind stands in
 * the title too. Then how many articles have the word, how many titles (logarithms, fifths), the difference of these;
 * capitals, digits, length, place, punctuation, and whether it comes twice. All near [-2, 2]. Counts are of the counted
 * articles without the word's own, so that no title tells of itself.
 */
export function wordStatistics(articles: readonly CountedArticle[]): Float32Array {
  const read = articles.map(({ words, title, isCounted }) => {
    const keys = words.map((word) => tokensOf(word).join(' '));
    const title_ = new Set(tokensOf(title));
    const isInTitle = words.map((word) => {
      const tokens = tokensOf(word);
      return tokens.length > 0 && tokens.every((token) => title_.has(token));
    });
    const places = words.map((_, at): Place => ({ words, keys, at }));
    const kinds = KINDS.map((kindOf) => places.map(kindOf));
    return { words, keys, isInTitle, kinds, isCounted, inText: new Set(keys), inTitle: title_ };
  });
  const counts = KINDS.map(() => new Counts());
  const texts = new Map<string, number>();
  const titles = new Map<string, number>();
  for (const { isInTitle, kinds, isCounted, inText, inTitle } of read) {
    if (!isCounted) continue;
    for (const [k, own] of kinds.entries()) for (const [i, kind] of own.entries()) counts[k]!.add(kind, isInTitle[i]!);
    for (const word of inText) texts.set(word, (texts.get(word) ?? 0) + 1);
    for (const word of inTitle) titles.set(word, (titles.get(word) ?? 0) + 1);
  }
  const out = new Float32Array(STATISTICS * read.reduce((sum, { words }) => sum + words.length, 0));
  let offset = 0;
  for (const { words, keys, isInTitle, kinds, isCounted, inTitle } of read) {
    const own = KINDS.map((_, k) => {
      const mine = new Counts();
      if (isCounted) for (const [i, kind] of kinds[k]!.entries()) mine.add(kind, isInTitle[i]!);
      return mine;
    });
    const itself = isCounted ? 1 : 0;
    const rate = rateOf(counts[0]!, own[0]!);
    for (const [i, word] of words.entries()) {
      const odds = KINDS.map((_, k) => {
        const kind = kinds[k]![i]!;
        const all = counts[k]!.of(kind);
        const mine = own[k]!.of(kind);
        const share = (all.hits - mine.hits + DOUBT * rate) / (all.seen - mine.seen + DOUBT);
        return Math.log(share / (1 - share)) / 2 + 1;
      });
      const inTexts = Math.log1p((texts.get(keys[i]!) ?? itself) - itself);
      const inTitles = Math.log1p((titles.get(keys[i]!) ?? 0) - (inTitle.has(keys[i]!) ? itself : 0));
      out.set([...odds, inTexts / 5, inTitles / 5, inTitles - inTexts, ...looksOf(word, words, keys, i)], offset);
      offset += STATISTICS;
    }
  }
  return out;
}

/** Fifteen numbers that need no corpus. */
function looksOf(word: string, words: readonly string[], keys: readonly string[], i: number): number[] {
  const shape = shapeOf(word);
  const isEnd = (text: string | undefined): boolean => text !== undefined && /[.!?]$/.test(text);
  return [
    flag(shape === 'A'),
    flag(shape === 'A' || shape === 'a'),
    flag(shape === '0'),
    word.length / 10,
    i / 40,
    i / words.length,
    words.length / 40,
    flag(i < 3),
    flag(i >= 3 && i < 10),
    flag(keys.indexOf(keys[i]!) !== keys.lastIndexOf(keys[i]!)),
    flag(/[.,;:!?]$/.test(word)),
    flag(isEnd(word)),
    flag(isEnd(words[i - 1])),
    flag(/^[("]/.test(word)),
    flag(keys[i] === ''),
  ];
}

/** Capitals, a capital, digits, others; nothing for nothing. */
function shapeOf(word: string): string {
  if (word === '') return '';
  if (/^[("'$]*\d/.test(word)) return '0';
  if (/^[("']*\p{Lu}/u.test(word)) return /\p{Ll}/u.test(word) ? 'a' : 'A';
  return 'x';
}

function flag(is: boolean): number {
  return is ? 1 : 0;
}

/** How often each text was seen, and how often with a hit. */
class Counts {
  seen = 0;
  hits = 0;
  private readonly entries = new Map<string, { seen: number; hits: number }>();

  add(text: string, isHit: boolean): void {
    let entry = this.entries.get(text);
    if (entry === undefined) {
      entry = { seen: 0, hits: 0 };
      this.entries.set(text, entry);
    }
    this.seen++;
    entry.seen++;
    if (!isHit) return;
    this.hits++;
    entry.hits++;
  }

  of(text: string): { readonly seen: number; readonly hits: number } {
    return this.entries.get(text) ?? NOTHING;
  }
}

/** Share of hits over all but one's own, kept off 0 and 1. */
function rateOf(all: Counts, own: Counts): number {
  return (all.hits - own.hits + 1) / (all.seen - own.seen + 2);
}

const NOTHING = { seen: 0, hits: 0 } as const;
