import { environmentNames } from './environments.ts';
import { scenarioSchema } from './schema.ts';

/** Where the published schema lies, beside the presets that point to it. */
export const schemaFile = new URL('./scenario.schema.json', import.meta.url);

/** The text of `scenario.schema.json`: the schema that `load` checks with, and the names of the built-ins. */
export function publishedSchema(): string {
  const plain = JSON.parse(JSON.stringify(scenarioSchema));
  plain.properties.environment.else.properties.name.examples = environmentNames;
  return `${JSON.stringify(plain, null, 2)}\n`;
}
