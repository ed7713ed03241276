import { LightbulbError, suggest } from '../../core/index.ts';
import { discrete, text } from '../../worlds/index.ts';
import type { DatasetGroup, DatasetManifest } from './manifest.ts';
import { csvRecords, jsonLines, type TextRecord } from './text-records.ts';
import { DatasetWriter } from './writer.ts';

export interface ImportOptions {
  readonly files: readonly string[];
  readonly format: 'jsonl' | 'csv';
  /** CSV: whether the first record of each file has the names of its columns. Default false. */
  readonly header?: boolean;
  /** Fields, or columns by number from 1 or by name; of more than one, the texts are joined by line feeds. */
  readonly text: readonly string[];
  /** The field or column with the label; without, nobody acts on the texts. */
  readonly label?: string;
  /** All labels, in the order of the actions. Default: those that there are, numbers ascending before words in order. */
  readonly labels?: readonly string[];
  /** Characters (UTF-16 units) of a text, at most; longer ones are cut. Default: as many as the longest has. */
  readonly maxLength?: number;
  /** The dataset's folder; must not be there yet. */
  readonly out: string;
}

/** More labels than this are taken for a mistake: the wrong field. */
const MOST_LABELS = 1024;

/**
 * Makes a dataset of a corpus: each record is an episode of one step, whose observation is its text and whose action its
 * label; rewards are 0. Files are read twice, first to see that all of it is sound, how long texts are and which labels
 * there are; nothing is kept in memory but a shard. Errors: `invalid_input` naming file and line, `exists`.
 */
export async function importTexts(options: ImportOptions): Promise<DatasetManifest> {
  const { files, label, maxLength, out } = options;
  if (maxLength !== undefined && !(Number.isSafeInteger(maxLength) && maxLength >= 1))
    throw new LightbulbError('invalid_input', 'texts cannot be this long', {
      where: 'maxLength',
      wanted: 'a whole number from 1',
      got: String(maxLength),
    });
  const survey = await surveyOf(options);
  const length = Math.max(1, Math.min(survey.longest, maxLength ?? survey.longest));
  const labels = options.labels ?? survey.labels;
  const group: DatasetGroup = {
    name: 'reader',
    agents: ['reader'],
    observation: text(length),
    action: label === undefined ? null : discrete(labels.length, labels),
    mask: 0,
  };
  const writer = new DatasetWriter({ folder: out, groups: [group] });
  try {
    const numbers = new Map(labels.map((name, i) => [name, i]));
    let episode = 0;
    for await (const record of recordsOf(options)) {
      const action = label === undefined ? [] : [numbers.get(record.field(label))!];
      writer.add({
        group: 0,
        agent: 0,
        episode: episode++,
        steps: 1,
        observation: flat(textOf(record, options), length),
        action: Int32Array.from(action),
        actionMask: new Uint8Array(0),
        reward: new Float32Array(1),
        terminated: true,
        truncated: false,
      });
    }
    const policy = { import: files, text: options.text, ...(label === undefined ? {} : { label }) };
    return writer.finish({ environment: null, policy, seed: 0, episodes: episode, steps: episode, return: null });
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

interface Survey {
  readonly longest: number;
  readonly labels: readonly string[];
}

async function surveyOf(options: ImportOptions): Promise<Survey> {
  const { files, label, labels: given } = options;
  const found = new Set<string>();
  let longest = 0;
  let isEmpty = true;
  for await (const record of recordsOf(options)) {
    isEmpty = false;
    longest = Math.max(longest, textOf(record, options).length);
    if (label === undefined) continue;
    const name = record.field(label);
    if (given !== undefined && !given.includes(name))
      throw new LightbulbError('invalid_input', 'there is no such label', {
        where: record.where,
        got: JSON.stringify(name),
        cure: suggest(name, given),
      });
    found.add(name);
    if (found.size > MOST_LABELS)
      throw new LightbulbError('invalid_input', `"${label}" has too many values for a label`, {
        where: record.where,
        wanted: `at most ${MOST_LABELS}`,
        got: 'more',
      });
  }
  if (isEmpty) throw new LightbulbError('invalid_input', 'there is no record in it', { where: files.join(', ') });
  return { longest, labels: [...found].sort(byNumberOrName) };
}

async function* recordsOf({ files, format, header = false }: ImportOptions): AsyncGenerator<TextRecord> {
  for (const file of files) yield* format === 'jsonl' ? jsonLines(file) : csvRecords(file, header);
}

function textOf(record: TextRecord, { text: fields }: ImportOptions): string {
  return fields.map((name) => record.field(name)).join('\n');
}

/** As `flatten` writes a text, cut to `length`, but not in the middle of a character. */
function flat(whole: string, length: number): Float32Array {
  const isHalf = whole.length > length && /[\ud800-\udbff]/.test(whole[length - 1]!);
  const kept = Math.min(whole.length, isHalf ? length - 1 : length);
  const numbers = new Float32Array(length);
  for (let i = 0; i < kept; i++) numbers[i] = whole.charCodeAt(i) + 1;
  return numbers;
}

function byNumberOrName(a: string, b: string): number {
  const [first, second] = [a, b].map((name) => (name.trim() === '' ? Number.NaN : Number(name)));
  const isNumber = [!Number.isNaN(first), !Number.isNaN(second)];
  if (isNumber[0] && isNumber[1]) return first! - second! || (a < b ? -1 : 1);
  if (isNumber[0] !== isNumber[1]) return isNumber[0] ? -1 : 1;
  return a < b ? -1 : 1;
}
