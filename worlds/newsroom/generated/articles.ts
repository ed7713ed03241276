import { type Stream, stream } from '../../../core/index.ts';
import { type Grammar, grammarOf, polished, sharedPhrases, speak, titled } from '../../news/index.ts';
import { TONES } from '../../text/index.ts';
import type { SourceArticle } from '../sources/index.ts';
import { phrases } from './phrases.ts';

/** What a generated article tells. */
export interface Facts {
  readonly who: string;
  /** What they did and to what, as a headline says it: `cuts 12 jobs`. */
  readonly did: string;
  readonly where: string;
}

/** An article whose facts and tone are known, because it was made from them. */
export interface GeneratedArticle extends SourceArticle {
  readonly tone: number;
  readonly facts: Facts;
}

const ARTICLES = 6000;
/** Shares of articles: whose headline says where, that say something before the deed, and between who and deed. */
const PLACED_TITLE = 0.5;
const OPENING = 0.5;
const ASIDE = 0.4;
/** Of quotes, how many have the tone of the deed; the others are neutral. */
const FITTING_QUOTE = 0.75;

let articles: readonly GeneratedArticle[] | undefined;

/**
 * News that the project makes up itself: 6,000 different articles, always the same. Each is made from facts (who did what,
 * where) and a tone. The headline names them; the text tells the deed in the same words among others, somewhere in its
 * first sentence, and ends with a quote that mostly has the tone. Made when first asked for.
 */
export function generatedArticles(): readonly GeneratedArticle[] {
  articles ??= generate(ARTICLES, stream(0, 'newsroom/generated'));
  return articles;
}

function generate(count: number, random: Stream): GeneratedArticle[] {
  const grammar = grammarOf(sharedPhrases, phrases);
  const made = new Map<string, GeneratedArticle>();
  while (made.size < count) {
    const article = write(grammar, random);
    made.set(`${article.title}\n${article.description}`, article);
  }
  return [...made.values()];
}

function write(grammar: Grammar, random: Stream): GeneratedArticle {
  const say = (name: string): string => speak(grammar, name, random);
  const has = (share: number): boolean => random.uniform() < share;
  const tone = random.integer(TONES.length);
  const [who, where, deed] = [say('who'), say('city'), say(`${TONES[tone]} deed`)];
  const did = deed.replaceAll(/\[[^\]]*\] ?/g, '').trim();
  const title = titled(has(PLACED_TITLE) ? `${who} ${did} in ${where}` : `${who} ${did}`);
  const told = `${who}${has(ASIDE) ? say('aside') : ''} ${deed.replaceAll(/[[\]]/g, '')} ${say('when')}`;
  const sentence = polished(has(OPENING) ? `${say('opening')} ${told}` : told);
  const quote = polished(say(`${has(FITTING_QUOTE) ? TONES[tone] : 'neutral'} quote`));
  return { title, description: `${where} - ${sentence}. ${quote}`, tone, facts: { who, did, where } };
}
