import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunWriter } from '../reports/live/write-run.ts';
import { temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

const launcher = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));

describe('lightbulb watch', () => {
  const root = temporaryFolder();

  it('prints where its page is, serves it, and ends with 0 at Ctrl-C though a browser looks on', async () => {
    const { folder } = new RunWriter(join(root(), 'run'));
    const child = spawn(process.execPath, [launcher, 'watch', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    const url = /^(http:\/\/127\.0\.0\.1:\d+\/)\n/.exec(String(text))![1]!;
    const { body } = await fetch(`${url}changes`);
    const reader = body!.getReader();
    await reader.read();
    const ended = once(child, 'close');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
    await reader.cancel().catch(() => {});
  });

  it('ends with 2 where there is nothing to watch, or no such port', async () => {
    const nowhere = await lightbulb(['watch', join(root(), 'nowhere')]);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.err, /nowhere: there is no such folder; wanted the folder of a run, of a batch/);
    const { folder } = new RunWriter(join(root(), 'run'));
    for (const port of ['70000', '-1', 'x'])
      assert.equal((await lightbulb(['watch', folder, '--port', port])).code, 2, port);
  });
});
