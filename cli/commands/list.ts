import { Argument, Command } from 'commander';
import { LightbulbError } from '../../core/index.ts';
import { jsonObject, jsonOption, type MakeCommand } from '../command.ts';
import { exitCodes, printJson, printLine, type Terminal } from '../terminal.ts';

const kinds = ['environments', 'learners', 'curricula', 'scenarios'] as const;
type Kind = (typeof kinds)[number];

interface Entry {
  readonly name: string;
  readonly description: string;
}

interface Flags {
  readonly tokens?: string;
  readonly options?: string;
  readonly json?: true;
}

export const listCommand: MakeCommand = (terminal, finish) =>
  new Command('list')
    .description('say what comes with lightbulb, or how an environment becomes tokens')
    .addArgument(new Argument('[kind]', 'what to list; otherwise all').choices(kinds))
    .option('--tokens <environment>', 'the tokens of a time step: a built-in by its name, or a module by its path')
    .option('--options <json>', 'options of that environment')
    .addOption(jsonOption('the lists'))
    .action(async (asked: Kind | undefined, flags: Flags) => {
      if (flags.tokens !== undefined) await listTokens(terminal, asked, flags.tokens, flags);
      else await listKinds(terminal, asked, flags);
      finish(exitCodes.done);
    });

async function listKinds({ stdout }: Terminal, asked: Kind | undefined, { options, json }: Flags): Promise<void> {
  if (options !== undefined) throw new LightbulbError('invalid_input', '--options goes with --tokens <environment>');
  const all = await everything();
  const lists = Object.entries(all).filter(([kind]) => asked === undefined || kind === asked);
  if (json) {
    printJson(stdout, Object.fromEntries(lists));
    return;
  }
  for (const [kind, entries] of lists) {
    printLine(stdout, `${kind}:`);
    const width = Math.max(...entries.map(({ name }) => name.length));
    for (const { name, description } of entries) printLine(stdout, `  ${name.padEnd(width)}  ${description}`);
  }
}

async function everything(): Promise<Record<Kind, readonly Entry[]>> {
  const { curricula, learners, loadScenario, presetFile, presetNames } = await import('../../scenarios/index.ts');
  const { builtins } = await import('../../worlds/index.ts');
  return {
    environments: Object.entries(builtins).map(([name, { description }]) => ({ name, description })),
    learners: Object.entries(learners).map(([name, description]) => ({ name, description })),
    curricula: Object.entries(curricula).map(([name, description]) => ({ name, description })),
    scenarios: presetNames().map((name) => ({ name, description: loadScenario(presetFile(name)).description })),
  };
}

/** With what a scenario takes where it says nothing else: bytes for text, 1024 bins, patches of 16 x 16. */
async function listTokens(
  { stdout }: Terminal,
  asked: Kind | undefined,
  name: string,
  { options, json }: Flags,
): Promise<void> {
  if (asked !== undefined)
    throw new LightbulbError('invalid_input', `--tokens lists one environment, not ${asked}`, {
      cure: `Leave "${asked}" out`,
    });
  const { byteTokenizer, channelsNeeded, createStepTokens, discreteNeeded, gatoDefaults, vocabularyOf } = await import(
    '../../agents/index.ts'
  );
  const { batch } = await import('../../worlds/index.ts');
  const { namedEnvironment } = await import('../environment.ts');
  const { tokenTables } = await import('../token-table.ts');
  const { single, batched } = await namedEnvironment(name, jsonObject('--options', options));
  const environment = batched === undefined ? batch(single, 1) : batched(1);
  const { groups } = environment;
  environment.close?.();

  const { textTokens, bins, patch } = gatoDefaults.tokens;
  const spaces = groups.map(({ observation, action, agents }) => ({ observation, action, agents: agents.length }));
  const tokenizer = byteTokenizer();
  const discrete = Math.max(1024, ...spaces.map(discreteNeeded));
  const vocabulary = vocabularyOf({ text: tokenizer.size, discrete, bins, codes: 0 });
  const channels = Math.max(1, ...spaces.map(channelsNeeded));
  const settings = { vocabulary, tokenizer, textTokens, patch: { size: patch, channels }, imageCodes: null };
  const layouts = groups.map(({ name, agents }, g) => {
    return { name, agents, layout: createStepTokens(spaces[g]!, settings).layout };
  });
  if (json) printJson(stdout, { environment: name, groups: layouts, vocabulary });
  else printLine(stdout, await tokenTables(layouts, vocabulary));
}
