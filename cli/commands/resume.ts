import { Command } from 'commander';
import { busOverride, flagOverrides, jsonOption, type MakeCommand } from '../command.ts';

interface Options {
  readonly steps?: string;
  readonly bus?: string;
  readonly json?: true;
}

export const resumeCommand: MakeCommand = (terminal, finish) =>
  new Command('resume')
    .description('go on with a run that was interrupted, or train a finished one further')
    .argument('<folder>', "the run's folder")
    .option('--steps <n>', 'another number of steps in all: of the environment, or with tasks, updates')
    .option('--bus <url>', "another place for the roles' server: nats://host:4222, or memory:")
    .addOption(jsonOption())
    .action(async (folder: string, { steps, bus, json }: Options) => {
      const { scenarioOf } = await import('../../scenarios/index.ts');
      const { runAndShow } = await import('../run-and-show.ts');
      const scenario = scenarioOf(folder, [...flagOverrides({ steps }), ...busOverride(bus)]);
      finish(await runAndShow(scenario, { folder, resume: true }, terminal, json === true));
    });
