import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Which packages of TensorFlow.js a fresh process has loaded once it has imported this file. */
function tensorPackages(file: string): string {
  const url = new URL(`../../${file}`, import.meta.url).href;
  const code = `
    import { createRequire } from 'node:module';
    await import(${JSON.stringify(url)});
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(loaded.filter((path) => path.includes('@tensorflow/tfjs')).length);
  `;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', code];
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  return execFileSync(process.execPath, words, { encoding: 'utf8', cwd }).trim();
}

describe('reading scenarios', () => {
  it('does not load the engine, which is big', () => {
    assert.equal(tensorPackages('scenarios/index.ts'), '0');
    assert.notEqual(tensorPackages('nn/index.ts'), '0');
  });
});
