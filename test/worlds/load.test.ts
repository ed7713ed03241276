import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBatched, createOutputs, loadEnvironment } from '../../worlds/index.ts';

const COURIERS = fileURLToPath(new URL('./mutants/couriers.ts', import.meta.url));
const BATCHES = new URL('./mutants/batches.ts', import.meta.url).href;

describe('a module with an environment', () => {
  let folder: string;
  const write = (name: string, source: string) => {
    writeFileSync(join(folder, name), source);
    return join(folder, name);
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lightbulb-load-'));
    write('package.json', '{ "type": "module" }');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is loaded with its options, in the single form and batched', async () => {
    const { make, single, seedless } = await loadEnvironment(COURIERS, {});
    assert.deepEqual(single!().agents, ['scout', 'carrier']);
    assert.equal(seedless, false);
    const batched = make(3);
    assert.equal(batched.batchSize, 3);
    batched.reset(1, createOutputs(batched.groups, 3));
    const broken = await loadEnvironment(COURIERS, { defect: 'agent twice' });
    assert.deepEqual(broken.single!().agents, ['scout', 'scout']);
  });

  it('may be written batched, and is then checked against another process too', async () => {
    const path = write(
      'batched.ts',
      `import { brokenBatch } from ${JSON.stringify(BATCHES)};
       export const batched = (copies: number) => brokenBatch(copies);
       export const seedless = true;`,
    );
    const { make, single, seedless } = await loadEnvironment(path);
    assert.equal(single, undefined);
    assert.equal(seedless, true);
    assert.equal(make(2).batchSize, 2);
    const { checks } = await checkBatched(make, { module: { path }, enduranceSteps: 0 });
    const child = checks.find(({ name }) => name === 'single/fresh-process');
    assert.deepEqual([child?.outcome, child?.reason], ['pass', '']);
  });

  it('that is not there is an error that suggests its neighbours', async () => {
    write('maze.ts', 'export default 1;');
    await assert.rejects(loadEnvironment(join(folder, 'mase.ts')), {
      code: 'missing_module',
      message: /Did you mean "maze.ts"/,
    });
    await assert.rejects(loadEnvironment(join(folder, 'no', 'maze.ts')), {
      code: 'missing_module',
      message: /no folder/,
    });
    await assert.rejects(loadEnvironment(folder), { code: 'missing_module' });
  });

  it('that does not load, throws or makes something else is an error that says so', async () => {
    const cases: readonly [string, string, RegExp][] = [
      ['syntax.ts', 'export default (', /does not load/],
      ['throws.ts', 'throw new Error("no screen");', /no screen/],
    ];
    for (const [name, source, message] of cases)
      await assert.rejects(loadEnvironment(write(name, source)), { code: 'missing_module', message });
    const shapes: readonly [string, string, RegExp][] = [
      ['empty.ts', 'export const x = 1;', /no default export.*Write: export default/],
      ['number.ts', 'export default 1;', /got number/],
      ['factory-throws.ts', 'export default () => { throw new Error("width?"); };', /width\?/],
      ['promise.ts', 'export default async () => ({});', /promise.*top-level await/],
      ['null.ts', 'export default () => null;', /got null/],
      ['half.ts', 'export default () => ({ agents: [], spaces: {}, reset() {} });', /"step"/],
      ['size.ts', 'export const batched = () => ({ batchSize: 9 });', /"batchSize"/],
      ['kind.ts', 'export const batched = 3;', /export "batched"/],
    ];
    for (const [name, source, message] of shapes)
      await assert.rejects(loadEnvironment(write(name, source)), { code: 'contract', message });
  });
});
