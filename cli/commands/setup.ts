import { Argument, Command, Option } from 'commander';
import { LightbulbError } from '../../core/index.ts';
import { jsonOption, type MakeCommand } from '../command.ts';
import type { Plan } from '../setup/outcome.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

interface Options {
  readonly library?: string;
  readonly cuda?: string;
  readonly nodeHeaders?: string;
  readonly compiler?: string;
  readonly copy?: true;
  readonly check: boolean;
  readonly remove?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

export const setupCommand: MakeCommand = (terminal, finish) =>
  new Command('setup')
    .description('fetch or build the native parts of a device that npm ci leaves out')
    .addArgument(new Argument('<device>', 'what to set up').choices(['cuda', 'tensorflow']))
    .option(
      '--library <folder>',
      'take the libraries of this folder (a Python package included) instead of downloading',
    )
    .option(
      '--cuda <site-packages>',
      "where NVIDIA's Python packages put CUDA's libraries; default: beside the library",
    )
    .option('--node-headers <folder>', "tensorflow: the folder of Node's node_api.h; default: searched for")
    .option('--compiler <command>', 'tensorflow: the C++ compiler; default: CXX, otherwise g++')
    .option('--copy', 'copy the libraries into node_modules instead of linking to them')
    .option('--no-check', 'do not check the result: for images built on machines without the GPU')
    .option('--remove', 'undo a setup')
    .addOption(new Option('--dry-run', 'only say what would be done'))
    .addOption(jsonOption('what was done'))
    .action(async (device: 'cuda' | 'tensorflow', options: Options) => {
      const plan = await planOf(device, options);
      const { json, dryRun } = options;
      // With --json the explanation goes where progress goes.
      const say = (line: string): void => printLine(json ? terminal.stderr : terminal.stdout, line);
      for (const [i, step] of plan.steps.entries()) say(`${i + 1}. ${step}`);
      for (const remark of plan.remarks) say(`note: ${remark}`);
      if (dryRun) {
        if (json)
          printJson(terminal.stdout, { device, steps: plan.steps, remarks: plan.remarks, changed: [], checked: null });
        else say('nothing was done (--dry-run)');
        return finish(exitCodes.done);
      }
      const { changed, checked } = await plan.run(say);
      if (json) printJson(terminal.stdout, { device, steps: plan.steps, remarks: plan.remarks, changed, checked });
      else say(options.remove ? 'removed' : checked === null ? 'done, not checked' : `works: ${checked}`);
      finish(exitCodes.done);
    });

async function planOf(device: 'cuda' | 'tensorflow', options: Options): Promise<Plan> {
  const { library, cuda, nodeHeaders, compiler, copy, check, remove } = options;
  if (remove && library !== undefined) {
    throw new LightbulbError('invalid_input', '--remove takes no library', { where: '--library', got: library });
  }
  const shared = {
    ...(library === undefined ? {} : { library }),
    ...(cuda === undefined ? {} : { cuda }),
    isCopied: copy === true,
    isUnchecked: !check,
  };
  if (device === 'cuda') {
    const { planCuda, planCudaRemoval } = await import('../setup/cuda.ts');
    return remove ? planCudaRemoval() : planCuda(shared);
  }
  const { planTensorflow, planTensorflowRemoval } = await import('../setup/tensorflow.ts');
  if (remove) return planTensorflowRemoval();
  return planTensorflow({
    ...shared,
    ...(nodeHeaders === undefined ? {} : { nodeHeaders }),
    ...(compiler === undefined ? {} : { compiler }),
  });
}
