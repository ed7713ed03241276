import { Command } from 'commander';
import { jsonOption, type MakeCommand, setOption } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

export const validateCommand: MakeCommand = (terminal, finish) =>
  new Command('validate')
    .description('check a scenario, and make its environment once, without training')
    .argument('<scenario>', 'a scenario file, or the name of one that comes with lightbulb')
    .addOption(setOption())
    .addOption(jsonOption('the scenario with all defaults filled in'))
    .action(async (name: string, { set, json }: { readonly set: readonly string[]; readonly json?: true }) => {
      const { environmentOf, loadScenario, parseOverride, scenarioFile } = await import('../../scenarios/index.ts');
      const scenario = loadScenario(scenarioFile(name), set.map(parseOverride));
      await environmentOf(scenario);
      if (json) printJson(terminal.stdout, scenario);
      else {
        const { environment, learner, steps, seed } = scenario;
        const where = 'name' in environment ? environment.name : environment.module;
        printLine(
          terminal.stdout,
          `${scenario.name} is fine: ${learner.name} in ${where}, ${steps} steps, seed ${seed}`,
        );
      }
      finish(exitCodes.done);
    });
