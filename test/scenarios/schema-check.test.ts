import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { schemaCheck } from '../../scenarios/schema-check.ts';

const schemaFile = (name: string): URL => new URL(`../../scenarios/${name}.schema.json`, import.meta.url);

describe('the check against a published schema', () => {
  for (const name of ['scenario', 'experiment'])
    it(`leaves out to hold the schema itself against JSON Schema's: ${name}`, () => {
      const ajv = new Ajv({ strictTypes: false, strictRequired: false });
      assert.equal(ajv.validateSchema(JSON.parse(readFileSync(schemaFile(name), 'utf8'))), true, ajv.errorsText());
      assert.equal(ajv.validateSchema({ type: 'objekt' }), false);
    });

  it('lists every mistake, and puts in defaults', () => {
    const check = schemaCheck<{ checkpoint?: object }>(schemaFile('scenario'))();
    assert.equal(check({ name: 1, steps: 'many' }), false);
    const places = check.errors?.map(({ instancePath }) => instancePath) ?? [];
    assert.ok(places.includes('/name') && places.includes('/steps'), places.join(' '));
    const scenario = { name: 'x', environment: { name: 'counting' }, learner: { name: 'ppo' }, steps: 1 };
    assert.equal(check(scenario), true);
    assert.ok('checkpoint' in scenario);
  });
});
