import { resolve } from 'node:path';
import type { JsonObject } from '../core/index.ts';
import { builtins } from '../worlds/index.ts';
import type { EnvironmentIdentity, Scenario, TaskChoice } from './schema.ts';

/** The environment with its module, and the files that its options name, as absolute paths. */
export function absoluteEnvironment<E extends EnvironmentIdentity>(environment: E, folder: string): E {
  if ('module' in environment) return { ...environment, module: resolve(folder, environment.module) };
  return { ...environment, options: absoluteOptions(environment.name, environment.options, folder) };
}

export function absoluteTasks(tasks: NonNullable<Scenario['tasks']>, folder: string): NonNullable<Scenario['tasks']> {
  return Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, absoluteTask(task, folder)]));
}

/** The evaluation with the files of its levels, and those that its options of the environment name, as absolute paths. */
export function absoluteEvaluation(
  evaluation: Scenario['evaluation'],
  environment: EnvironmentIdentity | null,
  folder: string,
): Scenario['evaluation'] {
  const { levels: chosen } = evaluation;
  const isFile = chosen?.set.endsWith('.json') === true;
  const levels = isFile ? { ...chosen, set: resolve(folder, chosen.set) } : chosen;
  if (environment === null || 'module' in environment) return { ...evaluation, levels };
  return { ...evaluation, options: absoluteOptions(environment.name, evaluation.options, folder), levels };
}

/** The credentials' and certificates' files as absolute paths. */
export function absoluteMas({ auth, tls, ...mas }: Scenario['mas'], folder: string): Scenario['mas'] {
  const whole = (files: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(files).map(([name, file]) => [name, resolve(folder, file)]));
  const creds = auth?.creds === undefined ? {} : { creds: resolve(folder, auth.creds) };
  return {
    ...mas,
    ...(auth === undefined ? {} : { auth: { ...auth, ...creds } }),
    ...(tls === undefined ? {} : { tls: whole(tls as Readonly<Record<string, string>>) }),
  };
}

export function absoluteLearner(learner: Scenario['learner'], folder: string): Scenario['learner'] {
  if (learner.name !== 'gato') return learner;
  const { text } = learner.tokens;
  if (text === 'bytes' || !('file' in text)) return learner;
  return { ...learner, tokens: { ...learner.tokens, text: { file: resolve(folder, text.file) } } };
}

function absoluteTask(task: TaskChoice, folder: string): TaskChoice {
  const { environment, expert, dataset, evaluation, ...rest } = task;
  const isBuiltIn = environment !== null && 'name' in environment;
  const options = isBuiltIn ? absoluteOptions(environment.name, evaluation.options, folder) : evaluation.options;
  return {
    environment: environment && absoluteEnvironment(environment, folder),
    expert,
    dataset: dataset === null ? null : resolve(folder, dataset),
    ...rest,
    evaluation: { ...evaluation, options },
  };
}

/** Options of a built-in that it declares as paths, from `folder`. */
function absoluteOptions(name: string, options: JsonObject, folder: string): JsonObject {
  const specs = builtins[name]?.options ?? {};
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      const spec = specs[key];
      const isPath = spec?.type === 'text' && spec.isPath === true && typeof value === 'string';
      return [key, isPath ? resolve(folder, value) : value];
    }),
  );
}
