import { extname } from 'node:path';
import { Command, Option } from 'commander';
import { LightbulbError } from '../../core/index.ts';
import { jsonOption, type MakeCommand, wholeNumber } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

interface Options {
  readonly out: string;
  readonly format?: 'jsonl' | 'csv';
  readonly text: string;
  readonly label?: string;
  readonly labels?: string;
  readonly header?: true;
  readonly maxLength?: string;
  readonly json?: true;
}

export const importCommand: MakeCommand = (terminal, finish) =>
  new Command('import')
    .description('make a dataset of texts: JSON Lines or CSV')
    .argument('<files...>', 'the corpus')
    .requiredOption('--out <folder>', "the dataset's folder; it must not exist yet")
    .requiredOption('--text <fields>', 'which fields are the text, with commas between; of CSV the columns, from 1')
    .option('--label <field>', 'which field is the label; without, the texts have none')
    .option('--labels <names>', 'all labels in order, with commas between; otherwise those that there are, sorted')
    .addOption(new Option('--format <name>', "otherwise by the files' ending").choices(['jsonl', 'csv']))
    .option('--header', 'the first record of a CSV file has the names of its columns')
    .option('--max-length <n>', 'characters of a text, longer ones are cut; otherwise the longest')
    .addOption(jsonOption('folder and manifest'))
    .action(async (files: readonly string[], { out, format, header, json, ...named }: Options) => {
      const { text, label, labels, maxLength } = named;
      const asked = {
        files,
        out,
        format: format ?? formatOf(files),
        text: listed('--text', text),
        header: header === true,
        ...(label === undefined ? {} : { label }),
        ...(labels === undefined ? {} : { labels: listed('--labels', labels) }),
        ...(maxLength === undefined ? {} : { maxLength: wholeNumber('--max-length', maxLength, 1) }),
      };
      if (asked.labels !== undefined && label === undefined)
        throw new LightbulbError('invalid_input', 'labels need a field', { where: '--labels', cure: 'Add --label' });
      const { importTexts } = await import('../../agents/index.ts');
      const manifest = await importTexts(asked);
      if (json) printJson(terminal.stdout, { folder: out, manifest });
      else printLine(terminal.stdout, `${manifest.episodes} texts: ${out}`);
      finish(exitCodes.done);
    });

const ENDINGS: Readonly<Record<string, 'jsonl' | 'csv'>> = { '.jsonl': 'jsonl', '.ndjson': 'jsonl', '.csv': 'csv' };

function formatOf(files: readonly string[]): 'jsonl' | 'csv' {
  const formats = files.map((file) => ENDINGS[extname(file).toLowerCase()]);
  const [format] = formats;
  if (format !== undefined && formats.every((each) => each === format)) return format;
  throw new LightbulbError('invalid_input', 'the endings of the files do not say one format', {
    where: files.join(', '),
    wanted: Object.keys(ENDINGS).join(', '),
    cure: 'Say it: --format jsonl or --format csv',
  });
}

function listed(flag: string, text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '') && new Set(names).size === names.length) return names;
  throw new LightbulbError('invalid_input', 'not a list of names', {
    where: flag,
    wanted: 'different names with commas between',
    got: text,
  });
}
