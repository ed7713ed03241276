import { LightbulbError } from '../core/index.ts';
import { type RunOptions, run, type Scenario, type Summary } from '../scenarios/index.ts';
import { onInterrupt } from './interrupt.ts';
import { showProgress } from './progress.ts';
import { summaryText } from './summary.ts';
import { tasksTable } from './tasks-table.ts';
import { type ExitCode, exitCodes, printJson, printLine, type Terminal } from './terminal.ts';

/** Runs a scenario to its end before the eyes of a person, who may press Ctrl-C. */
export async function runAndShow(
  scenario: Scenario,
  { folder, resume }: Required<Pick<RunOptions, 'folder' | 'resume'>>,
  terminal: Terminal,
  json: boolean,
): Promise<ExitCode> {
  const { createTraining, createGato, stderr, stdout } = terminal;
  const stop = new AbortController();
  const release = onInterrupt((first) => {
    if (!first) process.exit(exitCodes.interrupted);
    printLine(stderr, '\nstopping after this iteration, with a checkpoint; Ctrl-C again stops at once');
    stop.abort();
  });
  const makers = {
    ...(createTraining === undefined ? {} : { createTraining }),
    ...(createGato === undefined ? {} : { createGato }),
  };
  const tell = (message: string): void => printLine(stderr, message);
  const options = { folder, resume, signal: stop.signal, tell, ...makers };
  const progress = showProgress(stderr);
  let summary: Summary | undefined;
  try {
    await run(scenario, options).forEach((event) => {
      progress.show(event);
      if (event.kind === 'finished' || event.kind === 'interrupted') summary = event.summary;
    });
  } finally {
    progress.close();
    release();
  }
  if (summary === undefined) throw new LightbulbError('internal', 'a run ended without a summary');
  if (json) printJson(stdout, summary);
  else {
    const tasks = summary.evaluation?.tasks;
    if (tasks !== undefined) printLine(stdout, await tasksTable(tasks));
    printLine(stdout, summaryText(summary));
  }
  return summary.state === 'interrupted' ? exitCodes.interrupted : exitCodes.done;
}
