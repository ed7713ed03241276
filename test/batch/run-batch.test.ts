import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BatchEvent, type Outcome, parallelOf, type Result, runBatch } from '../../batch/index.ts';
import { LightbulbError } from '../../core/index.ts';
import { type Experiment, FolderLock, loadExperiment, type Plan } from '../../scenarios/index.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { FakeAttempts } from './fake-attempts.ts';
import { jsonLines } from './runs.ts';

describe('a batch', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'batch');
  const experiment = (changes: object = {}): Experiment =>
    loadExperiment(
      put(root(), 'experiment.json', {
        name: 'e',
        scenario: {
          name: 'small',
          environment: { name: 'counting', copies: 2 },
          steps: 160,
          checkpoint: { every: 32 },
        },
        arms: { a: {}, b: { '/learner/clip': 0.1 } },
        seeds: [1, 2, 3],
        parallel: 2,
        retries: 1,
        ...changes,
      }),
    );
  const failed: Outcome = { state: 'failed', code: 'killed', message: 'struck by lightning' };

  async function carryOut(
    what: Experiment,
    attempts = new FakeAttempts(),
    stop = new AbortController(),
    onEvent: (event: BatchEvent) => void = () => {},
  ): Promise<{ events: BatchEvent[]; results: readonly Result[]; error: unknown }> {
    const events: BatchEvent[] = [];
    let error: unknown;
    await runBatch(what, { folder: folder(), start: attempts.start, signal: stop.signal })
      .forEach((event) => {
        events.push(event);
        onEvent(event);
      })
      .catch((reason: unknown) => {
        error = reason;
      });
    const last = events.at(-1);
    return { events, results: last?.kind === 'closed' ? last.results : [], error };
  }
  const text = (name: string): string => readFileSync(join(folder(), name), 'utf8');
  const states = (results: readonly Result[]) => results.map(({ key, state }) => `${key} ${state}`);

  it('runs every job once, seed by seed, no more side by side than it may', async () => {
    const attempts = new FakeAttempts();
    const { results, error } = await carryOut(experiment(), attempts);
    assert.equal(error, undefined);
    assert.deepEqual(attempts.started, ['a-s1', 'b-s1', 'a-s2', 'b-s2', 'a-s3', 'b-s3']);
    assert.equal(attempts.most, 2);
    assert.deepEqual(
      results.map(({ key }) => key),
      ['a-s1', 'a-s2', 'a-s3', 'b-s1', 'b-s2', 'b-s3'],
    );
    for (const { state, steps, metrics, evaluation } of results) {
      assert.deepEqual([state, steps, metrics?.length], ['finished', 160, 64]);
      assert.ok(Number.isFinite(evaluation?.return.mean));
    }
    assert.deepEqual(JSON.parse(text('results.json')), results);
    assert.ok(!existsSync(join(folder(), 'lock')));
    const plan = JSON.parse(text('plan.json')) as Plan;
    assert.deepEqual(plan.jobs[3], { key: 'b-s1', arm: 'b', settings: { '/learner/clip': 0.1 }, seed: 1 });
  });

  it('leaves the same results wherever and whenever it runs', async () => {
    await carryOut(experiment());
    const first = text('results.json');
    rmSync(folder(), { recursive: true });
    await carryOut(experiment({ parallel: 1 }));
    assert.equal(text('results.json'), first);
    assert.ok(!first.includes(root()));
  });

  it('runs nothing again when it is started again, and only what was added', async () => {
    await carryOut(experiment());
    const attempts = new FakeAttempts();
    const { events } = await carryOut(experiment(), attempts);
    assert.deepEqual(attempts.started, []);
    assert.ok(events[0]?.kind === 'opened' && events[0].finished.length === 6);
    await carryOut(experiment({ seeds: [0, 1, 2, 3] }), attempts);
    assert.deepEqual(attempts.started, ['a-s0', 'b-s0']);
    const journal = jsonLines(join(folder(), 'journal.jsonl'));
    const ends = journal.filter(({ kind }) => kind === 'outcome').map(({ key }) => key);
    assert.equal(new Set(ends).size, ends.length);
  });

  it('tries a failed run again, later, as often as it may, and stops nobody for it', async () => {
    const attempts = new FakeAttempts(({ folder: place }, attempt) => {
      if (place.endsWith('a-s1')) return failed;
      return place.endsWith('b-s2') && attempt === 1 ? failed : undefined;
    });
    const { results, events } = await carryOut(experiment({ retries: 2 }), attempts);
    assert.equal(attempts.started.filter((key) => key === 'a-s1').length, 3);
    assert.equal(attempts.started.filter((key) => key === 'b-s2').length, 2);
    assert.ok(attempts.started.lastIndexOf('a-s1') > attempts.started.indexOf('b-s3'));
    assert.deepEqual(states(results), [
      'a-s1 failed',
      'a-s2 finished',
      'a-s3 finished',
      'b-s1 finished',
      'b-s2 finished',
      'b-s3 finished',
    ]);
    assert.equal(results[0]!.code, 'killed');
    const outcomes = events.filter((event) => event.kind === 'outcome' && event.key === 'a-s1');
    assert.deepEqual(
      outcomes.map((event) => event.kind === 'outcome' && event.retry),
      [true, true, false],
    );
    // Started again, it has another go at what failed, and at nothing else.
    const again = new FakeAttempts();
    assert.equal((await carryOut(experiment(), again)).results[0]!.state, 'finished');
    assert.deepEqual(again.started, ['a-s1']);
  });

  it('stops with checkpoints when asked, and goes on first with what was half-done', async () => {
    const stop = new AbortController();
    const begun = new FakeAttempts(undefined, (event, { folder: place }) => {
      if (place.endsWith('a-s2') && event.kind === 'iteration') stop.abort();
    });
    const first = await carryOut(experiment(), begun, stop);
    assert.ok(first.results.some(({ key, state }) => key === 'a-s2' && state === 'interrupted'));
    assert.ok(first.results.some(({ state }) => state === 'waiting'));
    const later = new FakeAttempts();
    await carryOut(experiment(), later);
    assert.equal(later.started[0], 'a-s2');
    const resumed = text('results.json');
    rmSync(folder(), { recursive: true });
    await carryOut(experiment());
    assert.equal(resumed, text('results.json'));
  });

  it('refuses a job whose scenario has changed, and has changed nothing itself', async () => {
    await carryOut(experiment());
    const before = text('plan.json');
    const { error } = await carryOut(experiment({ arms: { a: {}, b: { '/learner/clip': 0.3 }, c: {} } }));
    assert.ok(error instanceof LightbulbError && error.code === 'mismatch' && error.isInput);
    assert.match(error.message, /b-s1: the run here is of another scenario: \/learner\/clip was 0\.1, is 0\.3\./);
    assert.equal(text('plan.json'), before);
    assert.ok(!existsSync(join(folder(), 'lock')));
  });

  it('refuses a folder that another batch is at, and one that is no batch', async () => {
    mkdirSync(folder());
    const lock = FolderLock.take(folder());
    const { error } = await carryOut(experiment());
    assert.ok(error instanceof LightbulbError && error.code === 'exists');
    assert.match(error.message, new RegExp(`process ${process.pid} writes`));
    lock.release();
    rmSync(folder(), { recursive: true });
    mkdirSync(folder());
    put(folder(), 'thesis.txt', 'mine');
    const second = await carryOut(experiment());
    assert.match(String(second.error), /this is no folder of a batch/);
  });

  it('takes as many side by side as there are cores for their threads', () => {
    const wide = experiment({ parallel: null, threads: 3 });
    assert.equal(parallelOf(wide, 8), 2);
    assert.equal(parallelOf(wide, 2), 1);
    assert.equal(parallelOf(experiment({ parallel: null }), 64), 6);
    assert.equal(parallelOf(experiment({ parallel: 4 }), 1), 4);
  });
});
