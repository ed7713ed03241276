import { LightbulbError } from '../../../core/index.ts';
import { TONES } from '../../text/index.ts';

/** An article as its file has it. */
export interface SourceArticle {
  readonly title: string;
  readonly description: string;
  /** Index of `TONES`; null where the file does not say. */
  readonly tone: number | null;
}

const TITLES = ['title', 'headline'];
const DESCRIPTIONS = ['description', 'text', 'body'];
const LABELS = ['tone', 'label'];

/** The name of the first of `names` that is among `columns`, whatever their case; undefined where there is none. */
function columnOf(columns: readonly string[], names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = columns.find((column) => column.trim().toLowerCase() === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether these are names of columns: a title and a text are among them. */
export function areColumns(columns: readonly string[]): boolean {
  return columnOf(columns, TITLES) !== undefined && columnOf(columns, DESCRIPTIONS) !== undefined;
}

/**
 * The article in a record with named fields: `title` (or `headline`), `description` (or `text`, `body`) and, where there
 * is one, `tone` (or `label`): negative, neutral or positive, or 0, 1 or 2 in this order; nothing where it is empty.
 * Throws `invalid_input` at `where`.
 */
export function articleOfFields(fields: Readonly<Record<string, unknown>>, where: string): SourceArticle {
  const columns = Object.keys(fields);
  const textOf = (names: readonly string[]): string => {
    const column = columnOf(columns, names);
    const value = column === undefined ? undefined : fields[column];
    if (typeof value === 'string') return value;
    throw new LightbulbError('invalid_input', `this article has no ${names[0]}`, {
      where,
      wanted: `a text called ${names.join(' or ')}`,
      got:
        column === undefined
          ? `the fields ${columns.join(', ') || 'of nothing'}`
          : (JSON.stringify(value) ?? 'nothing'),
    });
  };
  const label = columnOf(columns, LABELS);
  return {
    title: textOf(TITLES),
    description: textOf(DESCRIPTIONS),
    tone: label === undefined ? null : toneNamed(fields[label], `${where}, "${label}"`),
  };
}

function toneNamed(value: unknown, where: string): number | null {
  if (value === null || value === undefined || value === '') return null;
  const name = String(value).trim().toLowerCase();
  const tone = /^[0-2]$/.test(name) ? Number(name) : (TONES as readonly string[]).indexOf(name);
  if (tone >= 0) return tone;
  throw new LightbulbError('invalid_input', 'there is no such tone', {
    where,
    wanted: `${TONES.join(', ')}, or 0, 1, 2`,
    got: JSON.stringify(typeof value === 'bigint' ? String(value) : value),
    cure: 'Rename the column where it means something else, such as the topic',
  });
}
