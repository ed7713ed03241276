import { Command } from 'commander';
import { type MakeCommand, wholeNumber } from '../command.ts';
import { short } from '../summary.ts';
import { exitCodes, printLine } from '../terminal.ts';

interface Options {
  readonly episodes: string;
  readonly seed?: string;
}

export const playCommand: MakeCommand = (terminal, finish) =>
  new Command('play')
    .description('watch whole episodes with the newest checkpoint of a run, as text')
    .argument('<folder>', "the run's folder")
    .option('--episodes <n>', 'how many', '1')
    .option('--seed <n>', "which episodes; otherwise the scenario's")
    .action(async (folder: string, { episodes, seed }: Options) => {
      const { showEpisodes } = await import('../../scenarios/index.ts');
      const shown = showEpisodes(folder, {
        episodes: wholeNumber('--episodes', episodes, 1),
        ...(seed === undefined ? {} : { seed: wholeNumber('--seed', seed, 0) }),
        ...(terminal.createTraining === undefined ? {} : { createTraining: terminal.createTraining }),
      });
      for await (const { episode, step, picture, return: sum } of shown) {
        printLine(terminal.stdout, `episode ${episode + 1}, step ${step}\n${picture}\n`);
        if (sum !== null) printLine(terminal.stdout, `episode ${episode + 1} ends: return ${short(sum)}\n`);
      }
      finish(exitCodes.done);
    });
