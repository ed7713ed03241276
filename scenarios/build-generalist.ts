import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset, GatoSpec, GatoTask, TextTokenizer, Training, WindowSource } from '../agents/index.ts';
import { type Json, LightbulbError } from '../core/index.ts';
import { type MakeEnvironment, placed } from './build.ts';
import { replaceFile, type Write } from './disk.ts';
import type { Prepared } from './events.ts';
import { datasetFolder, preparedIn } from './prepare-tasks.ts';
import type { TasksScenario } from './schema.ts';
import { seedFor, type TaskParts } from './task-parts.ts';

/** Makes a generalist's training, as agents' `createGato` does; tests put others here. */
export type CreateGato = (spec: GatoSpec) => Promise<Training>;

const TOKENIZER = 'tokenizer.json';

/**
 * Makes the training that a scenario with tasks describes and lets it go: so all that the learner refuses shows before
 * anything is prepared.
 */
export async function checkGeneralist(
  scenario: TasksScenario,
  tasks: readonly TaskParts[],
  createGato: CreateGato = createDefault,
): Promise<void> {
  const { byteTokenizer, loadTokenizer } = await import('../agents/index.ts');
  const { text } = scenario.learner.tokens;
  // Bytes stand for what is yet to be learned.
  const tokenizer = placing(scenario, '/learner/tokens/text/file', () =>
    typeof text === 'object' && 'file' in text ? loadTokenizer(text.file) : byteTokenizer(),
  );
  const sources = tasks.map(({ make, manifest, choice }) =>
    onlyManifest(manifest ?? manifestOfSpaces(make!), choice.dataset ?? ''),
  );
  await (await made(scenario, tasks, sources, () => undefined, tokenizer, createGato)).close();
}

/**
 * The training that a scenario with tasks describes, from what was prepared in a run's folder. `disk`: writes the
 * tokenizer that is learned from the tasks' texts; null where nothing is to be written or trained, only evaluated, for
 * which the datasets themselves need not be there.
 */
export async function buildGeneralist(
  scenario: TasksScenario,
  tasks: readonly TaskParts[],
  folder: string,
  disk: Write | null,
  createGato: CreateGato = createDefault,
): Promise<Training> {
  const { learner } = scenario;
  const { openDataset } = await import('../agents/index.ts');
  const sources = tasks.map((task): WindowSource => {
    const place = datasetFolder(folder, task);
    if (existsSync(join(place, 'manifest.json'))) {
      return openDataset(place).windows({ steps: learner.context, seed: seedFor(scenario, `${task.name}/windows`) });
    }
    const manifest = preparedIn(folder, task)?.manifest;
    if (manifest === undefined || disk !== null) throw notReady(folder, task.name);
    return onlyManifest(manifest, place);
  });
  const tokenizer = await tokenizerFor(scenario, tasks, folder, disk);
  return made(scenario, tasks, sources, (task) => preparedIn(folder, task), tokenizer, createGato);
}

async function made(
  scenario: TasksScenario,
  tasks: readonly TaskParts[],
  sources: readonly WindowSource[],
  preparedOf: (task: TaskParts) => Prepared | undefined,
  tokenizer: TextTokenizer,
  createGato: CreateGato,
): Promise<Training> {
  const { seed, steps, learner: options, executor, device, threads } = scenario;
  const learned = tasks.map((task, i): GatoTask => {
    const { name, choice, makeEvaluation: make } = task;
    const { random, expert } = preparedOf(task) ?? { random: null, expert: null };
    const { weight, evaluation } = choice;
    const returns = { random: random ?? 0, expert: expert ?? 1 };
    return { name, source: sources[i]!, weight, make, episodes: evaluation.episodes, ...returns };
  });
  try {
    return await createGato({ seed, steps, tasks: learned, tokenizer, options, executor, device, threads });
  } catch (error) {
    throw placed(error, scenario);
  }
}

/** The tokenizer that the scenario asks for. One that is learned is written into the run's folder, once. */
async function tokenizerFor(
  { learner }: TasksScenario,
  tasks: readonly TaskParts[],
  folder: string,
  disk: Write | null,
): Promise<TextTokenizer> {
  const { byteTokenizer, learnBytePairs, loadTokenizer, openDataset, tokenizerOf } = await import('../agents/index.ts');
  const { text } = learner.tokens;
  if (text === 'bytes') return byteTokenizer();
  if ('file' in text) return loadTokenizer(text.file);
  const file = join(folder, TOKENIZER);
  if (existsSync(file)) return tokenizerOf(JSON.parse(readFileSync(file, 'utf8')) as Json, TOKENIZER);
  if (disk === null) throw notReady(folder, TOKENIZER);
  const learned = learnBytePairs(textsOf(tasks.map((task) => openDataset(datasetFolder(folder, task)))), text.learn);
  replaceFile(file, `${JSON.stringify(learned)}\n`, disk);
  return tokenizerOf(learned, TOKENIZER);
}

function* textsOf(datasets: readonly Dataset[]): Generator<string> {
  for (const dataset of datasets) yield* dataset.texts();
}

/** What an environment's dataset will look like, before there is one. */
function manifestOfSpaces(make: MakeEnvironment): WindowSource['manifest'] {
  const environment = make(1);
  const groups = environment.groups.map(({ name, agents, observation, action }) => {
    return { name, agents, observation, action, mask: 0 };
  });
  environment.close?.();
  const nothing = { environment: null, policy: null, seed: 0, episodes: 0, steps: 0, return: null, shards: [] };
  return { format: 'lightbulb-episodes', version: 1, groups, ...nothing };
}

function placing<T>(scenario: TasksScenario, at: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw placed(error, scenario, { at });
  }
}

/** Stands for a dataset that is not here, where nobody learns from it. */
function onlyManifest(manifest: WindowSource['manifest'], place: string): WindowSource {
  const missing = (): never => {
    throw new LightbulbError('corrupt', 'the dataset is not there', { where: place });
  };
  return { manifest, next: missing, prompt: missing, save: missing, load() {} };
}

function notReady(folder: string, what: string): LightbulbError {
  return new LightbulbError('corrupt', `"${what}" is not prepared in this run`, {
    where: folder,
    cure: `Prepare it anew: lightbulb resume ${folder}`,
  });
}

async function createDefault(spec: GatoSpec): Promise<Training> {
  const { createGato } = await import('../agents/index.ts');
  return createGato(spec);
}
