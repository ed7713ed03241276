import { Command } from 'commander';
import { LightbulbError } from '../../core/index.ts';
import type { LevelsOptions, LevelsSummary } from '../../scenarios/index.ts';
import { jsonObject, jsonOption, type MakeCommand, wholeNumber } from '../command.ts';
import { exitCodes, printJson, printLine, type Terminal } from '../terminal.ts';

interface Options {
  readonly episodes?: string;
  readonly seed?: string;
  readonly drawn?: true;
  readonly levels?: string;
  readonly environment?: string;
  readonly solved?: string;
  readonly json?: true;
}

export const evaluateCommand: MakeCommand = (terminal, finish) =>
  new Command('evaluate')
    .description('play whole episodes with the newest checkpoint of a run')
    .argument('<folders...>', "the run's folder; with --levels several, of runs or batches")
    .option('--episodes <n>', "how many; otherwise the scenario's. With --levels: of each level, otherwise 10")
    .option('--seed <n>', "which episodes; otherwise the scenario's")
    .option('--drawn', 'draw actions from the policy in place of the most likely ones')
    .option('--levels <set>', 'play chosen levels: held-out, grid, random:<n>, solvable:<n>, or a file of type .json')
    .option('--environment <json>', 'options of the environment that are others for these levels: {"size":13}')
    .option('--solved <return>', 'an episode with a higher return has solved its level')
    .addOption(jsonOption())
    .action(async (folders: readonly string[], options: Options) => {
      if (options.levels === undefined) await evaluateOnce(terminal, folders, options);
      else await evaluateOnLevels(terminal, folders, options.levels, options);
      finish(exitCodes.done);
    });

async function evaluateOnce(terminal: Terminal, folders: readonly string[], options: Options): Promise<void> {
  const [folder, ...others] = folders;
  const ofLevels = (['environment', 'solved'] as const).find((name) => options[name] !== undefined);
  if (others.length > 0 || ofLevels !== undefined)
    throw new LightbulbError('invalid_input', 'this is for levels alone', {
      where: ofLevels === undefined ? others[0]! : `--${ofLevels}`,
      cure: 'Say which: --levels held-out',
    });
  const { evaluate } = await import('../../scenarios/index.ts');
  const { evaluationText, modelText } = await import('../summary.ts');
  const { tasksTable } = await import('../tasks-table.ts');
  const summary = await evaluate(folder!, {
    ...episodesOf(options, 1),
    ...(terminal.createTraining === undefined ? {} : { createTraining: terminal.createTraining }),
    ...(terminal.createGato === undefined ? {} : { createGato: terminal.createGato }),
  });
  for (const warning of summary.warnings) printLine(terminal.stderr, `warning: ${warning}`);
  if (options.json) return printJson(terminal.stdout, summary);
  const { scenario, step, evaluation } = summary;
  if (evaluation.tasks !== undefined) printLine(terminal.stdout, await tasksTable(evaluation.tasks));
  printLine(terminal.stdout, `${scenario} at step ${step}: ${evaluationText(evaluation)}`);
  if (evaluation.model !== undefined) printLine(terminal.stdout, modelText(evaluation.model));
}

function episodesOf(
  { episodes, seed, drawn }: Options,
  least: number,
): Pick<LevelsOptions, 'episodes' | 'seed' | 'drawn'> {
  return {
    ...(episodes === undefined ? {} : { episodes: wholeNumber('--episodes', episodes, least) }),
    ...(seed === undefined ? {} : { seed: wholeNumber('--seed', seed, 0) }),
    ...(drawn === undefined ? {} : { drawn }),
  };
}

async function evaluateOnLevels(
  terminal: Terminal,
  paths: readonly string[],
  set: string,
  options: Options,
): Promise<void> {
  const { environment, solved } = options;
  const given: LevelsOptions = {
    set,
    ...episodesOf(options, 2),
    ...(environment === undefined ? {} : { environment: jsonObject('--environment', environment) }),
    ...(solved === undefined ? {} : { solved: finiteNumber('--solved', solved) }),
    ...(terminal.createTraining === undefined ? {} : { createTraining: terminal.createTraining }),
  };
  const { findRuns } = await import('../../reports/index.ts');
  const summaries = await evaluated(
    terminal,
    findRuns(paths).runs.map(({ folder }) => folder),
    given,
  );
  for (const { folder, warnings } of summaries)
    for (const warning of warnings) printLine(terminal.stderr, `warning: ${folder}: ${warning}`);
  if (options.json) return printJson(terminal.stdout, summaries.length === 1 ? summaries[0] : summaries);
  await printTables(terminal, summaries, paths);
  for (const { file } of summaries) printLine(terminal.stdout, file);
}

/** All runs one after the other. Of several, one that cannot be evaluated is told of; where none can, that is the error. */
async function evaluated(
  terminal: Terminal,
  folders: readonly string[],
  options: LevelsOptions,
): Promise<LevelsSummary[]> {
  const { evaluateLevels } = await import('../../scenarios/index.ts');
  const summaries: LevelsSummary[] = [];
  let failure: unknown;
  for (const folder of folders) {
    try {
      summaries.push(await evaluateLevels(folder, options));
    } catch (error) {
      if (!(error instanceof LightbulbError) || folders.length === 1) throw error;
      failure ??= error;
      printLine(terminal.stderr, `warning: ${folder} is left out: ${error.message}`);
    }
  }
  if (summaries.length === 0) throw failure;
  return summaries;
}

/** One run's levels, or what the runs of each arm have in common. `paths`: what was asked for; a batch knows its arms. */
async function printTables(
  terminal: Terminal,
  summaries: readonly LevelsSummary[],
  paths: readonly string[],
): Promise<void> {
  const { armLevelsTable, levelsTable } = await import('../levels-table.ts');
  const [first, ...others] = summaries;
  if (others.length === 0) {
    const { scenario, step } = first!.evaluation;
    printLine(terminal.stdout, `${scenario} at step ${step}, ${await levelsTable(first!.evaluation)}`);
    return;
  }
  const { levelsOf, readRuns } = await import('../../reports/index.ts');
  const { runs } = await readRuns(paths);
  const written = new Map(summaries.map(({ folder, evaluation }) => [folder, evaluation]));
  const now = runs.flatMap((run) => {
    const evaluation = written.get(run.folder);
    return evaluation === undefined ? [] : [{ ...run, levels: [evaluation] }];
  });
  for (const report of levelsOf(now).reports) printLine(terminal.stdout, await armLevelsTable(report));
}

function finiteNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new LightbulbError('invalid_input', 'not a number', { where: flag, got: text });
}
