import { LightbulbError } from '../../../core/index.ts';
import { articleOfFields, type SourceArticle } from './source-article.ts';

/** The articles of a file with one JSON object a line (see `articleOfFields`); empty lines are skipped. */
export function jsonLineArticles(path: string, content: Buffer): SourceArticle[] {
  return content
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split('\n')
    .flatMap((line, i) => (line.trim() === '' ? [] : [articleOfLine(line, `${path}, line ${i + 1}`)]));
}

function articleOfLine(line: string, where: string): SourceArticle {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new LightbulbError('invalid_input', 'this is no JSON', { where, got: (cause as Error).message, cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return articleOfFields(value as Record<string, unknown>, where);
  throw new LightbulbError('invalid_input', 'this is no article', {
    where,
    wanted: 'an object',
    got: line.slice(0, 60),
  });
}
