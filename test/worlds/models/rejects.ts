import assert from 'node:assert/strict';
import { LightbulbError } from '../../../core/index.ts';

/** `run` throws a `LightbulbError` of this code at this place. */
export function rejects(run: () => unknown, code: LightbulbError['code'], where?: string): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof LightbulbError, String(error));
    assert.equal(error.code, code);
    if (where !== undefined) assert.equal(error.parts.where, where);
    return true;
  });
}
