import { Fluency } from '../text/index.ts';
import type { NewsroomArticle, NewsroomCorpus } from './corpus.ts';
import { frequentWords } from './own-words.ts';
import type { NewsroomSettings } from './settings.ts';
import { toneOutlook } from './tone-outlook.ts';
import { wordStatistics } from './word-statistics.ts';
import { charactersOf, TokenNumbers, WordTable } from './word-table.ts';

/** What of the settings decides a library. */
type Cut = Pick<NewsroomSettings, 'words' | 'maxLength' | 'ownWords' | 'tuning'>;

/** How many libraries are kept, so that evaluations need not make them again. */
const KEPT = 2;
const libraries = new Map<string, Library>();

/** All that is computed once per corpus, whatever the split, so that a step is a matter of integers. */
export class Library {
  readonly articles: readonly NewsroomArticle[];
  readonly table: WordTable;
  /** Words of the writer's own, as `table` numbers them: from `ownStart` on. */
  readonly ownWords: readonly string[];
  readonly ownStart: number;
  /** [articles + 1]: the words that are seen of an article are `wordStart[a]` to `wordStart[a + 1]` - 1 in `table`. */
  readonly wordStart: Int32Array;
  /** What is seen of each article, as texts stand in observations: UTF-16 code units + 1. */
  readonly texts: readonly Float32Array[];
  /** The tokens of each title. */
  readonly titles: readonly Int32Array[];
  readonly tones: Int32Array;
  readonly fluency: Fluency;
  readonly numbers = new TokenNumbers();
  /** Whether each article is one of those that all knowledge comes from. */
  private readonly isCounted: readonly boolean[];
  /** The words that are seen of each article. */
  private readonly seen: readonly (readonly string[])[];
  private known: Float32Array | undefined;
  private toned: Float32Array | undefined;

  constructor(
    readonly corpus: NewsroomCorpus,
    { words, maxLength, ownWords, tuning }: Cut,
  ) {
    const { articles } = corpus;
    this.isCounted = articles.map(({ isHeldOut, isValidation }) => !isHeldOut && !(tuning && isValidation));
    // By their digests, so that their order in the file decides nothing.
    const training = articles.filter((_, a) => this.isCounted[a]).sort((a, b) => (a.digest < b.digest ? -1 : 1));
    const titles = training.map(({ title }) => title);
    const { numbers } = this;
    const tokens = titles.map((title) => numbers.ofText(title));
    this.fluency = new Fluency(tokens, numbers.size);
    this.articles = articles;
    this.ownWords = frequentWords(titles, ownWords);
    const seen = articles.map(({ description }) => firstWords(description, words, maxLength));
    this.seen = seen;
    const all = seen.flat();
    this.ownStart = all.length;
    this.table = new WordTable([...all, ...this.ownWords], numbers);
    this.wordStart = new Int32Array(articles.length + 1);
    for (const [a, { length }] of seen.entries()) this.wordStart[a + 1] = this.wordStart[a]! + length;
    this.texts = seen.map((own) => charactersOf(own.join(' ')));
    this.titles = articles.map(({ title }) => numbers.ofText(title));
    this.tones = Int32Array.from(articles, ({ tone }) => tone);
  }

  /**
   * [words of all articles, STATISTICS]: what the corpus knows about each word, as `table` numbers them. Made when first
   * asked for: who only scores needs none.
   */
  get statistics(): Float32Array {
    this.known ??= wordStatistics(
      this.articles.map(({ title }, a) => ({ words: this.seen[a]!, title, isCounted: this.isCounted[a]! })),
    );
    return this.known;
  }

  /** [articles, OUTLOOK]: what the words of each article told of the tone of others (see `toneOutlook`). */
  get outlook(): Float32Array {
    this.toned ??= toneOutlook(
      this.articles.map(({ tone }, a) => ({ words: this.seen[a]!, tone, isCounted: this.isCounted[a]! })),
    );
    return this.toned;
  }

  /** How many words of an article are seen. */
  wordsOf(article: number): number {
    return this.wordStart[article + 1]! - this.wordStart[article]!;
  }
}

/** The library of a corpus; made once. */
export function libraryOf(corpus: NewsroomCorpus, cut: Cut): Library {
  const key = [corpus.digest, corpus.name, cut.words, cut.maxLength, cut.ownWords, cut.tuning].join(' ');
  const library = libraries.get(key) ?? new Library(corpus, cut);
  libraries.delete(key);
  libraries.set(key, library);
  for (const oldest of [...libraries.keys()].slice(0, -KEPT)) libraries.delete(oldest);
  return library;
}

/** The first words of a tidied text: so many, and as long with the spaces between them. */
export function firstWords(text: string, most: number, maxLength: number): string[] {
  const words: string[] = [];
  let length = -1;
  for (const word of text.split(' ').slice(0, most)) {
    if (length + 1 + word.length > maxLength) break;
    words.push(word);
    length += 1 + word.length;
  }
  return words;
}
