import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import { loadScenario, type Scenario } from '../../scenarios/index.ts';

/** A folder of its own for each test, gone afterwards. Call inside `describe`. */
export function temporaryFolder(): () => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lightbulb-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}

/** Writes a file into `folder` and returns its path. */
export function put(folder: string, name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  return path;
}

/** The smallest scenario, with `changes`, as loaded from `folder`. */
export function scenarioWith(folder: string, changes: object = {}): Scenario {
  const small = {
    name: 'small',
    environment: { name: 'counting', copies: 2 },
    steps: 160,
    evaluation: { every: 48 },
    checkpoint: { every: 32 },
    ...changes,
  };
  return loadScenario(put(folder, `${Math.random()}.json`, small));
}

/** The error that `work` throws. */
export function errorOf(work: () => unknown): LightbulbError {
  try {
    work();
  } catch (error) {
    if (error instanceof LightbulbError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
