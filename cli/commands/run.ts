import { Command } from 'commander';
import { flagOverrides, jsonOption, type MakeCommand, setOption } from '../command.ts';

interface Options {
  readonly seed?: string;
  readonly steps?: string;
  readonly set: readonly string[];
  readonly runs: string;
  readonly folder?: string;
  readonly device?: string;
  readonly threads?: string;
  readonly tensorboard?: true;
  readonly json?: true;
}

export const runCommand: MakeCommand = (terminal, finish) =>
  new Command('run')
    .description('train what a scenario describes')
    .argument('<scenario>', 'a scenario file, or the name of one that comes with lightbulb')
    .option('--seed <n>', 'another seed')
    .option('--steps <n>', 'another number of steps: of the environment, or with tasks, updates')
    .addOption(setOption())
    .option('--runs <folder>', 'where the run gets a folder of its own', 'runs')
    .option('--folder <folder>', 'the folder of the run itself; it must not exist yet')
    .option('--device <name>', 'where to compute: auto, cpu, webgpu, cuda, tensorflow or wasm')
    .option('--threads <n>', 'threads of the CPU executor')
    .option('--tensorboard', 'also write scalars for TensorBoard')
    .addOption(jsonOption())
    .action(async (name: string, { set, runs, folder, json, ...flags }: Options) => {
      const { loadScenario, newFolderName, parseOverride, scenarioFile } = await import('../../scenarios/index.ts');
      const { runAndShow } = await import('../run-and-show.ts');
      const { seed, steps, device, threads, tensorboard } = flags;
      const overrides = [...set.map(parseOverride), ...flagOverrides({ seed, steps, device, threads, tensorboard })];
      const scenario = loadScenario(scenarioFile(name), overrides);
      const place = folder ?? newFolderName(runs, scenario, new Date());
      finish(await runAndShow(scenario, { folder: place, resume: false }, terminal, json === true));
    });
