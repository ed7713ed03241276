export { type Facts, type GeneratedArticle, generatedArticles } from './articles.ts';
