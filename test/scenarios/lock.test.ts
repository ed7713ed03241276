import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderLock, holderOf, identityOf, isAlive, removeUnmade, standingOf } from '../../scenarios/index.ts';
import { collect } from './collect.ts';
import { fakeTraining } from './fake-training.ts';
import { errorOf, put, scenarioWith, temporaryFolder } from './files.ts';

/** A process that does nothing until it is killed. */
function idle(): ChildProcess {
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('the lock of a folder', () => {
  const folder = temporaryFolder();
  const lockFile = () => join(folder(), 'lock');

  it('knows a process by its start time, not by its number alone', async () => {
    const child = idle();
    const identity = identityOf(child.pid!)!;
    assert.ok(isAlive(identity));
    if (identity.started !== null) assert.ok(!isAlive({ ...identity, started: 'boot/1' }));
    await end(child);
    assert.ok(!isAlive(identity));
    assert.equal(identityOf(child.pid!), undefined);
  });

  it('lets one in, names it to the next, and lets that in afterwards', () => {
    const lock = FolderLock.take(folder());
    assert.equal(holderOf(folder())?.pid, process.pid);
    const error = errorOf(() => FolderLock.take(folder()));
    assert.equal(error.code, 'exists');
    assert.match(error.message, new RegExp(`process ${process.pid} writes to this folder`));
    lock.release();
    lock.release();
    assert.equal(holderOf(folder()), undefined);
    FolderLock.take(folder()).release();
    assert.deepEqual(readdirSync(folder()), []);
  });

  it('takes over from the dead, from a number that was given out again, from a copied folder and from a torn file', async () => {
    const child = idle();
    const gone = identityOf(child.pid!)!;
    await end(child);
    const lock = FolderLock.take(folder());
    const mine = JSON.parse(readFileSync(lockFile(), 'utf8'));
    lock.release();
    const texts = [
      { ...mine, ...gone },
      { ...mine, started: 'boot/1' },
      { ...mine, folder: '1:1' },
    ]
      .map((each) => JSON.stringify(each))
      .concat('{"pid":');
    for (const text of texts) {
      writeFileSync(lockFile(), text);
      assert.equal(holderOf(folder()), undefined);
      const next = FolderLock.take(folder());
      assert.deepEqual(readdirSync(folder()), ['lock']);
      next.release();
    }
  });

  it('never removes a lock that is another one by now', () => {
    const lock = FolderLock.take(folder());
    writeFileSync(lockFile(), '{"pid":1}');
    lock.release();
    assert.equal(readFileSync(lockFile(), 'utf8'), '{"pid":1}');
  });

  it('is refused on behalf of a dead process', async () => {
    const child = idle();
    const owner = identityOf(child.pid!)!;
    FolderLock.take(folder(), owner).release();
    await end(child);
    assert.equal(errorOf(() => FolderLock.take(folder(), owner)).code, 'conflict');
    assert.ok(!existsSync(lockFile()));
  });

  it('is held by a run while it writes, so that nobody resumes it meanwhile', async () => {
    const scenario = scenarioWith(folder());
    const place = join(folder(), 'run');
    let second: unknown;
    const before = async (): Promise<void> => {
      second ??= (await collect(scenario, { folder: place, resume: true })).error;
    };
    const createTraining = async (spec: Parameters<ReturnType<typeof fakeTraining>>[0]) => {
      const training = await fakeTraining()(spec);
      const advance = training.advance.bind(training);
      training.advance = async () => {
        await before();
        return advance();
      };
      return training;
    };
    const { error } = await collect(scenario, { folder: place, createTraining });
    assert.equal(error, undefined);
    assert.equal((second as { code?: string }).code, 'exists');
    assert.ok(!readdirSync(place).includes('lock'));
    assert.equal((await collect(scenario, { folder: place, resume: true })).error, undefined);
  });
});

describe('how far a run has come', () => {
  const folder = temporaryFolder();
  const place = () => join(folder(), 'run');

  it('is told without touching it', async () => {
    const scenario = scenarioWith(folder());
    assert.deepEqual(standingOf(place(), scenario), { state: 'none' });
    const stop = new AbortController();
    const createTraining = fakeTraining({ before: (step) => void (step > 0 && stop.abort()) });
    await collect(scenario, { folder: place(), createTraining, signal: stop.signal });
    assert.deepEqual(standingOf(place(), scenario), { state: 'begun' });
    await collect(scenario, { folder: place(), resume: true });
    const standing = standingOf(place(), scenario);
    assert.ok(standing.state === 'finished' && standing.summary.steps === 160);
  });

  it('names what differs where the run is of another scenario', async () => {
    await collect(scenarioWith(folder()), { folder: place() });
    const error = errorOf(() => standingOf(place(), scenarioWith(folder(), { steps: 176 })));
    assert.equal(error.code, 'mismatch');
    assert.match(error.message, /\/steps was 160, is 176/);
  });

  it('removes what was left before there was a scenario, and nothing else', () => {
    mkdirSync(place());
    writeFileSync(join(place(), 'lock'), '{}');
    writeFileSync(join(place(), 'scenario.json.tmp'), '{"na');
    assert.deepEqual(standingOf(place(), scenarioWith(folder())), { state: 'none' });
    const lock = FolderLock.take(place());
    assert.equal(errorOf(() => removeUnmade(place())).code, 'exists');
    lock.release();
    removeUnmade(place());
    assert.ok(!existsSync(place()));
    mkdirSync(place());
    put(place(), 'thesis.txt', 'mine');
    assert.equal(errorOf(() => standingOf(place(), scenarioWith(folder()))).code, 'exists');
    removeUnmade(place());
    assert.ok(existsSync(join(place(), 'thesis.txt')));
  });
});
