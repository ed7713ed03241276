export { TOPICS } from './articles.ts';
export { NEWS_NAME, NEWS_OPTIONS, type NewsOptions, type NewsText, newsCorpus, newsTexts } from './corpus.ts';
export { lookUpTopic, newsTopics } from './news.ts';
