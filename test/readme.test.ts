import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const command = new URL('../cli/lightbulb.mjs', import.meta.url).pathname;

const block = (language: string, start: string): string => {
  const found = readme
    .split(`\`\`\`${language}\n`)
    .slice(1)
    .map((rest) => rest.split('```')[0]!)
    .find((text) => text.startsWith(start));
  assert.ok(found, `the README has no ${language} block that starts with ${start}`);
  return found;
};

describe("the README's environment", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lightbulb-readme-'));
    writeFileSync(join(folder, 'corridor.ts'), block('ts', '// corridor.ts'));
    writeFileSync(join(folder, 'corridor.json'), block('json', '{'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is short', () => assert.ok(block('ts', '// corridor.ts').trim().split('\n').length <= 32));

  it('keeps the whole contract', async () => {
    const { stdout } = await run(process.execPath, [command, 'check', join(folder, 'corridor.ts')]);
    assert.match(stdout, / 0 failed/);
  });

  it('is learned: eight steps to the lamp cost at most eight hundredths', async () => {
    const { stdout } = await run(process.execPath, [
      command,
      'run',
      join(folder, 'corridor.json'),
      '--json',
      '--runs',
      folder,
    ]);
    const summary = JSON.parse(stdout) as { evaluation: { return: { min: number } } };
    // From cell 0 the best return is 1 - 7 * 0.01 = 0.93.
    assert.ok(summary.evaluation.return.min > 0.929, JSON.stringify(summary.evaluation));
  });
});
