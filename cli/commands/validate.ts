import { Command } from 'commander';
import { jsonOption, type MakeCommand, setOption } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

export const validateCommand: MakeCommand = (terminal, finish) =>
  new Command('validate')
    .description('check a scenario, and make its environments once, without training')
    .argument('<scenario>', 'a scenario file, or the name of one that comes with lightbulb')
    .addOption(setOption())
    .addOption(jsonOption('the scenario with all defaults filled in'))
    .action(async (name: string, { set, json }: { readonly set: readonly string[]; readonly json?: true }) => {
      const { checkScenario, loadScenario, parseOverride, scenarioFile } = await import('../../scenarios/index.ts');
      const scenario = loadScenario(scenarioFile(name), set.map(parseOverride));
      await checkScenario(scenario);
      if (json) printJson(terminal.stdout, scenario);
      else {
        const { learner, tasks, steps, seed } = scenario;
        const { played } = await import('../summary.ts');
        const unit = tasks === null ? 'steps' : 'updates';
        printLine(
          terminal.stdout,
          `${scenario.name} is fine: ${learner.name} in ${played(scenario)}, ${steps} ${unit}, seed ${seed}`,
        );
      }
      finish(exitCodes.done);
    });
