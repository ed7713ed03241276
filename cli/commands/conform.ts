import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { LightbulbError } from '../../core/index.ts';
import { jsonObject, jsonOption, type MakeCommand } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

interface Options {
  readonly options?: string;
  readonly tolerance?: string;
  readonly json?: true;
}

export const conformCommand: MakeCommand = (terminal, finish) =>
  new Command('conform')
    .description('replay recorded episodes of a reference implementation and compare every number')
    .argument('<environment>', 'a built-in by its name, or a module by its path')
    .argument('<trajectory>', 'the recording, a JSON file')
    .option('--options <json>', 'options of the environment')
    .option('--tolerance <x>', 'how far a number may be off', '1e-5')
    .addOption(jsonOption('the comparison'))
    .action(async (name: string, recording: string, { options, tolerance, json }: Options) => {
      const { conform } = await import('../../worlds/index.ts');
      const { namedEnvironment } = await import('../environment.ts');
      const { single } = await namedEnvironment(name, jsonObject('--options', options));
      const environment = single();
      const result = conform(environment, readJson(recording), { name: recording, tolerance: Number(tolerance) });
      environment.close?.();
      const conforms = result.mismatches.length === 0 && result.flagsEqual;
      if (json) printJson(terminal.stdout, { conforms, ...result });
      else {
        const { value, where } = result.largestDifference;
        for (const mismatch of result.mismatches) printLine(terminal.stdout, mismatch);
        const verdict = conforms ? 'conforms' : 'differs';
        const largest = `largest difference ${value}${where === '' ? '' : ` at ${where}`}`;
        printLine(
          terminal.stdout,
          `${name} ${verdict}: ${result.episodes} episodes, ${result.steps} steps, ${largest}`,
        );
      }
      finish(conforms ? exitCodes.done : exitCodes.failed);
    });

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new LightbulbError('invalid_input', `cannot be read as JSON: ${(cause as Error).message}`, {
      where: file,
      cause,
    });
  }
}
