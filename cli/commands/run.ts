import { Command } from 'commander';
import { busOverride, flagOverrides, jsonOption, type MakeCommand, setOption } from '../command.ts';

interface Options {
  readonly seed?: string;
  readonly steps?: string;
  readonly set: readonly string[];
  readonly runs: string;
  readonly folder?: string;
  readonly device?: string;
  readonly threads?: string;
  readonly tensorboard?: true;
  readonly bus?: string;
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
    .option('--bus <url>', 'roles in processes of their own, over a server: nats://host:4222 (learner "shared")')
    .addOption(jsonOption())
    .action(async (name: string, { set, runs, folder, json, bus, ...flags }: Options) => {
      const { loadScenario, newFolderName, parseOverride, scenarioFile } = await import('../../scenarios/index.ts');
      const { runAndShow } = await import('../run-and-show.ts');
      const { seed, steps, device, threads, tensorboard } = flags;
      const flagged = flagOverrides({ seed, steps, device, threads, tensorboard });
      const overrides = [...set.map(parseOverride), ...flagged, ...busOverride(bus)];
      const scenario = loadScenario(scenarioFile(name), overrides);
      const runFolder = folder ?? newFolderName(runs, scenario, new Date());
      finish(await runAndShow(scenario, { folder: runFolder, resume: false }, terminal, json === true));
    });
