import { mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import { LightbulbError, suggest } from '../../core/index.ts';
import type { RecordedRuns, Report } from '../../reports/index.ts';
import type { ScoreRange } from '../../scenarios/index.ts';
import { jsonOption, type MakeCommand } from '../command.ts';
import { finalTable } from '../final-table.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

interface Options {
  readonly out?: string;
  readonly score: readonly string[];
  readonly measure?: string;
  readonly title?: string;
  readonly json?: true;
}

export const reportCommand: MakeCommand = (terminal, finish) =>
  new Command('report')
    .description('compare runs: a page, pictures, tables, and the numbers for other programs')
    .argument('<paths...>', 'folders of runs, of batches, or folders that hold such')
    .option('--out <folder>', "where it goes; otherwise `report` in the batch's folder, or here")
    .addOption(
      new Option('--score <task=low:high>', 'which final scores count as 0 and 1 on a task (repeatable)')
        .default([] as readonly string[], "the plan's")
        .argParser((text: string, before: readonly string[]) => [...before, text]),
    )
    .option(
      '--measure <name>',
      "number of metrics.jsonl that is a run's final score, as evaluation/length; otherwise the team's objective, or the return",
    )
    .option('--title <text>', 'its heading')
    .addOption(jsonOption('the final scores'))
    .action(async (paths: readonly string[], { out, score, measure, title, json }: Options) => {
      const ranges = score.map(parseScore); // what is wrong with a flag is said before much is read
      const { makeReport, readRuns } = await import('../../reports/index.ts');
      const recorded = await readRuns(paths);
      mustBeTasks(ranges, recorded);
      const scores = Object.fromEntries(ranges.map(({ task, range }) => [task, range]));
      const report = makeReport(recorded, {
        scores,
        ...(measure === undefined ? {} : { measure }),
        ...(title === undefined ? {} : { title }),
      });
      const folder = out ?? join(recorded.batches[0] ?? '.', 'report');
      const files = await writeReport(report, recorded, folder);
      for (const warning of report.warnings) printLine(terminal.stderr, `warning: ${warning}`);
      if (json) {
        const { title, measure: words, measures, tasks, arms, finals, comparisons, warnings } = report;
        const what = { title, measure: words, measures, tasks, arms };
        printJson(terminal.stdout, { folder, files, ...what, finals, comparisons, warnings });
      } else {
        printLine(terminal.stdout, await finalTable(report));
        for (const file of files) printLine(terminal.stdout, join(folder, file));
      }
      finish(exitCodes.done);
    });

/** Writes everything over an earlier report there. Returns what was written, from `folder`. */
async function writeReport(report: Report, recorded: RecordedRuns, folder: string): Promise<string[]> {
  const { writeExportsApart, writeHtml, writePictures } = await import('../../reports/index.ts');
  const pictures = join(folder, 'pictures');
  try {
    mkdirSync(folder, { recursive: true });
    // An earlier report may have had pictures that this one has not.
    rmSync(pictures, { recursive: true, force: true });
    const exporting = writeExportsApart(report, recorded.runs, folder);
    exporting.catch(() => undefined); // told below, once the pictures are done
    await writeHtml(report, join(folder, 'index.html'));
    const drawn = await writePictures(report, pictures);
    const exported = await exporting;
    return ['index.html', ...drawn.map((file) => relative(folder, file)), ...exported];
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === undefined || !code.startsWith('E')) throw cause;
    throw new LightbulbError('disk', `the report cannot be written (${code})`, {
      where: folder,
      cure: 'See to the folder and its permissions, or name another with --out',
      cause,
    });
  }
}

interface TaskRange {
  readonly text: string;
  readonly task: string;
  readonly range: ScoreRange;
}

function parseScore(text: string): TaskRange {
  const [, task, lowText = '', highText = ''] = /^(.+)=([^:]+):([^:]+)$/.exec(text) ?? [];
  const [low, high] = [Number(lowText), Number(highText)];
  const isRange = lowText.trim() !== '' && highText.trim() !== '' && Number.isFinite(low) && Number.isFinite(high);
  if (task !== undefined && isRange && low !== high) return { text, task, range: { low, high } };
  throw new LightbulbError('invalid_input', 'not a range of scores', {
    where: '--score',
    wanted: 'task=low:high with two different numbers, for example simple_spread=-200:-50',
    got: text,
  });
}

function mustBeTasks(ranges: readonly TaskRange[], { runs }: RecordedRuns): void {
  const tasks = [...new Set(runs.map(({ task }) => task))];
  for (const { text, task } of ranges) {
    if (tasks.includes(task)) continue;
    throw new LightbulbError('invalid_input', `no run is of the task "${task}"`, {
      where: `--score ${text}`,
      cure: suggest(task, tasks),
    });
  }
}
