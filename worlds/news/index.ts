export { articleOfRow, csvRows, TOPICS } from './articles.ts';
export { NEWS_NAME, NEWS_OPTIONS, type NewsOptions, type NewsText, newsCorpus, newsTexts } from './corpus.ts';
export { type Grammar, grammarOf, type Phrases, polished, speak, titled } from './grammar.ts';
export { lookUpTopic, newsTopics } from './news.ts';
export { shared as sharedPhrases } from './phrases/shared.ts';
