/** Writes `scenario.schema.json` and `experiment.schema.json`: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { publishedExperimentSchema, publishedSchema } from './published-schema.ts';

writeFileSync(new URL('./scenario.schema.json', import.meta.url), publishedSchema());
writeFileSync(new URL('./experiment.schema.json', import.meta.url), publishedExperimentSchema());
