import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { LightbulbError } from '../../core/index.ts';
import { decoded } from './decoded.ts';

/** A record of a corpus, and the field (JSON Lines) or column (CSV) that somebody asks of it. */
export interface TextRecord {
  /** `<file>:<line>` */
  readonly where: string;
  /** The text of this field. Error `invalid_input` where there is none. */
  field(name: string): string;
}

/** Longer records are taken for a mistake: a file of another format. Characters. */
const LONGEST = 16 * 2 ** 20;

/** The records of a file of JSON objects, one a line; empty lines are none. Numbers and truth values count as texts. */
export async function* jsonLines(file: string): AsyncGenerator<TextRecord> {
  for await (const { text, where } of linesOf(file)) {
    if (text.trim() === '') continue;
    const object = parseObject(text, where);
    yield {
      where,
      field(name) {
        const value = object[name];
        if (typeof value === 'string') return value;
        if (typeof value === 'number' || typeof value === 'boolean') return String(value);
        throw new LightbulbError('invalid_input', `the field "${name}" is no text`, {
          where,
          wanted: 'a string',
          got: value === undefined ? 'no such field' : (JSON.stringify(value) as string).slice(0, 60),
          ...(value === undefined ? { cure: `There are: ${Object.keys(object).slice(0, 20).join(', ')}` } : {}),
        });
      },
    };
  }
}

/**
 * The records of a CSV file (RFC 4180: quoted fields may hold commas, quotes and line feeds). Columns are numbers from
 * 1, or names from the first record with `header`.
 */
export async function* csvRecords(file: string, header: boolean): AsyncGenerator<TextRecord> {
  const parser = parse({
    record_delimiter: ['\r\n', '\n', '\r'],
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST,
  });
  const source = Readable.from(decoded(file));
  pipeline(source, parser, () => {}); // what fails is thrown by the loop
  let names: readonly string[] | undefined;
  let before = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRow>) {
      const where = `${file}:${before}`;
      before = info.lines + 1;
      if (header && names === undefined) names = record;
      else yield csvRecord(record, names, where);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? `:${error.lines}` : '';
    throw new LightbulbError('invalid_input', `not CSV: ${error.message}`, { where: `${file}${line}`, cause: error });
  }
}

interface CsvRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function csvRecord(record: readonly string[], names: readonly string[] | undefined, where: string): TextRecord {
  return {
    where,
    field(name) {
      const named = names?.indexOf(name) ?? -1;
      const column = named >= 0 ? named : /^[1-9]\d*$/.test(name) ? Number(name) - 1 : -1;
      const value = record[column];
      if (value !== undefined) return value;
      const columns = names === undefined ? `1 to ${record.length}` : names.join(', ');
      throw new LightbulbError('invalid_input', `there is no column "${name}"`, {
        where,
        wanted: `one of its columns: ${columns}`,
        ...(names === undefined && column < 0 ? { cure: 'Names of columns come with --header' } : {}),
      });
    },
  };
}

function parseObject(text: string, where: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LightbulbError('invalid_input', `not JSON: ${(cause as Error).message}`, { where, cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new LightbulbError('invalid_input', 'a line is no JSON object', { where, got: text.slice(0, 60) });
}

/** Lines end with a line feed alone: node:readline also ends them at U+2028, which a JSON text may hold. */
async function* linesOf(file: string): AsyncGenerator<{ readonly text: string; readonly where: string }> {
  let line = 1;
  let rest = '';
  for await (const piece of decoded(file)) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop()!;
    for (const text of parts) yield { text, where: `${file}:${line++}` };
    if (rest.length > LONGEST)
      throw new LightbulbError('invalid_input', 'a line is too long to be a record', {
        where: `${file}:${line}`,
        wanted: `at most ${LONGEST} characters`,
        got: 'more',
      });
  }
  yield { text: rest, where: `${file}:${line}` };
}
