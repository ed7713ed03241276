import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import { onDisk, type Write, write, writeFile } from '../../scenarios/disk.ts';
import { newFolderName } from '../../scenarios/index.ts';
import { collect, outline } from './collect.ts';
import { put, scenarioWith, temporaryFolder } from './files.ts';

/** A disk with room for so many bytes more. */
function diskOf(bytes: number): Write {
  let room = bytes;
  return (file, data, offset) => {
    if (room <= 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const count = write(file, data.subarray(offset, offset + room), 0);
    room -= count;
    return count;
  };
}

describe('a full disk', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'run');
  const everything = (path: string): string[] => (readdirSync(path, { recursive: true }) as string[]).sort();

  // The first is full at the scenario, the others at events, metrics and checkpoints of all sorts.
  for (let bytes = 500; bytes < 8192; bytes += 311) {
    it(`after ${bytes} bytes stops the run with what it has made until then`, async () => {
      const { events, error } = await collect(scenarioWith(root()), { folder: folder(), disk: diskOf(bytes) });
      assert.ok(error instanceof LightbulbError && error.code === 'disk' && !error.isInput, String(error));
      assert.match(error.message, /: the disk is full\. Free some space and resume the run$/);
      if (events.length === 0) return assert.equal(existsSync(folder()), false);
      assert.deepEqual(
        everything(folder()).filter((name) => /\.tmp|unfinished/.test(name)),
        [],
      );
      for (const file of ['events.jsonl', 'metrics.jsonl'].filter((name) => existsSync(join(folder(), name)))) {
        for (const line of readFileSync(join(folder(), file), 'utf8').split('\n').filter(Boolean)) JSON.parse(line);
      }
      assert.match(outline(events).at(-1)!, /^failed/);
      // Every checkpoint told of is whole, and with space the run goes on from the last as if nothing had happened.
      const told = [...events].reverse().find((event) => event.kind === 'checkpoint');
      const resumed = await collect(scenarioWith(root()), { folder: folder(), resume: true });
      assert.equal(resumed.error, undefined);
      assert.equal(outline(resumed.events).includes('warning'), false);
      const started = resumed.events[0];
      assert.ok(started?.kind === 'started' && started.step >= (told?.step ?? 0));
      const undisturbed = join(root(), 'undisturbed');
      await collect(scenarioWith(root()), { folder: undisturbed });
      assert.equal(
        readFileSync(join(folder(), 'metrics.jsonl'), 'utf8'),
        readFileSync(join(undisturbed, 'metrics.jsonl'), 'utf8'),
      );
    });
  }

  it('is told apart from other trouble with the disk', () => {
    const full = (code: string) => () => onDisk('/a', () => raise(code));
    assert.throws(full('ENOSPC'), /^LightbulbError: \/a: the disk is full/);
    assert.throws(full('EDQUOT'), /the disk is full/);
    assert.throws(full('EACCES'), /cannot be written \(EACCES\)\. See to its folder and its permissions$/);
  });

  it('is what the system says of /dev/full', function () {
    if (!existsSync('/dev/full')) this.skip();
    const file = openSync('/dev/full', 'w');
    try {
      assert.throws(() => onDisk('/dev/full', () => write(file, new Uint8Array(8), 0)), { code: 'disk' });
    } finally {
      closeSync(file);
    }
  });

  it('leaves no part of a file that did not fit', () => {
    const path = join(root(), 'file');
    assert.throws(() => writeFile(path, new Uint8Array(100), diskOf(60)), { code: 'disk' });
    assert.equal(existsSync(path), false);
  });

  function raise(code: string): never {
    throw Object.assign(new Error(code), { code });
  }
});

describe('the folder of a run', () => {
  const root = temporaryFolder();

  it('is named after scenario, seed and time, with a number where that name is taken', () => {
    const time = new Date(Date.UTC(2031, 1, 3, 4, 5, 6));
    const scenario = scenarioWith(root(), { seed: 7 });
    const name = newFolderName(root(), scenario, time);
    assert.equal(name, join(root(), 'small-7-20310203-040506'));
    put(root(), 'small-7-20310203-040506', '');
    assert.equal(newFolderName(root(), scenario, time), `${name}-2`);
  });
});
