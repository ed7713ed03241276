/** Writes `scenario.schema.json`: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { publishedSchema } from './published-schema.ts';

writeFileSync(new URL('./scenario.schema.json', import.meta.url), publishedSchema());
