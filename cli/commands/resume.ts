import { Command } from 'commander';
import { flagOverrides, jsonOption, type MakeCommand } from '../command.ts';

export const resumeCommand: MakeCommand = (terminal, finish) =>
  new Command('resume')
    .description('go on with a run that was interrupted, or train a finished one further')
    .argument('<folder>', "the run's folder")
    .option('--steps <n>', 'another number of steps in all: of the environment, or with tasks, updates')
    .addOption(jsonOption())
    .action(async (folder: string, { steps, json }: { readonly steps?: string; readonly json?: true }) => {
      const { scenarioOf } = await import('../../scenarios/index.ts');
      const { runAndShow } = await import('../run-and-show.ts');
      const scenario = scenarioOf(folder, flagOverrides({ steps }));
      finish(await runAndShow(scenario, { folder, resume: true }, terminal, json === true));
    });
