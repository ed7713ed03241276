import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatchEvent, Outcome, Result } from '../../batch/index.ts';
import { picture } from '../../cli/batch-progress.ts';
import { BatchState } from '../../cli/batch-state.ts';
import { meanAndSpread } from '../../cli/batch-text.ts';
import { loadExperiment } from '../../scenarios/index.ts';
import { FakeAttempts } from '../batch/fake-attempts.ts';
import { attemptProcesses } from '../batch/runs.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

const launcher = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));

describe('lightbulb batch', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'batch');
  const file = (changes: object = {}): string =>
    put(root(), 'experiment.json', {
      name: 'e',
      scenario: { name: 'small', environment: { name: 'counting', copies: 2 }, steps: 160, checkpoint: { every: 32 } },
      arms: { a: {}, b: { '/learner/clip': 0.1 } },
      seeds: [1, 2],
      parallel: 2,
      retries: 0,
      ...changes,
    });

  it('shows what it would do, and does nothing', async () => {
    const { code, out } = await lightbulb(['batch', file(), '--dry-run', '--folder', folder()]);
    assert.equal(code, 0);
    assert.match(out, /^run +arm +settings +seed +task +steps +device +threads\n/);
    assert.match(out, /\nb-s2 +b +\/learner\/clip=0\.1 +2 +counting +160 +auto +1\n/);
    assert.match(out, /\n\ne: 4 runs, 2 side by side\n$/);
    const flags = ['--parallel', '3', '--threads', '2', '--device', 'cpu', '--set', 'steps=48', '--retries', '5'];
    const json = await lightbulb(['batch', file(), '--dry-run', '--json', ...flags]);
    const { jobs, parallel, retries } = JSON.parse(json.out);
    assert.deepEqual([jobs.length, parallel, retries], [4, 3, 5]);
    assert.deepEqual([jobs[0].scenario.steps, jobs[0].scenario.device, jobs[0].scenario.threads], [48, 'cpu', 2]);
    assert.deepEqual(readdirSync(root()), ['experiment.json']);
  });

  it('runs it, tells it line by line where there is no terminal, and says what was reached', async () => {
    const { start: startAttempt } = new FakeAttempts();
    const { code, out, err } = await lightbulb(['batch', file(), '--folder', folder()], { startAttempt });
    assert.equal(code, 0, err);
    assert.match(err, /^4 runs, 2 side by side\n/);
    assert.match(err, /\nb-s2: started\n/);
    assert.match(err, /\nb-s2: finished: 160 steps in .*, return -?[\d.]+\n/);
    assert.match(out, /^arm +finished +final return\na +2 of 2 +\S+ \+- \S+\nb +2 of 2 +\S+ \+- \S+\n/);
    assert.match(out, /\nnext: {3}lightbulb report \S+batch\n$/);
    const json = await lightbulb(['batch', file(), '--folder', folder(), '--json'], { startAttempt });
    assert.deepEqual(JSON.parse(json.out), JSON.parse(readFileSync(join(folder(), 'results.json'), 'utf8')));
    assert.match(json.err, /4 finished before/);
  });

  it('ends with 1 where a run failed, says which and why, and finishes the others', async () => {
    const struck: Outcome = { state: 'failed', code: 'killed', message: 'struck by lightning' };
    const { start: startAttempt } = new FakeAttempts(({ folder: place }) =>
      place.endsWith('a-s1') ? struck : undefined,
    );
    const { code, out, err } = await lightbulb(['batch', file(), '--folder', folder()], { startAttempt });
    assert.equal(code, 1);
    assert.match(err, /failed: a-s1: struck by lightning \(log, if it printed anything: \S+a-s1\.log\)\n$/);
    assert.match(out, /\na +1 of 2 /);
    assert.match(out, /\nb +2 of 2 /);
    assert.match(out, /go on: {2}the same command again\n$/);
  });

  it('ends with 2 on wrong input, before anything is there', async () => {
    const options = await lightbulb([
      'batch',
      file({ arms: { a: { '/environment/options': { lengt: 1 } } } }),
      '--folder',
      folder(),
    ]);
    assert.equal(options.code, 2, options.err);
    assert.match(options.err, /experiment\.json:\d+:\d+ \/arms\/a\/~1environment~1options/);
    const flag = await lightbulb(['batch', file(), '--device', 'abacus', '--folder', folder()]);
    assert.equal(flag.code, 2);
    assert.match(flag.err, /--device abacus: "device" is none of the known values/);
    assert.equal((await lightbulb(['batch', file(), '--parallel', '0'])).code, 2);
    assert.equal((await lightbulb(['batch', join(root(), 'none.json')])).code, 2);
    assert.ok(!existsSync(folder()));
  });

  it('stops every run at a checkpoint at Ctrl-C, and ends with 130', async function () {
    this.timeout(120_000);
    const mark = `cli-batch-${process.pid}`;
    const long = file({ arms: { a: { '/steps': 1_000_000_000, '/checkpoint/every': 900_000_000 } } });
    const child = spawn(process.execPath, [launcher, 'batch', long, '--folder', folder()], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MARK: mark },
      detached: true,
    });
    let [err, out, sent] = ['', '', false];
    child.stdout.on('data', (piece) => {
      out += piece;
    });
    child.stderr.on('data', (piece) => {
      err += piece;
      if (sent || !['a-s1', 'a-s2'].every((key) => err.includes(`${key}: started`))) return;
      sent = true;
      process.kill(-child.pid!, 'SIGINT'); // to the whole group, as a terminal does
    });
    assert.deepEqual(await once(child, 'close'), [130, null], err);
    assert.match(err, /stopping every run at a checkpoint; Ctrl-C again stops at once/);
    assert.match(out, /go on: {2}the same command again\n$/);
    assert.deepEqual(attemptProcesses(mark), []);
    const results = JSON.parse(readFileSync(join(folder(), 'results.json'), 'utf8')) as Result[];
    for (const { key, state, steps } of results) {
      assert.equal(state, 'interrupted');
      assert.deepEqual(readdirSync(join(folder(), 'runs', key, 'checkpoints')), [String(steps)]);
    }
  });

  it('fits its live table into any terminal', () => {
    const { jobs } = loadExperiment(file({ seeds: { from: 1, count: 30 } }));
    const state = new BatchState();
    const take = (event: BatchEvent) => state.take(event, 0);
    take({ kind: 'opened', jobs, parallel: 20, finished: [] });
    const at = (seconds: number) => new Date(seconds * 1000).toISOString();
    for (const { key } of jobs.slice(0, 20)) {
      take({ kind: 'attempt', key, attempt: 1 });
      const about = { scenario: 's', seed: 1, folder: 'f', steps: 160, parameters: 1, resumed: false };
      take({ kind: 'run', key, event: { kind: 'started', step: 0, time: at(0), ...about } });
      const metrics = { 'return/mean': 3 };
      const iteration = { kind: 'iteration', step: 40, episodes: 1, stepsPerSecond: 0, metrics } as const;
      take({ kind: 'run', key, event: { ...iteration, time: at(2) } });
    }
    const failed: Outcome = { state: 'failed', code: 'killed', message: 'struck\nby lightning' };
    take({ kind: 'attempt', key: jobs[25]!.key, attempt: 1 });
    take({ kind: 'outcome', key: jobs[25]!.key, outcome: failed, retry: false, log: 'l' });
    // 20 runs made 40 of 160 steps each in 2 s: 400 steps/s; 20 x 120 + 39 x 160 steps are left, 21.6 s.
    const large = picture(state, 2000, 60, 100).split('\n');
    assert.match(large[0]!, /^run +progress +steps\/s +left +return$/);
    assert.match(large[1]!, /^a-s1 +25% +20 +6 s +3$/);
    assert.equal(large[21], '0 of 60 finished, 20 running, 1 failed, 39 waiting; 400 steps/s, 22 s left');
    assert.equal(large[22], `failed: ${jobs[25]!.key}: struck`);
    for (const [rows, columns] of [
      [10, 30],
      [24, 80],
      [5, 20],
    ] as const) {
      const small = picture(state, 2000, rows, columns).split('\n');
      assert.ok(small.length < rows, `${small.length} lines in ${rows}`);
      assert.ok(small.every((line) => line.length < columns));
    }
  });

  it('tells mean and sample standard deviation', () => {
    assert.equal(meanAndSpread([2, 4, 4, 4, 5, 5, 7, 9]), '5 +- 2.14'); // sqrt(32 / 7)
    assert.equal(meanAndSpread([3]), '3');
    assert.equal(meanAndSpread([]), '-');
  });
});
