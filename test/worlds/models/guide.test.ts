import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { flatSize } from '../../../worlds/index.ts';
import { actionWidth, type WorldModel } from '../../../worlds/models/index.ts';
import { describeWorldModel } from './describe-world-model.ts';

/** The example of docs/world-models.md does what every world model has to, as somebody would who copies it. */
const root = resolve(import.meta.dirname, '../../..');
let folder = '';
let nextFrame: (D: number, A: number) => WorldModel;

describe('the example of the guide to world models', () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guide-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/lightbulb'), 'dir');
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const guide = readFileSync(join(root, 'docs/world-models.md'), 'utf8');
    const path = join(folder, 'next-frame.ts');
    writeFileSync(path, /```ts\n(\/\/ next-frame\.ts[\s\S]*?)```/.exec(guide)![1]!);
    ({ nextFrame } = (await import(pathToFileURL(path).href)) as { nextFrame: typeof nextFrame });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  describeWorldModel('next-frame', (observation, action) => nextFrame(flatSize(observation), actionWidth(action)), {
    hasMemory: false,
  });
});
