import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

/**
 * What holds a file against a published schema of ours, compiled at its first use. Defaults are put in, nothing is
 * coerced, every mistake is listed, each with the schema and the value that it is about.
 */
export function schemaCheck<Filled>(schemaFile: URL): () => ValidateFunction<Filled> {
  let check: ValidateFunction<Filled> | undefined;
  return () => {
    check ??= compiler().compile<Filled>(JSON.parse(readFileSync(schemaFile, 'utf8')));
    return check;
  };
}

/**
 * Every process of a batch or a team compiles the scenario's schema: holding it against JSON Schema's own, which tests
 * do, and polishing code that runs once would take most of that.
 */
function compiler(): Ajv {
  return new Ajv({
    allErrors: true,
    verbose: true,
    useDefaults: true,
    strictTypes: false,
    strictRequired: false,
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
}
