import type { Training, TrainingSpec } from '../agents/index.ts';
import { LightbulbError } from '../core/index.ts';
import { type BatchedEnvironment, builtin, loadEnvironment, type ScriptedPolicy } from '../worlds/index.ts';
import { placeIn } from './load.ts';
import type { Scenario } from './schema.ts';

/** Makes a training, as agents' `createTraining` does; tests put others here. */
export type CreateTraining = (spec: TrainingSpec) => Promise<Training>;

/** Makes copies of an environment that step side by side. */
export type MakeEnvironment = (copies: number) => BatchedEnvironment;

/** The training that a scenario describes. Errors in the scenario that only show now name their place in its file. */
export async function build(scenario: Scenario, createTraining: CreateTraining = createDefault): Promise<Training> {
  const { seed, steps, environment, learner, executor, device, threads } = scenario;
  const make = await environmentOf(scenario);
  const scripted = learner.name === 'scripted' ? controllerOf(scenario) : undefined;
  try {
    const { copies } = environment;
    return await createTraining({ seed, steps, make, copies, scripted, learner, executor, device, threads });
  } catch (error) {
    throw placed(error, scenario);
  }
}

/** The environment that a scenario plays in. A module is loaded here, once; options are checked by making a copy. */
export async function environmentOf(scenario: Scenario): Promise<MakeEnvironment> {
  const { environment } = scenario;
  if ('module' in environment) return (await loadEnvironment(environment.module, environment.options)).make;
  const { name, options } = environment;
  const make = (copies: number) => builtin(name).make(copies, options);
  try {
    make(1).close?.();
  } catch (error) {
    throw placed(error, scenario, '/environment/options');
  }
  return make;
}

/** The environment's own controller, where it comes with one. */
function controllerOf(scenario: Scenario): ScriptedPolicy | undefined {
  const { environment } = scenario;
  if ('module' in environment) return undefined;
  try {
    return builtin(environment.name).scripted(environment.options);
  } catch (error) {
    throw placed(error, scenario, '/learner/name');
  }
}

/** The error with its place in the scenario's file, where it names one by JSON pointer or the caller knows it. */
function placed(error: unknown, scenario: Scenario, at?: string): unknown {
  if (!(error instanceof LightbulbError) || !error.isInput) return error;
  const { where } = error.parts;
  const pointer = at ?? (where?.startsWith('/') ? where : undefined);
  if (pointer === undefined) return error;
  const problem =
    where !== undefined && error.message.startsWith(where) ? error.message.slice(where.length + 2) : error.message;
  return new LightbulbError(error.code, problem, { where: placeIn(scenario, pointer), cause: error });
}

/** Loaded late: the engine behind it is big, and not everything that reads scenarios trains. */
async function createDefault(spec: TrainingSpec): Promise<Training> {
  const { createTraining } = await import('../agents/index.ts');
  return createTraining(spec);
}
