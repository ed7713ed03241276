/** Writes `scenario.schema.json`, which editors complete scenario files with: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publishedSchema, schemaFile } from './published-schema.ts';

writeFileSync(fileURLToPath(schemaFile), publishedSchema());
