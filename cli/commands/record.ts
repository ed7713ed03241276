import { Command, Option } from 'commander';
import { LightbulbError } from '../../core/index.ts';
import type { RecordedPolicy, RecordingSummary } from '../../scenarios/index.ts';
import { jsonOption, type MakeCommand, wholeNumber } from '../command.ts';
import { onInterrupt } from '../interrupt.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

interface Options {
  readonly episodes: string;
  readonly out: string;
  readonly policy?: RecordedPolicy;
  readonly noise?: string;
  readonly seed?: string;
  readonly drawn?: true;
  readonly json?: true;
}

export const recordCommand: MakeCommand = (terminal, finish) =>
  new Command('record')
    .description('record whole episodes as a dataset to learn from')
    .argument('<scenario>', 'the folder of a run, to record what it learned; or a scenario, by its file or its name')
    .requiredOption('--episodes <n>', 'how many')
    .requiredOption('--out <folder>', "the dataset's folder; it must not exist yet")
    .addOption(
      new Option('--policy <name>', "who plays; otherwise the newest checkpoint of the run's folder").choices([
        'random',
        'scripted',
        'learned',
      ]),
    )
    .option('--noise <x>', "share of steps in which an agent does something random; the policy's choice is recorded")
    .option('--seed <n>', "which episodes; otherwise the scenario's seed")
    .option('--drawn', 'draw actions from the policy, in place of the most likely ones')
    .addOption(jsonOption('folder and manifest'))
    .action(async (source: string, { episodes, out, policy, noise, seed, drawn, json }: Options) => {
      const asked = {
        episodes: wholeNumber('--episodes', episodes, 1),
        out,
        ...(policy === undefined ? {} : { policy }),
        ...(noise === undefined ? {} : { noise: share('--noise', noise) }),
        ...(seed === undefined ? {} : { seed: wholeNumber('--seed', seed, 0) }),
        ...(drawn === undefined ? {} : { drawn }),
        ...(terminal.createTraining === undefined ? {} : { createTraining: terminal.createTraining }),
      };
      const { record } = await import('../../scenarios/index.ts');
      const stop = new AbortController();
      const release = onInterrupt(() => stop.abort());
      let recorded: RecordingSummary;
      try {
        recorded = await record(source, { ...asked, signal: stop.signal });
      } catch (error) {
        if (error !== stop.signal.reason) throw error;
        printLine(terminal.stderr, 'interrupted; nothing was written');
        finish(exitCodes.interrupted);
        return;
      } finally {
        release();
      }
      for (const warning of recorded.warnings) printLine(terminal.stderr, `warning: ${warning}`);
      if (json) printJson(terminal.stdout, { folder: recorded.folder, manifest: recorded.manifest });
      else printLine(terminal.stdout, recordedText(recorded));
      finish(exitCodes.done);
    });

function recordedText({ folder, manifest: { episodes, steps, return: returns } }: RecordingSummary): string {
  const paid =
    returns === null ? '' : `, return ${round(returns.mean)} (${round(returns.min)} to ${round(returns.max)})`;
  return `${episodes} episodes, ${steps} steps${paid}: ${folder}`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(5)));
}

function share(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new LightbulbError('invalid_input', 'not a share', { where: flag, wanted: 'a number from 0 to 1', got: text });
}
