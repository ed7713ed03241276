import { Argument, Command } from 'commander';
import { jsonOption, type MakeCommand } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

const kinds = ['environments', 'learners', 'scenarios'] as const;

interface Entry {
  readonly name: string;
  readonly description: string;
}

export const listCommand: MakeCommand = (terminal, finish) =>
  new Command('list')
    .description('say what comes with lightbulb')
    .addArgument(new Argument('[kind]', 'what to list; otherwise all').choices(kinds))
    .addOption(jsonOption('the lists'))
    .action(async (asked: (typeof kinds)[number] | undefined, { json }: { readonly json?: true }) => {
      const all = await everything();
      const lists = Object.entries(all).filter(([kind]) => asked === undefined || kind === asked);
      if (json) printJson(terminal.stdout, Object.fromEntries(lists));
      else {
        for (const [kind, entries] of lists) {
          printLine(terminal.stdout, `${kind}:`);
          const width = Math.max(...entries.map(({ name }) => name.length));
          for (const { name, description } of entries) {
            printLine(terminal.stdout, `  ${name.padEnd(width)}  ${description}`);
          }
        }
      }
      finish(exitCodes.done);
    });

async function everything(): Promise<Record<(typeof kinds)[number], readonly Entry[]>> {
  const { learners, loadScenario, presetFile, presetNames } = await import('../../scenarios/index.ts');
  const { builtins } = await import('../../worlds/index.ts');
  return {
    environments: Object.entries(builtins).map(([name, { description }]) => ({ name, description })),
    learners: Object.entries(learners).map(([name, description]) => ({ name, description })),
    scenarios: presetNames().map((name) => ({ name, description: loadScenario(presetFile(name)).description })),
  };
}
