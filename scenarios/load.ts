import { dirname } from 'node:path';
import { mistakesIn, report } from './mistakes.ts';
import { type Override, override } from './overrides.ts';
import { absoluteEnvironment, absoluteEvaluation, absoluteLearner, absoluteMas, absoluteTasks } from './paths.ts';
import type { Executor, Scenario, ScenarioFile } from './schema.ts';
import { schemaCheck } from './schema-check.ts';
import { pathOf, readSource, type Source } from './source.ts';
import { wrongParts } from './wrong-parts.ts';

/** What a checked file is once Ajv has put in the schema's defaults; what they leave open depends on the rest of it. */
type Filled = Omit<Scenario, 'checkpoint' | 'executor'> & {
  readonly checkpoint: { readonly every?: number; readonly keep: number };
  readonly executor?: Executor;
};

const scenarioCheck = schemaCheck<Filled>(new URL('./scenario.schema.json', import.meta.url));

/** Where each loaded scenario came from, for errors that only show when it is built. */
const sources = new WeakMap<Scenario, Source>();

/**
 * Reads a scenario: file, then overrides, then defaults for what neither says; checked whole, frozen deep.
 * Throws one `LightbulbError` that lists every mistake (ten at most) with file, line, column and JSON pointer.
 */
export function loadScenario(file: string, overrides: readonly Override[] = []): Scenario {
  return scenarioOfSource(override(readSource(file), overrides));
}

/** The scenario in a source that was read already; relative paths start from its file's folder. */
export function scenarioOfSource(source: Source): Scenario {
  const { file } = source;
  const check = scenarioCheck();
  const filled = structuredClone(source.value);
  if (!check(filled)) throw report(file, mistakesIn(source, check.errors ?? []));
  const wrong = wrongParts(source, filled);
  if (wrong.length > 0) throw report(file, wrong);
  const scenario = freeze(normalise(filled, dirname(file)));
  sources.set(scenario, source);
  return scenario;
}

/** Where in its file (or on the command line) the value at a JSON pointer of this scenario was written. */
export function placeIn(scenario: Scenario, jsonPointer: string): string {
  return sources.get(scenario)?.where(pathOf(jsonPointer)) ?? jsonPointer;
}

/** The scenario in full, in the order in which people read it. `folder`: what relative paths start from. */
function normalise(filled: Filled & Pick<ScenarioFile, '$schema'>, folder: string): Scenario {
  const {
    $schema: _,
    name,
    description,
    seed,
    environment,
    tasks,
    learner,
    curriculum,
    mas,
    steps,
    evaluation,
    checkpoint,
    ...rest
  } = filled;
  const { device, executor = ONLY_EAGER.includes(device) ? 'eager' : 'onnx', ...further } = rest;
  return {
    name,
    description,
    seed,
    environment: environment && absoluteEnvironment(environment, folder),
    tasks: tasks && absoluteTasks(tasks, folder),
    learner: absoluteLearner(learner, folder),
    curriculum,
    mas: absoluteMas(mas, folder),
    steps,
    evaluation: absoluteEvaluation(evaluation, environment, folder),
    checkpoint: { every: Math.ceil(steps / 10), ...checkpoint },
    device,
    executor,
    ...further,
  };
}

/** The devices that need the executor `eager`. */
const ONLY_EAGER: readonly string[] = ['tensorflow', 'wasm'];

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}
