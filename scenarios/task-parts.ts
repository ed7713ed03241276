import type { DatasetManifest } from '../agents/index.ts';
import { stream } from '../core/index.ts';
import type { ScriptedPolicy } from '../worlds/index.ts';
import {
  type CreateTraining,
  controllerOf,
  createDefault,
  environmentOf,
  type MakeEnvironment,
  placed,
} from './build.ts';
import type { EnvironmentIdentity, TaskChoice, TasksScenario } from './schema.ts';
import { pointer } from './source.ts';

/** What a task is made from, its input checked. */
export interface TaskParts {
  readonly name: string;
  /** Where it stands in the scenario, as a JSON pointer. */
  readonly at: string;
  readonly choice: TaskChoice;
  /** Copies to record in, and to play in when it counts; null for a dataset that nobody plays. */
  readonly make: MakeEnvironment | null;
  readonly makeEvaluation: MakeEnvironment | null;
  /** The environment's own controller, where the expert plays by it. */
  readonly scripted: ScriptedPolicy | undefined;
  /** Of a dataset that is there already. */
  readonly manifest: DatasetManifest | null;
}

/** The tasks of a scenario. Makes every environment once, and looks at datasets; what is wrong names its place. */
export async function taskParts(scenario: TasksScenario): Promise<readonly TaskParts[]> {
  const parts: TaskParts[] = [];
  for (const [name, choice] of Object.entries(scenario.tasks)) {
    parts.push(await partsOf(scenario, name, choice, pointer(['tasks', name])));
  }
  return parts;
}

async function partsOf(scenario: TasksScenario, name: string, choice: TaskChoice, at: string): Promise<TaskParts> {
  const { environment, expert, dataset, evaluation } = choice;
  const manifest = dataset === null ? null : await manifestOf(scenario, dataset, `${at}/dataset`);
  if (environment === null) {
    return { name, at, choice, make: null, makeEvaluation: null, scripted: undefined, manifest };
  }
  const make = await environmentOf(scenario, environment, `${at}/environment`);
  const variant: EnvironmentIdentity = { ...environment, options: { ...environment.options, ...evaluation.options } };
  const makeEvaluation =
    Object.keys(evaluation.options).length === 0 ? make : await environmentOf(scenario, variant, `${at}/evaluation`);
  const isScripted = expert?.learner.name === 'scripted';
  const scripted = isScripted ? controllerOf(scenario, environment, `${at}/expert/learner/name`) : undefined;
  return { name, at, choice, make, makeEvaluation, scripted, manifest };
}

/** Makes each expert once and lets it go, so that its learner refuses now what it cannot do. */
export async function checkExperts(
  scenario: TasksScenario,
  tasks: readonly TaskParts[],
  createTraining: CreateTraining = createDefault,
): Promise<void> {
  for (const task of tasks) await (await createExpert(scenario, task, createTraining))?.close();
}

/** The expert of a task before it has learned anything; undefined where there is a dataset instead. */
export async function createExpert(
  scenario: TasksScenario,
  { name, at, choice, make, scripted }: TaskParts,
  createTraining: CreateTraining = createDefault,
) {
  const { expert } = choice;
  if (expert === null || make === null) return undefined;
  const { learner, copies, steps } = expert;
  const { executor, device, threads } = scenario;
  const seed = seedFor(scenario, `${name}/expert`);
  const spec = { seed, steps: steps ?? 1, make, copies, scripted, learner, executor, device, threads };
  try {
    return await createTraining(spec);
  } catch (error) {
    throw placed(error, scenario, { under: `${at}/expert` });
  }
}

/** A seed of its own for each thing in a run that wants one. */
export function seedFor({ seed }: TasksScenario, what: string): number {
  return stream(seed, `tasks/${what}`).integer(2 ** 31);
}

async function manifestOf(scenario: TasksScenario, dataset: string, at: string): Promise<DatasetManifest> {
  const { openDataset } = await import('../agents/index.ts');
  try {
    return openDataset(dataset).manifest;
  } catch (error) {
    throw placed(error, scenario, { at });
  }
}
