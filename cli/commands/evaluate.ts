import { Command } from 'commander';
import { jsonOption, type MakeCommand, wholeNumber } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

interface Options {
  readonly episodes?: string;
  readonly seed?: string;
  readonly json?: true;
}

export const evaluateCommand: MakeCommand = (terminal, finish) =>
  new Command('evaluate')
    .description('play whole episodes with the newest checkpoint of a run')
    .argument('<folder>', "the run's folder")
    .option('--episodes <n>', "how many; otherwise the scenario's")
    .option('--seed <n>', "which episodes; otherwise the scenario's")
    .addOption(jsonOption())
    .action(async (folder: string, { episodes, seed, json }: Options) => {
      const { evaluate } = await import('../../scenarios/index.ts');
      const { evaluationText, modelText } = await import('../summary.ts');
      const { tasksTable } = await import('../tasks-table.ts');
      const summary = await evaluate(folder, {
        ...(episodes === undefined ? {} : { episodes: wholeNumber('--episodes', episodes, 1) }),
        ...(seed === undefined ? {} : { seed: wholeNumber('--seed', seed, 0) }),
        ...(terminal.createTraining === undefined ? {} : { createTraining: terminal.createTraining }),
        ...(terminal.createGato === undefined ? {} : { createGato: terminal.createGato }),
      });
      for (const warning of summary.warnings) printLine(terminal.stderr, `warning: ${warning}`);
      if (json) printJson(terminal.stdout, summary);
      else {
        const { scenario, step, evaluation } = summary;
        if (evaluation.tasks !== undefined) printLine(terminal.stdout, await tasksTable(evaluation.tasks));
        printLine(terminal.stdout, `${scenario} at step ${step}: ${evaluationText(evaluation)}`);
        if (evaluation.model !== undefined) printLine(terminal.stdout, modelText(evaluation.model));
      }
      finish(exitCodes.done);
    });
