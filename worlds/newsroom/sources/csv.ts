import { articleOfRow, csvRows } from '../../news/index.ts';
import { areColumns, articleOfFields, type SourceArticle } from './source-article.ts';

/**
 * The articles of a CSV: with a first line that names the columns (see `articleOfFields`; others are left alone), or
 * without, in the form of AG's corpus: class from 1 to 4, title, description. Errors name file and line.
 */
export function csvArticles(path: string, content: Buffer): SourceArticle[] {
  const [first, ...others] = csvRows(path, content.toString('utf8'));
  if (first === undefined) return [];
  if (!areColumns(first.record))
    return [first, ...others].map(({ record, line }) => ({ ...articleOfRow(path, record, line), tone: null }));
  return others.map(({ record, line }) =>
    articleOfFields(
      Object.fromEntries(first.record.flatMap((name, i) => (i < record.length ? [[name, record[i]]] : []))),
      `${path}, line ${line}`,
    ),
  );
}
