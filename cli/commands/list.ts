import { Argument, Command } from 'commander';
import { jsonOption, type MakeCommand } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

const kinds = ['environments', 'learners', 'scenarios'] as const;

export const listCommand: MakeCommand = (terminal, finish) =>
  new Command('list')
    .description('name what comes with lightbulb')
    .addArgument(new Argument('[kind]', 'what to list; otherwise all').choices(kinds))
    .addOption(jsonOption('the names'))
    .action(async (kind: (typeof kinds)[number] | undefined, { json }: { readonly json?: true }) => {
      const { learnerNames, presetNames } = await import('../../scenarios/index.ts');
      const { environmentNames } = await import('../../worlds/index.ts');
      const all = { environments: environmentNames, learners: learnerNames, scenarios: presetNames() };
      const asked = kind === undefined ? all : { [kind]: all[kind] };
      if (json) printJson(terminal.stdout, asked);
      else {
        for (const [title, names] of Object.entries(asked)) {
          if (kind === undefined) printLine(terminal.stdout, `${title}:`);
          for (const name of names) printLine(terminal.stdout, kind === undefined ? `  ${name}` : name);
        }
      }
      finish(exitCodes.done);
    });
