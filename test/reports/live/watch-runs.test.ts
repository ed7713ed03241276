import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { filter, firstValueFrom, take, timeout, toArray } from 'rxjs';
import { findRuns, mustHoldRuns } from '../../../reports/live/find-runs.ts';
import { LiveRun } from '../../../reports/live/live-run.ts';
import { watchRuns } from '../../../reports/live/watch-runs.ts';
import { errorOf, put, temporaryFolder } from '../../scenarios/files.ts';
import { RunWriter } from './write-run.ts';

/** A batch folder of two jobs, none of them begun. */
function batch(root: string): string {
  const folder = join(root, 'batch');
  mkdirSync(join(folder, 'runs'), { recursive: true });
  const jobs = ['fast-s1', 'slow-s1'].map((key) => ({ key, arm: key.split('-')[0], settings: {}, seed: 1 }));
  put(folder, 'plan.json', { experiment: 'speeds', description: '', scores: {}, jobs });
  return folder;
}

describe('finding runs', () => {
  const root = temporaryFolder();

  it('knows a run, a batch with what has not begun, and a folder with runs in it', () => {
    const run = new RunWriter(join(root(), 'one')).folder;
    assert.deepEqual(findRuns(run), [{ path: run, name: 'one' }]);
    const folder = batch(root());
    new RunWriter(join(folder, 'runs', 'extra'));
    assert.deepEqual(
      findRuns(folder).map(({ name, arm }) => [name, arm]),
      [
        ['fast-s1', 'fast'],
        ['slow-s1', 'slow'],
        ['extra', undefined],
      ],
    );
    assert.deepEqual(
      findRuns(root()).map(({ name }) => name),
      ['one'],
    );
  });

  it('says what is wrong with a folder without any', () => {
    mkdirSync(join(root(), 'empty'));
    assert.match(
      errorOf(() => mustHoldRuns(join(root(), 'empty'))).message,
      /empty: there is no run in it; wanted the folder of a run/,
    );
    const error = errorOf(() => mustHoldRuns(join(root(), 'nowhere')));
    assert.match(error.message, /there is no such folder/);
    assert.ok(error.isInput);
  });
});

describe('a run that is watched', () => {
  const root = temporaryFolder();
  const points = (run: LiveRun, metric = 'return/mean') => run.series.get(metric)?.since(undefined, 512)?.points;

  it('has a row that follows its events', async () => {
    const writer = new RunWriter(join(root(), 'run'));
    const run = new LiveRun({ id: '0', name: 'run', path: writer.folder });
    assert.equal(run.row.state, 'waiting');
    writer.iteration(100, -9);
    writer.iteration(200, -7);
    assert.equal(await run.refresh(), true);
    const { time, ...row } = run.row;
    assert.deepEqual(row, {
      id: '0',
      name: 'run',
      arm: 'probe',
      seed: 1,
      state: 'running',
      step: 200,
      steps: 1000,
      stepsPerSecond: 100,
      latestReturn: -7,
      evaluated: null,
      left: 8,
      message: null,
    });
    assert.ok(Date.parse(time!) > 0);
    assert.equal(await run.refresh(), false, 'nothing new');
    writer.finish(-5);
    await run.refresh();
    assert.deepEqual([run.row.state, run.row.evaluated, run.row.left, run.row.step], ['finished', -5, null, 1000]);
    assert.deepEqual(points(run, 'evaluation/return/mean'), [[1000, -5]]);
  });

  it("has curves of the team's objective and of scores, and the former in its row", async () => {
    const writer = new RunWriter(join(root(), 'run'));
    const run = new LiveRun({ id: '0', name: 'run', path: writer.folder });
    const of = { mean: 8, std: 0, min: 8, max: 8 };
    const evaluation = { episodes: 2, return: of, length: 3, agents: {}, team: 2, scores: { rouge1: 0.25 } };
    writer.write({ kind: 'evaluation', step: 500, evaluation });
    await run.refresh();
    assert.equal(run.row.evaluated, 2);
    assert.deepEqual(points(run, 'evaluation/team'), [[500, 2]]);
    assert.deepEqual(points(run, 'evaluation/score/rouge1'), [[500, 0.25]]);
    assert.deepEqual(points(run, 'evaluation/return/mean'), [[500, 8]]);
  });

  it('forgets what a resumed run makes again', async () => {
    const writer = new RunWriter(join(root(), 'run'));
    const run = new LiveRun({ id: '0', name: 'run', path: writer.folder });
    for (const step of [100, 200, 300]) writer.iteration(step, step);
    await run.refresh();
    writer.write({ kind: 'failed', step: 300, code: 'disk', message: 'full' });
    await run.refresh();
    assert.deepEqual([run.row.state, run.row.message], ['failed', 'full']);
    writer.start(100);
    writer.iteration(200, -1);
    await run.refresh();
    assert.deepEqual(points(run), [
      [100, 100],
      [200, -1],
    ]);
    assert.deepEqual([run.row.state, run.row.message, run.row.step], ['running', null, 200]);
  });

  it('begins anew where its file was cut, and takes no harm from lines that are no events', async () => {
    const writer = new RunWriter(join(root(), 'run'));
    const run = new LiveRun({ id: '0', name: 'run', path: writer.folder });
    writer.iteration(100, 1);
    await run.refresh();
    truncateSync(join(writer.folder, 'events.jsonl'), 0);
    appendFileSync(join(writer.folder, 'events.jsonl'), 'null\n{"kind"\n3\n');
    await run.refresh();
    assert.equal(points(run), undefined);
    assert.equal(run.row.state, 'waiting');
  });
});

describe('watching runs', () => {
  const root = temporaryFolder();

  it('tells of everything at first, then of what changed', async () => {
    const folder = batch(root());
    const fast = new RunWriter(join(folder, 'runs', 'fast-s1'));
    const told = firstValueFrom(watchRuns([folder], { poll: 30 }).pipe(take(3), toArray(), timeout(10_000)));
    const seen: Promise<string>[] = [];
    const second = watchRuns([folder], { poll: 30 });
    seen.push(
      firstValueFrom(
        second.pipe(
          filter(({ runs }) => runs.some(({ row }) => row.name === 'late')),
          timeout(10_000),
        ),
      ).then(() => 'late'),
    );
    setTimeout(() => fast.iteration(10, 1), 300);
    setTimeout(() => new RunWriter(join(folder, 'runs', 'late')), 700);
    const changes = (await told).map(({ changed }) => changed.map(({ row }) => row.name));
    assert.deepEqual(changes, [['fast-s1', 'slow-s1'], ['fast-s1'], ['late']]);
    assert.deepEqual(await Promise.all(seen), ['late']);
  });

  it('hears of changes from the system, long before it would look', async function () {
    if (process.platform !== 'linux') this.skip();
    const writer = new RunWriter(join(root(), 'run'));
    const told = firstValueFrom(
      watchRuns([writer.folder], { poll: 60_000 }).pipe(
        filter(({ runs }) => runs[0]!.row.step === 10),
        timeout(10_000),
      ),
    );
    setTimeout(() => writer.iteration(10, 1), 300);
    assert.equal((await told).changed.length, 1);
  });
});
