import { LightbulbError } from '../../core/index.ts';
import { resolveOptions } from '../options.ts';
import { TONES, tokensOf, valenceOf } from '../text/index.ts';
import { type NewsroomArticle, openCorpus } from './corpus.ts';
import { type Library, libraryOf } from './library.ts';
import { Scorer, weightsOf } from './scorer.ts';
import {
  NEWSROOM_NAME,
  NEWSROOM_OPTIONS,
  type NewsroomOptions,
  type NewsroomSettings,
  type Split,
} from './settings.ts';

/** Each in [0, 1]; ROUGE as F1 against the title. */
export interface NewsroomScores {
  readonly rouge1: number;
  readonly rouge2: number;
  readonly rougeL: number;
  readonly tone: number;
  readonly fluency: number;
  /** The team's objective. */
  readonly team: number;
}

/** What came of an article, as text, and what it is worth. */
export interface NewsroomEpisode extends NewsroomScores {
  /** Its index among all articles. */
  readonly article: number;
  /** What was seen of it, and its title, the reference. */
  readonly seen: string;
  readonly title: string;
  /** Its tone, and the one that was told. */
  readonly tonality: string;
  readonly told: string;
  readonly notes: string;
  readonly piece: string;
}

/** A corpus as the newsroom reads it, to look at and to score by. */
export interface Newsdesk {
  /** `generated`, or the path of the corpus. */
  readonly name: string;
  readonly settings: NewsroomSettings;
  /** All of them, held out or not, in their order: what levels count. */
  readonly articles: readonly NewsroomArticle[];
  /** Indices of those of the split, ascending. */
  readonly split: readonly number[];
  /** The writer's own words. */
  readonly ownWords: readonly string[];
  readonly library: Library;
  /** SHA-256 of the corpus. */
  readonly digest: string;
  /** The words of an article that agents see. */
  seen(article: number): string;
  /** Scores any piece about an article, as the environment does. `told`: 0 to 2. Throws `invalid_input`. */
  score(article: number, notes: string, told: number, piece: string): NewsroomEpisode;
}

/** Opens the corpus that these options name. Errors `invalid_input` as for the environment. */
export function newsroomDesk(options: NewsroomOptions = {}): Newsdesk {
  const settings = resolveOptions(NEWSROOM_NAME, NEWSROOM_OPTIONS, { ...options });
  const weights = weightsOf(settings);
  const corpus = openCorpus(settings);
  const library = libraryOf(corpus, settings);
  const { articles, table, wordStart, numbers, tones } = library;
  const seen = (article: number): string => table.text(table.inOrder, wordStart[article]!, library.wordsOf(article));
  const scorer = new Scorer(library, weights, 1);
  return {
    name: corpus.name,
    settings,
    articles,
    split: splitOf(articles, settings, corpus.name),
    ownWords: library.ownWords,
    library,
    digest: corpus.digest,
    seen,
    score(article, notes, told, piece) {
      const { title } = requireKnown(articles, article);
      if (TONES[told] === undefined) throw unknown('there is no such tone', `0 to ${TONES.length - 1}`, told);
      const tokens = numbers.ofForeignText(piece);
      scorer.take(
        tokens,
        tokensOf(piece).reduce((sum, token) => sum + valenceOf(token), 0),
      );
      scorer.score(article, told);
      const { rouge1, rougeL, tone, fluency, team } = scorer;
      const scores = { rouge1, rouge2: scorer.rougeN(2, article), rougeL, tone, fluency, team };
      const tonality = TONES[tones[article]!]!;
      return { ...scores, article, seen: seen(article), title, tonality, told: TONES[told], notes, piece };
    },
  };
}

function splitOf(
  articles: readonly NewsroomArticle[],
  { split, tuning }: NewsroomSettings,
  name: string,
): readonly number[] {
  const splitOfArticle = ({ isHeldOut, isValidation }: NewsroomArticle): Split => {
    if (isHeldOut) return 'test';
    return tuning && isValidation ? 'validation' : 'train';
  };
  const indices = articles.flatMap((article, index) =>
    split === 'all' || splitOfArticle(article) === split ? [index] : [],
  );
  if (indices.length > 0) return indices;
  throw new LightbulbError('invalid_input', `there are too few articles: none falls to the split "${split}"`, {
    where: name,
    wanted:
      split === 'validation'
        ? '"tuning": true, and about one in five of what is not held out, by its hash'
        : 'about one in five is held out, by its hash',
    got: `${articles.length} articles`,
    cure: 'Give more articles, or take the split "all"',
  });
}

function requireKnown(articles: readonly NewsroomArticle[], article: number): NewsroomArticle {
  return (
    articles[article] ??
    (() => {
      throw unknown('there is no such article', `0 to ${articles.length - 1}`, article);
    })()
  );
}

function unknown(problem: string, wanted: string, got: number): LightbulbError {
  return new LightbulbError('invalid_input', problem, { where: NEWSROOM_NAME, wanted, got: String(got) });
}
