import { type Stream, stream } from '../../core/index.ts';
import type { Article } from './articles.ts';
import { type Grammar, grammarOf, polished, speak, titled } from './grammar.ts';
import { business } from './phrases/business.ts';
import { science } from './phrases/science.ts';
import { shared } from './phrases/shared.ts';
import { sports } from './phrases/sports.ts';
import { world } from './phrases/world.ts';

const ARTICLES = 5000;
/** In the order of the topics. */
const GRAMMARS: readonly Grammar[] = [world, sports, business, science].map((own) => grammarOf(shared, own));

/** Shares of articles that are hard: what says nothing about the topic, and what another topic would say. */
const NEUTRAL_TITLE = 0.25;
const NEUTRAL_SENTENCE = 0.2;
const SECOND_SENTENCE = 0.4;
const FOREIGN_SENTENCE = 0.25;

let articles: readonly Article[] | undefined;

/**
 * News that the project makes up itself: 5,000 different articles, always the same, from phrases of its own about the
 * four topics. The topics share names, places and many words (a "strike", a "race", a "launch"), some titles and
 * sentences could stand anywhere, and some articles end with a sentence from another topic. Made when first asked for.
 */
export function generatedArticles(): readonly Article[] {
  articles ??= generate(ARTICLES, stream(0, 'news/generated'));
  return articles;
}

function generate(count: number, random: Stream): Article[] {
  const known = new Set<string>();
  const made: Article[] = [];
  while (made.length < count) {
    const topic = random.integer(GRAMMARS.length);
    const article = write(topic, random);
    if (known.has(article.title + article.description)) continue;
    known.add(article.title + article.description);
    made.push(article);
  }
  return made;
}

function write(topic: number, random: Stream): Article {
  const grammar = GRAMMARS[topic]!;
  const say = (name: string, from = grammar): string => polished(speak(from, name, random));
  const title = titled(speak(grammar, random.uniform() < NEUTRAL_TITLE ? 'neutral headline' : 'headline', random));
  const sentences = [say(random.uniform() < NEUTRAL_SENTENCE ? 'neutral sentence' : 'sentence')];
  if (random.uniform() < SECOND_SENTENCE) {
    const isForeign = random.uniform() < FOREIGN_SENTENCE;
    const other = (topic + 1 + random.integer(GRAMMARS.length - 1)) % GRAMMARS.length;
    sentences.push(say('sentence', isForeign ? GRAMMARS[other]! : grammar));
  }
  return { topic, title, description: `${say('city')} - ${sentences.join(' ')}` };
}
