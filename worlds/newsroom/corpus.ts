import { createHash } from 'node:crypto';
import { LightbulbError } from '../../core/index.ts';
import { tidied, tokensOf, toneOf, valenceOf } from '../text/index.ts';
import { type Facts, generatedArticles } from './generated/index.ts';
import { NEWSROOM_NAME, type NewsroomSettings } from './settings.ts';
import { readSource, type SourceArticle, sourceArticles } from './sources/index.ts';

/** Of this many articles about one is held out; of this many of the others one is for choosing settings by. */
const HELD_OUT = 5;
const VALIDATED = 5;
/** How many corpora are kept, so that evaluations and workers of a process need not read them again. */
const KEPT = 2;

/** An article, tidied (see `tidied`). */
export interface NewsroomArticle {
  readonly title: string;
  readonly description: string;
  /** 0 negative, 1 neutral, 2 positive: the corpus's label, else AFINN's of title and description (see `toneOf`). */
  readonly tone: number;
  readonly isLabelled: boolean;
  /** In `test`, else in `train`: decided by its title and description alone. */
  readonly isHeldOut: boolean;
  /** In `validation` where settings are being chosen, else in `train`; never held out. Decided in the same way. */
  readonly isValidation: boolean;
  /** SHA-256 of title and description, tidied. */
  readonly digest: string;
  /** What is known of a generated article. */
  readonly facts: Facts | null;
}

export interface NewsroomCorpus {
  /** `generated`, or the path of the file. */
  readonly name: string;
  /** All of them, held out or not, in their order. */
  readonly articles: readonly NewsroomArticle[];
  /** SHA-256 of all digests and tones in their order. */
  readonly digest: string;
}

const known = new Map<string, readonly NewsroomArticle[]>();

/**
 * Reads the articles that these settings name. Articles without a word in title or description are left out. Errors
 * `invalid_input`, naming file and line: no such file (unless `orGenerated`), nothing in it, or something else.
 */
export function openCorpus({ articles: path, orGenerated }: NewsroomSettings): NewsroomCorpus {
  const content = path === null ? null : readSource(path);
  if (path !== null && content === null && !orGenerated) {
    throw new LightbulbError('invalid_input', 'there is no file of articles', {
      where: `${NEWSROOM_NAME}, option "articles"`,
      got: path,
      cure: 'Paths start at the folder you work in; set "orGenerated" to true to go on without the file',
    });
  }
  const isGenerated = path === null || content === null;
  const articles = isGenerated
    ? remember('generated', () => generatedArticles().map((each) => articleOf(each, each.facts)))
    : remember(`${sha256(content)} ${path}`, () => sourceArticles(path, content).flatMap(usable));
  if (articles.length === 0)
    throw new LightbulbError('invalid_input', 'this file has no articles', { where: path ?? NEWSROOM_NAME });
  const digest = sha256(articles.map((article) => article.digest + article.tone).join(' '));
  return { name: isGenerated ? 'generated' : path, articles, digest };
}

function remember(key: string, make: () => readonly NewsroomArticle[]): readonly NewsroomArticle[] {
  const articles = known.get(key) ?? make();
  known.delete(key);
  known.set(key, articles);
  for (const oldest of [...known.keys()].slice(0, -KEPT)) known.delete(oldest);
  return articles;
}

function usable(source: SourceArticle): readonly NewsroomArticle[] {
  const article = articleOf(source, null);
  return tokensOf(article.title).length > 0 && tokensOf(article.description).length > 0 ? [article] : [];
}

function articleOf(source: SourceArticle, facts: Facts | null): NewsroomArticle {
  const [title, description] = [tidied(source.title), tidied(source.description)];
  const digest = sha256(`${title}\n${description}`);
  const isHeldOut = Number.parseInt(digest.slice(0, 8), 16) % HELD_OUT === 0;
  return {
    title,
    description,
    tone: source.tone ?? lexiconTone(`${title} ${description}`),
    isLabelled: source.tone !== null,
    isHeldOut,
    isValidation: !isHeldOut && Number.parseInt(digest.slice(8, 16), 16) % VALIDATED === 0,
    digest,
    facts,
  };
}

/** The tone of a text by AFINN-165: 0 negative, 1 neutral, 2 positive (see `toneOf`). */
export function lexiconTone(text: string): number {
  return toneOf(tokensOf(text).reduce((sum, token) => sum + valenceOf(token), 0));
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
