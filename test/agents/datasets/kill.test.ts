import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataset } from '../../../agents/datasets/index.ts';
import { temporaryFolder } from '../../scenarios/files.ts';
import { numbered } from './tracks.ts';

describe('a recording that is killed', () => {
  const root = temporaryFolder();

  it('leaves nothing that opens, and what it leaves goes with the next one', async function () {
    this.timeout(60_000);
    const folder = join(root(), 'numbered');
    const script = fileURLToPath(new URL('killed-recording.ts', import.meta.url));
    const child = fork(script, [folder], { execArgv: ['--import', 'tsx'] });
    const gone = once(child, 'exit');
    const [word] = (await Promise.race([once(child, 'message'), gone])) as [unknown];
    assert.equal(word, 'under way');
    child.kill('SIGKILL');
    await gone;
    const [left, ...more] = readdirSync(root());
    assert.deepEqual(more, []);
    assert.match(left!, /^numbered\.unfinished-\d+$/);
    assert.ok(readdirSync(join(root(), left!)).length >= 1, 'no shard was written before the kill');
    assert.throws(() => openDataset(folder), { code: 'invalid_input' });
    assert.throws(() => openDataset(join(root(), left!)), { code: 'invalid_input' });
    numbered(root(), [3]);
    assert.deepEqual(readdirSync(root()), ['numbered']);
  });
});
