import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AttemptProcesses, startAttempt } from '../../batch/index.ts';
import { type Event, FolderLock, holderOf, type Scenario } from '../../scenarios/index.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { attemptAt, attemptProcesses, type Failed, quickScenario, remains } from './runs.ts';

/** An environment of a person's own that does `mischief` at its 200th step. */
const environmentThat = (mischief: string): string => `
let steps = 0;
export default () => ({
  agents: ['a'],
  spaces: { a: { observation: { type: 'box', shape: [1], low: 0, high: 1 }, action: { type: 'discrete', n: 2 } } },
  maximumSteps: 10,
  reset() { this.t = 0; return { observations: { a: [0] } }; },
  step() {
    if (++steps === 200) { ${mischief} }
    const end = ++this.t === 10;
    const flag = (value) => ({ a: value });
    return { observations: { a: [0.5] }, rewards: { a: 1 }, terminated: flag(end), truncated: flag(false) };
  },
});
`;

describe('an attempt in a process of its own', function () {
  this.timeout(120_000);
  const root = temporaryFolder();
  const at = (name: string) => join(root(), name);
  const mark = `start-attempt-${process.pid}`;
  before(() => {
    process.env.MARK = mark;
  });
  after(() => {
    delete process.env.MARK;
  });

  const withMischief = (mischief: string, changes: object = {}): Scenario => {
    put(root(), 'mine.mjs', environmentThat(mischief));
    return quickScenario(root(), { environment: { module: './mine.mjs', copies: 4 }, ...changes });
  };

  it('runs, tells every event in order, and leaves no process', async () => {
    const scenario = quickScenario(root());
    const { events, outcome } = startAttempt(attemptAt(at('run'), scenario));
    const seen: Event[] = [];
    const completions: number[] = [];
    events.subscribe({ next: (event) => seen.push(event), complete: () => void completions.push(1) });
    const end = await outcome;
    assert.ok(end.state === 'finished', JSON.stringify(end));
    assert.equal(end.summary.steps, 1280);
    assert.equal(completions.length, 1);
    const written = readFileSync(join(at('run'), 'events.jsonl'), 'utf8');
    assert.equal(seen.map((event) => `${JSON.stringify(event)}\n`).join(''), written);
    assert.deepEqual(attemptProcesses(mark), []);
    // What is finished is not run again: no process, no event, the same summary.
    const again = startAttempt(attemptAt(at('run'), scenario));
    again.events.subscribe(() => assert.fail('an event of a run that is over'));
    assert.deepEqual(await again.outcome, end);
    assert.equal(readFileSync(join(at('run'), 'events.jsonl'), 'utf8'), written);
  });

  it('does run after run in one process, with the bytes of fresh processes', async () => {
    const scenarios = [1, 2, 3].map((seed) => quickScenario(root(), { seed }));
    const processes = new AttemptProcesses();
    const pids = new Set<number>();
    for (const scenario of scenarios) {
      const { events, outcome } = processes.start(attemptAt(at(`reused-${scenario.seed}`), scenario));
      events.subscribe(() => {
        for (const pid of attemptProcesses(mark)) pids.add(pid);
      });
      assert.equal((await outcome).state, 'finished');
    }
    await processes.close();
    assert.equal(pids.size, 1);
    assert.deepEqual(attemptProcesses(mark), []);
    // The first had a fresh process; the last comes after all others.
    await startAttempt(attemptAt(at('fresh'), scenarios[2]!)).outcome;
    assert.deepEqual(remains(at('reused-3')), remains(at('fresh')));
  });

  it('says how a child died, with its last words, and keeps those in a log', async () => {
    const log = at('logs/crash.log');
    const scenario = withMischief("console.error('the sensor burns'); process.exit(7);");
    const outcome = (await startAttempt(attemptAt(at('run'), scenario, { log })).outcome) as Failed;
    assert.deepEqual(outcome, {
      state: 'failed',
      code: 'killed',
      message: 'its process ended with exit code 7: the sensor burns',
    });
    assert.equal(readFileSync(log, 'utf8'), 'the sensor burns\n');
    const killed = withMischief("process.kill(process.pid, 'SIGKILL'); for (;;) {}");
    const second = (await startAttempt(attemptAt(at('killed'), killed)).outcome) as Failed;
    assert.deepEqual([second.code, second.message], ['killed', 'its process ended with SIGKILL']);
  });

  it("passes on a run's own error with its code", async () => {
    const scenario = withMischief("throw new Error('the motor is stuck')");
    const outcome = (await startAttempt(attemptAt(at('run'), scenario)).outcome) as Failed;
    assert.equal(outcome.state, 'failed');
    assert.match(outcome.message, /the motor is stuck/);
  });

  it('stops past its time with a checkpoint, from which the next attempt goes on', async () => {
    const endless = { steps: 1e9, checkpoint: { every: 9e8 }, learner: { name: 'random' } };
    const scenario = quickScenario(root(), endless);
    const limits = { seconds: 5, memory: null };
    const outcome = (await startAttempt(attemptAt(at('run'), scenario, { limits })).outcome) as Failed;
    assert.deepEqual(outcome, { state: 'failed', code: 'time_limit', message: 'it took longer than 5 s' });
    const stop = new AbortController();
    const next = startAttempt(attemptAt(at('run'), scenario, { signal: stop.signal }));
    const started: Event[] = [];
    next.events.subscribe((event) => {
      if (event.kind === 'started') started.push(event);
      if (event.kind === 'iteration') stop.abort();
    });
    assert.deepEqual(await next.outcome, { state: 'interrupted' });
    assert.ok(started[0]?.kind === 'started' && started[0].resumed && started[0].step > 0);
  });

  it('kills a child that does not stop, after a grace', async () => {
    const scenario = withMischief('for (;;) {}');
    const processes = new AttemptProcesses({ graceSeconds: 0.5 });
    const limits = { seconds: 3, memory: null };
    const outcome = (await processes.start(attemptAt(at('run'), scenario, { limits })).outcome) as Failed;
    assert.equal(outcome.code, 'time_limit');
    assert.deepEqual(attemptProcesses(mark), []);
  });

  it('kills a child that takes too much memory', async () => {
    const scenario = withMischief(
      'globalThis.hog = Buffer.alloc(700e6, 1); const end = Date.now() + 20e3; while (Date.now() < end);',
    );
    const limits = { seconds: null, memory: 600 };
    const outcome = (await startAttempt(attemptAt(at('run'), scenario, { limits })).outcome) as Failed;
    assert.equal(outcome.code, 'memory_limit');
    assert.match(outcome.message, /^it took \d+ MiB of memory, the limit is 600$/);
  });

  it('does not start what was stopped before, and stops what has hardly started', async () => {
    const scenario = quickScenario(root(), { steps: 1_000_000 });
    const before = startAttempt(attemptAt(at('never'), scenario, { signal: AbortSignal.abort() }));
    assert.deepEqual(await before.outcome, { state: 'interrupted' });
    assert.ok(!existsSync(at('never')));
    const stop = new AbortController();
    const hardly = startAttempt(attemptAt(at('hardly'), scenario, { signal: stop.signal }));
    await wait(50); // the child's process exists, and has not heard of its run yet
    stop.abort();
    assert.deepEqual(await hardly.outcome, { state: 'interrupted' });
  });

  it('refuses the folder of another scenario, of somebody alive, and of something that is no run', async () => {
    const scenario = quickScenario(root());
    // One process for what ends well.
    const processes = new AttemptProcesses();
    await processes.start(attemptAt(at('run'), scenario)).outcome;
    const other = (await processes.start(attemptAt(at('run'), quickScenario(root(), { seed: 9 }))).outcome) as Failed;
    assert.equal(other.code, 'mismatch');
    assert.match(other.message, /\/seed was 1, is 9/);
    const stop = new AbortController();
    const long = processes.start(
      attemptAt(at('long'), quickScenario(root(), { steps: 1_000_000 }), { signal: stop.signal }),
    );
    await new Promise((resolve) => long.events.subscribe(resolve));
    const second = (await startAttempt(attemptAt(at('long'), quickScenario(root(), { steps: 1_000_000 })))
      .outcome) as Failed;
    assert.equal(second.code, 'exists');
    stop.abort();
    assert.equal((await long.outcome).state, 'interrupted');
    mkdirSync(at('thesis'));
    writeFileSync(join(at('thesis'), 'chapter-1.txt'), 'It was a dark night.');
    assert.equal(((await startAttempt(attemptAt(at('thesis'), scenario)).outcome) as Failed).code, 'exists');
    await processes.close();
  });

  it('ends what a dead parent left before it goes on, and no one else', async () => {
    const scenario = quickScenario(root());
    mkdirSync(at('run'));
    // A stranger that writes to the folder on behalf of a dead process, and does not end by itself.
    const parent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
    const take = `
      const { FolderLock, identityOf } = await import(${JSON.stringify(new URL('../../scenarios/index.ts', import.meta.url).href)});
      FolderLock.take(${JSON.stringify(at('run'))}, identityOf(${parent.pid}));
      setInterval(() => {}, 1e6);`;
    const leftover = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', take],
      {
        stdio: 'ignore',
      },
    );
    const ended = once(leftover, 'exit');
    while (holderOf(at('run'))?.pid !== leftover.pid) await wait(20);
    const early = (await startAttempt(attemptAt(at('run'), scenario)).outcome) as Failed;
    assert.equal(early.code, 'exists'); // its parent lives: it is not ours to end
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    assert.equal((await startAttempt(attemptAt(at('run'), scenario)).outcome).state, 'finished');
    assert.equal((await ended)[1], 'SIGKILL');
  });

  it('takes the child along when its parent is killed', async () => {
    const scenario = put(root(), 'long.json', { ...quickScenario(root(), { steps: 1_000_000 }) });
    const text = `
      const { startAttempt } = await import(${JSON.stringify(new URL('../../batch/index.ts', import.meta.url).href)});
      const { loadScenario } = await import(${JSON.stringify(new URL('../../scenarios/index.ts', import.meta.url).href)});
      startAttempt({ scenario: loadScenario(${JSON.stringify(scenario)}), folder: ${JSON.stringify(at('run'))},
        limits: { seconds: null, memory: null }, signal: new AbortController().signal });`;
    const parent = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', text],
      {
        stdio: 'ignore',
      },
    );
    while (holderOf(at('run')) === undefined) await wait(20);
    assert.equal(attemptProcesses(mark).length, 1);
    parent.kill('SIGKILL');
    for (let i = 0; i < 100 && attemptProcesses(mark).length > 0; i++) await wait(20);
    assert.deepEqual(attemptProcesses(mark), []);
    FolderLock.take(at('run')).release();
  });
});
