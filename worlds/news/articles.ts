import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { LightbulbError } from '../../core/index.ts';

/** In the order of their numbers: in the environment from 0, in files from 1. */
export const TOPICS = ['World', 'Sports', 'Business', 'Sci/Tech'] as const;

export interface Article {
  /** Index of `TOPICS`. */
  readonly topic: number;
  readonly title: string;
  readonly description: string;
}

/**
 * The articles of a CSV file in the form of AG's corpus (Zhang, Zhao and LeCun 2015, arXiv 1509.01626): without a
 * header, class from 1, title and description. Backslashes, which stand for new lines there, become spaces. null where
 * there is no such file. Errors `invalid_input`, naming file and line, where it cannot be read or is something else.
 */
export function readArticles(path: string): readonly Article[] | null {
  const content = readText(path);
  if (content === null) return null;
  const articles = csvRows(path, content).map(({ record, line }) => articleOfRow(path, record, line));
  if (articles.length > 0) return articles;
  throw new LightbulbError('invalid_input', 'this file has no articles', { where: path });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
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

export interface CsvRow {
  readonly record: readonly string[];
  /** Where it ends, from 1. */
  readonly line: number;
}

/** The rows of a CSV without those that are empty. Errors `invalid_input`, naming file and line. */
export function csvRows(path: string, content: string): readonly CsvRow[] {
  try {
    const rows = parse(content, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
    return (rows as unknown as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      record,
      line: info.lines,
    }));
  } catch (error) {
    const { lines, message } = error as Error & { lines?: number };
    const where = lines === undefined ? path : `${path}, line ${lines}`;
    throw new LightbulbError('invalid_input', 'this is no CSV', { where, got: message, cause: error });
  }
}

/** A row in the form of AG's corpus. Errors as `readArticles`. */
export function articleOfRow(path: string, record: readonly string[], line: number): Article {
  const wrong = (problem: string, wanted: string, got: string): LightbulbError =>
    new LightbulbError('invalid_input', problem, { where: `${path}, line ${line}`, wanted, got });
  const [topic, title, description] = record;
  if (record.length !== 3) throw wrong('this is no article', 'class, title, description', `${record.length} columns`);
  if (!/^[1-4]$/.test(topic!.trim())) throw wrong('there is no such topic', '1, 2, 3 or 4', JSON.stringify(topic));
  const plain = (text: string): string => text.replaceAll(/\\+/g, ' ').trim();
  return { topic: Number(topic) - 1, title: plain(title!), description: plain(description!) };
}
