import { Command } from 'commander';
import type { CheckOptions } from '../../worlds/index.ts';
import { jsonObject, jsonOption, type MakeCommand } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

export const checkCommand: MakeCommand = (terminal, finish) =>
  new Command('check')
    .description('hold an environment against its whole contract')
    .argument('<environment>', 'a built-in by its name, or a module by its path')
    .option('--options <json>', 'options of the environment')
    .addOption(jsonOption('the report'))
    .action(async (name: string, { options: text, json }: { readonly options?: string; readonly json?: true }) => {
      const { checkBatched, checkEnvironment, printReport } = await import('../../worlds/index.ts');
      const { namedEnvironment } = await import('../environment.ts');
      const options = jsonObject('--options', text);
      const { single, batched, module: path, seedless } = await namedEnvironment(name, options);
      const settings = (form: 'single' | 'batched'): CheckOptions => ({
        seedless,
        ...(path === undefined ? {} : { module: { path, options, form } }),
      });
      const report =
        batched === undefined
          ? await checkEnvironment(single, settings('single'))
          : await checkBatched(batched, settings('batched'));
      if (json) printJson(terminal.stdout, report);
      else printLine(terminal.stdout, `${printReport(report)}\n${name} ${report.passed ? 'passes' : 'fails'}`);
      finish(report.passed ? exitCodes.done : exitCodes.failed);
    });
