import { type Json, LightbulbError } from '../../core/index.ts';
import { type OptionValues, resolveOptions, type TextOption } from '../options.ts';
import { type Article, readArticles } from './articles.ts';
import { generatedArticles } from './generated.ts';

export const NEWS_NAME = 'news_topics';

const SPLITS = ['train', 'test', 'all'] as const;
/** Of this many articles one, the last, is held out. */
const HELD_OUT = 5;

/** The options of `news_topics`. */
export const NEWS_OPTIONS = {
  articles: {
    type: 'text',
    default: null,
    isNullable: true,
    isPath: true,
    description: 'CSV of class (1 to 4), title, description without a header; null: articles that come with lightbulb',
  } as TextOption,
  orGenerated: {
    type: 'boolean',
    default: false,
    description: 'where there is no such file, take the articles that come with lightbulb',
  },
  split: {
    type: 'text',
    default: 'train',
    choices: SPLITS,
    description: 'which articles are read: test is every fifth, train the others',
  } as TextOption<(typeof SPLITS)[number]>,
  maxLength: {
    type: 'integer',
    default: 400,
    minimum: 1,
    description: 'characters of an article; the rest is cut off',
  },
} as const;

export type NewsOptions = Partial<OptionValues<typeof NEWS_OPTIONS>>;

/** An article as the agent sees it. */
export interface NewsText {
  readonly text: string;
  /** 0 to 3: see `TOPICS`. */
  readonly topic: number;
}

/** What is read under some options. */
export interface NewsCorpus {
  /** `generated`, or the path of the file. */
  readonly name: string;
  /** All of them, held out or not, in their order. */
  readonly texts: readonly NewsText[];
  /** Indices of those of the split, ascending. */
  readonly split: readonly number[];
}

/**
 * Which articles `news_topics` reads under these options (plain data; what is left out has its default), and how many
 * there are, held out ones included. Errors `invalid_input` as for the environment.
 */
export function newsCorpus(options: Json = {}): { readonly name: string; readonly articles: number } {
  const { name, texts } = openCorpus(resolveOptions(NEWS_NAME, NEWS_OPTIONS, options));
  return { name, articles: texts.length };
}

/** The articles of the split that these options name, as they are seen, in their order. Errors as `newsCorpus`. */
export function newsTexts(options: Json = {}): readonly NewsText[] {
  const { texts, split } = openCorpus(resolveOptions(NEWS_NAME, NEWS_OPTIONS, options));
  return split.map((index) => texts[index]!);
}

/** Errors `invalid_input`: no such file, no articles in it (see `readArticles`), or too few to hold any out. */
export function openCorpus(options: NewsOptions): NewsCorpus {
  const { articles: path = null, orGenerated = false, split = 'train', maxLength = 400 } = options;
  const read = path === null ? generatedArticles() : readArticles(path);
  if (read === null && !orGenerated) {
    throw new LightbulbError('invalid_input', 'there is no file of articles', {
      where: `${NEWS_NAME}, option "articles"`,
      got: path!,
      cure: 'Paths start at the folder you work in; set "orGenerated" to true to go on without the file',
    });
  }
  const articles = read ?? generatedArticles();
  const indices = articles.map((_, index) => index).filter((index) => isIn(split, index));
  if (indices.length === 0) {
    throw new LightbulbError('invalid_input', 'there are too few articles to hold any out', {
      where: path ?? NEWS_NAME,
      wanted: `at least ${HELD_OUT}`,
      got: String(articles.length),
    });
  }
  const name = path === null || read === null ? 'generated' : path;
  return { name, texts: articles.map((article) => asSeen(article, maxLength)), split: indices };
}

function isIn(split: (typeof SPLITS)[number], index: number): boolean {
  return split === 'all' || (index % HELD_OUT === HELD_OUT - 1) === (split === 'test');
}

function asSeen({ topic, title, description }: Article, maxLength: number): NewsText {
  const whole = `${title}\n${description}`;
  // Never half a character: the first of two code units is no text by itself.
  const end = /[\ud800-\udbff]/.test(whole.charAt(maxLength - 1)) ? maxLength - 1 : maxLength;
  return { text: whole.slice(0, end), topic };
}
