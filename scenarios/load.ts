import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Ajv } from 'ajv';
import type { JsonObject } from '../core/index.ts';
import { LightbulbError, suggest } from '../core/index.ts';
import { environmentNames } from './environments.ts';
import { normaliseLearner } from './learner-schema.ts';
import { mistakesIn, report } from './mistakes.ts';
import { type Override, override } from './overrides.ts';
import { defaults, type EnvironmentChoice, type Scenario, type ScenarioFile, scenarioSchema } from './schema.ts';
import { readSource, type Source } from './source.ts';

// verbose: errors carry the schema and the value they are about. Nothing is coerced and nothing filled in by Ajv.
const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, strictTypes: false, strictRequired: false });
const check = ajv.compile<ScenarioFile>(scenarioSchema);

/**
 * Reads a scenario: file, then overrides, then defaults for what neither says; checked whole, frozen deep.
 * Throws one `LightbulbError` that lists every mistake (ten at most) with file, line, column and JSON pointer.
 */
export function loadScenario(file: string, overrides: readonly Override[] = []): Scenario {
  const source = override(readSource(file), overrides);
  const written = source.value;
  if (!check(written)) throw report(file, mistakesIn(source, check.errors ?? []));
  const wrong = wrongEnvironment(source, written);
  if (wrong !== undefined) throw wrong;
  // A copy: the defaults are shared and stay as they are.
  return freeze(structuredClone(normalise(written, dirname(file))));
}

/** The mistakes in `environment` that a schema cannot see: a name that no built-in has, a module that is not there. */
function wrongEnvironment(source: Source, { environment }: ScenarioFile): LightbulbError | undefined {
  if ('module' in environment) {
    const path = resolve(dirname(source.file), environment.module);
    if (existsSync(path)) return undefined;
    const elsewhere = existsSync(resolve(environment.module));
    return new LightbulbError('missing_module', `there is no module "${environment.module}"`, {
      where: source.where(['environment', 'module']),
      wanted: `a file at ${path}`,
      ...(elsewhere ? { cure: "Paths are relative to the scenario's folder, not to where the command runs" } : {}),
    });
  }
  if (environmentNames.includes(environment.name)) return undefined;
  return new LightbulbError('invalid_input', `there is no built-in environment "${environment.name}"`, {
    where: source.where(['environment', 'name']),
    cure: suggest(environment.name, environmentNames),
  });
}

/** The scenario in full. `folder`: what relative module paths start from. */
export function normalise(written: ScenarioFile, folder: string): Scenario {
  return {
    name: written.name,
    description: written.description ?? defaults.description,
    seed: written.seed ?? defaults.seed,
    environment: normaliseEnvironment(written.environment, folder),
    learner: normaliseLearner(written.learner),
    steps: written.steps,
    evaluation: { ...defaults.evaluation, ...written.evaluation },
    checkpoint: { every: Math.ceil(written.steps / 10), ...defaults.checkpoint, ...written.checkpoint },
    device: written.device ?? defaults.device,
    executor: written.executor ?? defaults.executor,
    threads: written.threads ?? defaults.threads,
    tensorboard: written.tensorboard ?? defaults.tensorboard,
  };
}

function normaliseEnvironment(written: ScenarioFile['environment'], folder: string): EnvironmentChoice {
  const options: JsonObject = written.options ?? defaults.environment.options;
  const copies = written.copies ?? defaults.environment.copies;
  return 'module' in written
    ? { module: resolve(folder, written.module), options, copies }
    : { name: written.name, options, copies };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}
