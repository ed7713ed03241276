import { tokensOf } from '../text/index.ts';
import { KINDS, LOOKS, looksOf, type Reading, readingOfWords } from './word-looks.ts';

/** How many texts and titles have the word, and the difference. */
const FREQUENCIES = 3;
/** Numbers about each word that is seen. */
export const STATISTICS: number = KINDS.length + FREQUENCIES + LOOKS;
/** Words that are counted beside what was seen, at the rate of all words: how strongly few sightings are doubted. */
const DOUBT = 4;

/** How often texts were seen, by their numbers and in all, and how often with a hit. */
class Counts {
  readonly seenOf: number[] = [];
  readonly hitsOf: number[] = [];
  seen = 0;
  hits = 0;

  /** Counts texts, or with -1 takes them back. */
  add(texts: readonly number[], isHit: readonly boolean[], times: 1 | -1): void {
    for (const [i, text] of texts.entries()) {
      const hit = isHit[i]! ? times : 0;
      this.seen += times;
      this.hits += hit;
      this.seenOf[text]! += times;
      this.hitsOf[text]! += hit;
    }
  }
}

/** What of an article the numbers are made from. */
export interface CountedArticle {
  /** What is seen of it. */
  readonly words: readonly string[];
  readonly title: string;
  /** Whether it counts for others; never for itself. */
  readonly isCounted: boolean;
}

/**
 * What a corpus knows about each word that is seen of its articles: [words of all articles, STATISTICS], articles one
 * after the other. First, for each of `KINDS` (the word, its stem, what stands around it, how it is written and where),
 * half the log-odds, and 1, that a word of this kind stands in the title too. Then how many articles have the word, how
 * many titles (logarithms, fifths), the difference of these; then `looksOf` it. All near [-2, 2]. Counts are of the
 * counted articles without the word's own, so that no title tells of itself.
 */
export function wordStatistics(articles: readonly CountedArticle[]): Float32Array {
  const kinds = KINDS.map(() => new Kinds());
  const texts = new Map<string, number>();
  const titles = new Map<string, number>();
  const read = articles.map((article) => countedReading(article, kinds));
  for (const { places, isInTitle, isCounted, inText, inTitle } of read) {
    if (!isCounted) continue;
    for (const [k, counts] of kinds.entries()) counts.all.add(places[k]!, isInTitle, 1);
    for (const word of inText) texts.set(word, (texts.get(word) ?? 0) + 1);
    for (const word of inTitle) titles.set(word, (titles.get(word) ?? 0) + 1);
  }
  const out = new Float32Array(STATISTICS * read.reduce((sum, { reading }) => sum + reading.words.length, 0));
  let offset = 0;
  for (const { reading, places, isInTitle, isCounted, inTitle } of read) {
    const { words, keys } = reading;
    // Without itself for as long as it is looked at.
    if (isCounted) for (const [k, counts] of kinds.entries()) counts.all.add(places[k]!, isInTitle, -1);
    const itself = isCounted ? 1 : 0;
    const { seen, hits } = kinds[0]!.all;
    const rate = (hits + 1) / (seen + 2);
    for (let i = 0; i < words.length; i++) {
      for (const [k, { all }] of kinds.entries()) {
        const kind = places[k]![i]!;
        const share = (all.hitsOf[kind]! + DOUBT * rate) / (all.seenOf[kind]! + DOUBT);
        out[offset + k] = Math.log(share / (1 - share)) / 2 + 1;
      }
      const inTexts = Math.log1p((texts.get(keys[i]!) ?? itself) - itself);
      const inTitles = Math.log1p((titles.get(keys[i]!) ?? 0) - (inTitle.has(keys[i]!) ? itself : 0));
      out.set([inTexts / 5, inTitles / 5, inTitles - inTexts, ...looksOf(reading, i)], offset + KINDS.length);
      offset += STATISTICS;
    }
    if (isCounted) for (const [k, counts] of kinds.entries()) counts.all.add(places[k]!, isInTitle, 1);
  }
  return out;
}

function countedReading({ words, title, isCounted }: CountedArticle, kinds: readonly Kinds[]) {
  const reading: Reading = readingOfWords(words);
  const { keys } = reading;
  const inTitle = new Set(tokensOf(title));
  const isInTitle = keys.map((key) => key !== '' && key.split(' ').every((token) => inTitle.has(token)));
  const places = KINDS.map((kindOf, k) => words.map((_, at) => kinds[k]!.number(kindOf(reading, at))));
  return { reading, places, isInTitle, isCounted, inText: new Set(keys), inTitle };
}

/** The texts of one kind by number, and how often each was seen. */
class Kinds {
  readonly all = new Counts();
  private readonly numbers = new Map<string, number>();

  number(text: string): number {
    const found = this.numbers.get(text);
    if (found !== undefined) return found;
    this.numbers.set(text, this.numbers.size);
    this.all.seenOf.push(0);
    this.all.hitsOf.push(0);
    return this.numbers.size - 1;
  }
}
