import { environmentNames } from '../worlds/index.ts';
import { experimentSchema } from './experiment/experiment-schema.ts';
import { scenarioSchema } from './schema.ts';

/** The text of `scenario.schema.json`: the schema, and the names of the built-in environments for editors. */
export function publishedSchema(): string {
  const plain = JSON.parse(JSON.stringify(scenarioSchema));
  const { environment, tasks } = plain.properties;
  for (const one of [environment, tasks.additionalProperties.properties.environment]) {
    one.else.then.properties.name.examples = environmentNames;
  }
  return `${JSON.stringify(plain, null, 2)}\n`;
}

/** The text of `experiment.schema.json`. */
export function publishedExperimentSchema(): string {
  return `${JSON.stringify(experimentSchema, null, 2)}\n`;
}
