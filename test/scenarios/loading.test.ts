import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const END = 'that was all\n';

/** What a fresh process has loaded, modules and CommonJS, once it has imported each of these files in turn. */
function loadedBy(...files: readonly string[]): readonly (readonly string[])[] {
  const hook = `
    import { writeSync } from 'node:fs';
    export const load = (url, context, next) => { writeSync(1, url + '\\n'); return next(url, context); };
  `;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(asModule(hook))});`;
  const urls = files.map((file) => new URL(`../../${file}`, import.meta.url).href);
  const code = `
    import { writeSync } from 'node:fs';
    import { createRequire } from 'node:module';
    const { cache } = createRequire(import.meta.url);
    for (const url of ${JSON.stringify(urls)}) {
      await import(url);
      writeSync(1, Object.keys(cache).join('\\n') + '\\n' + ${JSON.stringify(END)});
    }
  `;
  const words = ['--import', 'tsx', '--import', asModule(register), '--input-type=module', '--eval', code];
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const printed = execFileSync(process.execPath, words, { encoding: 'utf8', cwd });
  return printed.split(END).map((part) => part.trim().split('\n'));
}

const asModule = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;

const countOf = (library: string, loaded: readonly string[]): number =>
  loaded.filter((place) => place.includes(`/node_modules/${library}/`)).length;

describe('reading scenarios', () => {
  it('does not load the engine, which is big', () => {
    const [scenarios, engine] = loadedBy('scenarios/index.ts', 'nn/index.ts');
    assert.equal(countOf('@tensorflow', scenarios!), 0);
    assert.notEqual(countOf('@tensorflow', engine!), 0);
  });
});

describe('who runs scenarios', () => {
  it('does not load hundreds of modules for what a run does not do: publishing schemas, reading feeds', () => {
    const [batch, mas, publishing] = loadedBy('batch/index.ts', 'mas/index.ts', 'scenarios/published-schema.ts');
    for (const library of ['typebox', 'feedsmith']) assert.equal(countOf(library, [...batch!, ...mas!]), 0, library);
    assert.ok(countOf('typebox', publishing!) > 100);
  });
});
