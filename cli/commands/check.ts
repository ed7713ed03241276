import { Command } from 'commander';
import { jsonObject, jsonOption, type MakeCommand } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

export const checkCommand: MakeCommand = (terminal, finish) =>
  new Command('check')
    .description('hold an environment against its whole contract')
    .argument('<environment>', 'a built-in by its name, or a module by its path')
    .option('--options <json>', 'options of the environment')
    .addOption(jsonOption('the report'))
    .action(async (name: string, { options: text, json }: { readonly options?: string; readonly json?: true }) => {
      const { checkEnvironment, printReport } = await import('../../worlds/index.ts');
      const { namedEnvironment } = await import('../environment.ts');
      const options = jsonObject('--options', text);
      const { single, module, seedless } = await namedEnvironment(name, options);
      const report = await checkEnvironment(single, {
        seedless,
        ...(module === undefined ? {} : { module: { path: module, options } }),
      });
      if (json) printJson(terminal.stdout, report);
      else printLine(terminal.stdout, `${printReport(report)}\n${name} ${report.passed ? 'passes' : 'fails'}`);
      finish(report.passed ? exitCodes.done : exitCodes.failed);
    });
