import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { LightbulbError } from '../../../core/index.ts';
import { csvArticles } from './csv.ts';
import { feedArticles } from './feed.ts';
import { jsonLineArticles } from './json-lines.ts';
import { parquetArticles } from './parquet.ts';
import type { SourceArticle } from './source-article.ts';

export type { SourceArticle } from './source-article.ts';

type Reader = (path: string, content: Buffer) => SourceArticle[];

const READERS: Readonly<Record<string, Reader>> = {
  '.csv': csvArticles,
  '.jsonl': jsonLineArticles,
  '.ndjson': jsonLineArticles,
  '.rss': feedArticles,
  '.atom': feedArticles,
  '.xml': feedArticles,
  '.parquet': parquetArticles,
};

/** The bytes of a file; null where there is none. Throws `invalid_input` where it cannot be read. */
export function readSource(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new LightbulbError('invalid_input', 'the articles cannot be read', {
      where: path,
      got: message,
      cause: error,
    });
  }
}

/** The articles in `content`, read by the ending of the file's name. Errors `invalid_input`, naming file and line. */
export function sourceArticles(path: string, content: Buffer): SourceArticle[] {
  const read = READERS[extname(path).toLowerCase()];
  if (read !== undefined) return read(path, content);
  throw new LightbulbError('invalid_input', 'articles of this kind cannot be read', {
    where: path,
    wanted: `a name that ends in ${Object.keys(READERS).join(', ')}`,
    got: extname(path) || 'no ending',
  });
}
