import assert from 'node:assert/strict';
import { Type } from 'typebox';
import { plainSchema } from '../../core/index.ts';

describe('plain schemas', () => {
  const examples: Record<string, (of: typeof plainSchema) => unknown> = {
    numbers: (of) => [of.Number(), of.Number({ minimum: 0 }), of.Integer(), of.Integer({ maximum: 5 })],
    texts: (of) => [of.String(), of.String({ minLength: 1, pattern: '^x' })],
    'yes, no and nothing': (of) => [of.Boolean(), of.Boolean({ default: true }), of.Null()],
    'one of some': (of) => [of.Enum(['a', 'b']), of.Literal(1), of.Literal('x'), of.Union([of.Null(), of.String()])],
    lists: (of) => [of.Array(of.Null()), of.Array(of.Integer(), { minItems: 1, uniqueItems: true })],
    objects: (of) => [
      of.Object({}),
      of.Object({}, { additionalProperties: true }),
      of.Object({ a: of.Integer(), b: of.Object({ c: of.Null() }) }, { additionalProperties: false }),
    ],
    records: (of) => [
      of.Record(of.String({ maxLength: 9 }), of.Number()),
      of.Record(of.String({ pattern: '^[a-z]$' }), of.Number(), { maxProperties: 3 }),
    ],
    anything: (of) => [of.Unsafe<unknown>({}), of.Unsafe<unknown>({ type: ['object', 'null'] })],
  };

  for (const [name, make] of Object.entries(examples)) {
    it(`are TypeBox's: ${name}`, () => {
      assert.equal(JSON.stringify(make(plainSchema)), JSON.stringify(make(Type)));
    });
  }
});
