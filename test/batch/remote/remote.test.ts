import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import {
  type CoordinateOptions,
  type CoordinatorNews,
  cancel,
  coordinate,
  type StartAttempt,
  type WorkerNews,
  type WorkerOptions,
  work,
} from '../../../batch/index.ts';
import { type Bus, type MemoryServer, memoryServer } from '../../../mas/index.ts';
import type { Event } from '../../../scenarios/index.ts';
import { fakeTraining } from '../../scenarios/fake-training.ts';
import { temporaryFolder } from '../../scenarios/files.ts';
import { inProcess, jobsIn, slowTraining } from './in-process.ts';

/** Short, so that lost workers show; long against an iteration. */
const PATIENCE = 1500;

/** The bus, but for the signs of life of those who take tasks, while `isSilent`. */
function silenced(bus: Bus, isSilent: () => boolean): Bus {
  return Object.assign(Object.create(bus), {
    async workQueue(...options: Parameters<Bus['workQueue']>) {
      const queue = await bus.workQueue(...options);
      return Object.assign(Object.create(queue), {
        async take(...what: Parameters<typeof queue.take>) {
          const delivery = await queue.take(...what);
          if (delivery === undefined) return undefined;
          const working = () => isSilent() || delivery.working();
          return Object.assign(Object.create(delivery), { working });
        },
      });
    },
  }) as Bus;
}

describe('batches over a bus', () => {
  const folder = temporaryFolder();
  let server: MemoryServer;
  let ends: (() => Promise<unknown>)[];
  beforeEach(() => {
    server = memoryServer();
    ends = [];
  });
  afterEach(async () => {
    await Promise.all(ends.map((end) => end()));
  });

  interface Hand {
    readonly bus: Bus;
    readonly news: WorkerNews[];
    readonly done: Promise<void>;
    stop(): void;
  }

  function worker(startAttempt: StartAttempt, changes: Partial<WorkerOptions> = {}): Hand {
    const bus = changes.bus ?? server.connect();
    const stop = new AbortController();
    const news: WorkerNews[] = [];
    const place = join(folder(), `worker-${ends.length}`);
    const done = work({
      bus,
      startAttempt,
      devices: ['cpu'],
      memory: 1000,
      threads: 1,
      folder: place,
      patience: PATIENCE,
      signal: stop.signal,
      ...changes,
    }).forEach((each) => void news.push(each));
    const settled = done.catch(() => undefined);
    ends.push(async () => {
      stop.abort();
      await settled;
      await bus.close();
    });
    return { bus, news, done, stop: () => stop.abort() };
  }

  const runs = (): string => join(folder(), 'runs');
  async function batch(jobs: CoordinateOptions['jobs'], changes: Partial<CoordinateOptions> = {}) {
    const bus = server.connect();
    const news: CoordinatorNews[] = [];
    const stop = new AbortController();
    ends.push(async () => bus.close());
    mkdirSync(runs(), { recursive: true });
    const done = coordinate({
      bus,
      batch: 'b1',
      jobs,
      limits: { seconds: null, memory: null },
      retries: 0,
      patience: PATIENCE,
      folderOf: (key) => join(runs(), key),
      signal: stop.signal,
      ...changes,
    }).forEach((each) => void news.push(each));
    return { bus, news, done, stop: () => stop.abort() };
  }

  const metrics = (place: string): string => readFileSync(join(place, 'metrics.jsonl'), 'utf8');

  /** What the runs of these jobs are when nobody disturbs them. */
  async function undisturbed(jobs: CoordinateOptions['jobs']): Promise<string[]> {
    const start = inProcess();
    const signal = new AbortController().signal;
    const limits = { seconds: null, memory: null };
    return Promise.all(
      jobs.map(async ({ key, scenario }) => {
        const place = join(folder(), 'alone', key);
        const { state } = await start({ scenario, folder: place, limits, signal }).outcome;
        assert.equal(state, 'finished');
        return metrics(place);
      }),
    );
  }

  const collected = (news: readonly CoordinatorNews[]): string[] =>
    news.flatMap((each) => (each.kind === 'collected' ? [`${each.key} ${each.state.status}`] : [])).sort();

  /** What is left on the bus. */
  async function leftovers(bus: Bus): Promise<unknown> {
    const queue = await bus.workQueue('lightbulb-jobs', { patience: PATIENCE });
    const states = await (await bus.latest('lightbulb-jobs')).keys();
    const blobs = await (await bus.blobs('lightbulb-runs')).names();
    return { tasks: await queue.size(), states, blobs };
  }

  it('are run once each by several workers, and come back as if run here', async () => {
    const jobs = jobsIn(folder(), 8, { checkpoint: { every: 80 } });
    const wanted = await undisturbed(jobs);
    const started: string[] = [];
    const see = (event: Event) => void (event.kind === 'started' && started.push(`${event.seed}`));
    for (let i = 0; i < 3; i++) worker(inProcess(slowTraining(2), see), { threads: 2 });
    const { bus, news, done } = await batch(jobs);
    await done;
    assert.deepEqual(
      jobs.map(({ key }) => metrics(join(runs(), key))),
      wanted,
    );
    assert.deepEqual(collected(news), jobs.map(({ key }) => `${key} finished`).sort());
    assert.equal(started.length, jobs.length);
    assert.equal(new Set(started).size, jobs.length);
    const summary = JSON.parse(readFileSync(join(runs(), jobs[0]!.key, 'summary.json'), 'utf8'));
    assert.equal(summary.folder, join(runs(), jobs[0]!.key));
    assert.deepEqual(await leftovers(bus), { tasks: 0, states: [], blobs: [] });
    assert.ok(news.some((each) => each.kind === 'event' && each.event.kind === 'iteration'));
  });

  it('are handed back with a checkpoint by a worker that stops, and gone on with by another', async () => {
    const jobs = jobsIn(folder(), 1);
    const wanted = await undisturbed(jobs);
    const first = worker(
      inProcess(slowTraining(10), (event) => {
        if (event.kind === 'checkpoint' && event.step >= 64) first.stop();
      }),
    );
    const { news, done } = await batch(jobs);
    await first.done;
    assert.deepEqual(
      first.news.flatMap((each) => (each.kind === 'ended' ? [each.fate] : [])),
      ['waiting'],
    );
    const starts: Event[] = [];
    worker(inProcess(fakeTraining(), (event) => void (event.kind === 'started' && starts.push(event))));
    await done;
    const [start] = starts;
    assert.ok(start?.kind === 'started' && start.resumed && start.step >= 64, JSON.stringify(start));
    assert.deepEqual([metrics(join(runs(), jobs[0]!.key))], wanted);
    assert.deepEqual(collected(news), ['walk-s1 finished']);
  });

  it('go to another worker when one falls silent, and what the silent one does later is void', async () => {
    const jobs = jobsIn(folder(), 1);
    const wanted = await undisturbed(jobs);
    let free = (): void => {};
    const stuck = new Promise<void>((resolve) => {
      free = resolve;
    });
    let isSilent = false;
    const hanging = worker(
      inProcess(async (spec) => {
        const training = await fakeTraining()(spec);
        const advance = training.advance.bind(training);
        training.advance = async () => {
          if (training.step >= 96) await stuck;
          return advance();
        };
        return training;
      }),
      { bus: silenced(server.connect(), () => isSilent) },
    );
    const { news, done } = await batch(jobs);
    while (!news.some((each) => each.kind === 'state' && each.state.step >= 64)) await sleep(5);
    isSilent = true; // its signs of life no longer arrive
    const starts: Event[] = [];
    worker(inProcess(slowTraining(20), (event) => void (event.kind === 'started' && starts.push(event))));
    while (starts.length === 0) await sleep(5);
    free();
    await done;
    assert.ok(starts[0]?.kind === 'started' && starts[0].step >= 64);
    assert.deepEqual([metrics(join(runs(), jobs[0]!.key))], wanted);
    while (!hanging.news.some(({ kind }) => kind === 'ended')) await sleep(5);
    assert.deepEqual(
      hanging.news.flatMap((each) => (each.kind === 'ended' ? [each.fate] : [])),
      ['void'],
    );
  });

  it('that fail are tried again as often as they may, then reported, and stop no others', async () => {
    const jobs = jobsIn(folder(), 3);
    let attempts = 0;
    const start = inProcess(async (spec) => {
      if (spec.seed !== 2) return fakeTraining()(spec);
      attempts++;
      return fakeTraining({ metrics: (step) => (step >= 48 ? { 'loss/policy': Number.NaN } : undefined) })(spec);
    });
    worker(start);
    const { news, done } = await batch(jobs, { retries: 1 });
    await done;
    assert.equal(attempts, 2);
    assert.deepEqual(collected(news), ['walk-s1 finished', 'walk-s2 failed', 'walk-s3 finished']);
    const failed = news.find((each) => each.kind === 'collected' && each.key === 'walk-s2');
    assert.ok(failed?.kind === 'collected');
    assert.deepEqual(
      failed.state.failures.map(({ code }) => code),
      ['not_finite', 'not_finite'],
    );
    assert.ok(readdirSync(join(runs(), 'walk-s2', 'checkpoints')).length > 0, 'its folder came as well');
  });

  it('wait for a worker that has the device and the memory', async () => {
    const [first, second] = jobsIn(folder(), 2) as [CoordinateOptions['jobs'][0], CoordinateOptions['jobs'][0]];
    const onCuda = { ...first, scenario: { ...first.scenario, device: 'cuda' as const } };
    const plain = worker(inProcess(), { memory: 100 });
    const { news, done } = await batch([onCuda, second], { limits: { seconds: null, memory: 500 } });
    await sleep(200);
    assert.deepEqual(collected(news), []);
    assert.equal(plain.news.filter(({ kind }) => kind === 'taken').length, 0);
    const big = worker(inProcess(), { devices: ['cuda', 'cpu'], memory: 600 });
    await done;
    assert.deepEqual(collected(news), ['walk-s1 finished', 'walk-s2 finished']);
    assert.equal(big.news.filter(({ kind }) => kind === 'taken').length, 2);
  });

  it('outlive whoever put them on the bus', async () => {
    const jobs = jobsIn(folder(), 6);
    const wanted = await undisturbed(jobs);
    worker(inProcess(slowTraining(5)));
    const first = await batch(jobs);
    while (collected(first.news).length < 2) await sleep(5);
    first.stop();
    await first.done;
    const here = new Set(collected(first.news).map((line) => line.split(' ')[0]));
    assert.ok(here.size < jobs.length);
    const second = await batch(jobs.filter(({ key }) => !here.has(key)));
    await second.done;
    assert.deepEqual(
      [...collected(first.news), ...collected(second.news)].sort(),
      jobs.map(({ key }) => `${key} finished`).sort(),
    );
    assert.deepEqual(
      jobs.map(({ key }) => metrics(join(runs(), key))),
      wanted,
    );
    assert.deepEqual(await leftovers(second.bus), { tasks: 0, states: [], blobs: [] });
  });

  it('go on from what lies half-done where they were begun', async () => {
    const jobs = jobsIn(folder(), 1);
    const wanted = await undisturbed(jobs);
    const stop = new AbortController();
    const limits = { seconds: null, memory: null };
    const place = join(runs(), jobs[0]!.key);
    const begun = inProcess(fakeTraining(), (event) => {
      if (event.kind === 'iteration' && event.step >= 80) stop.abort();
    })({ scenario: jobs[0]!.scenario, folder: place, limits, signal: stop.signal });
    assert.equal((await begun.outcome).state, 'interrupted');
    const starts: Event[] = [];
    worker(inProcess(fakeTraining(), (event) => void (event.kind === 'started' && starts.push(event))));
    await (await batch(jobs)).done;
    assert.ok(starts[0]?.kind === 'started' && starts[0].step >= 80);
    assert.deepEqual([metrics(place)], wanted);
  });

  it('that are cancelled stop on their workers and leave nothing behind', async () => {
    const hand = worker(inProcess(slowTraining(20)));
    const { bus, news, stop, done } = await batch(jobsIn(folder(), 3));
    while (!news.some((each) => each.kind === 'state' && each.state.step >= 32)) await sleep(5);
    stop();
    await done;
    assert.equal(await cancel(bus, 'b1'), 3);
    while (hand.news.filter(({ kind }) => kind === 'ended').length < 4) await sleep(10);
    assert.deepEqual(
      new Set(hand.news.flatMap((each) => (each.kind === 'ended' ? [each.fate] : []))),
      new Set(['void', 'gone']),
    );
    const queue = await bus.workQueue('lightbulb-jobs');
    while ((await queue.size()) > 0) await sleep(10); // the task of the run that was stopped comes round once more
    assert.deepEqual(await leftovers(bus), { tasks: 0, states: [], blobs: [] });
  });

  it('survive what is no job at all: it is set aside, with the reason', async () => {
    const bus = server.connect();
    ends.push(async () => bus.close());
    const dead = firstValueFrom(bus.subscribe('lightbulb.dead'));
    const queue = await bus.workQueue('lightbulb-jobs', { patience: PATIENCE });
    await queue.add({ lane: 'cpu', id: 'nonsense', data: new TextEncoder().encode('{"version":7}') });
    worker(inProcess());
    const { done } = await batch(jobsIn(folder(), 1));
    await done;
    const letter = await dead;
    assert.equal(new TextDecoder().decode(letter.data), '{"version":7}');
    assert.match(letter.headers.reason!, /schema/);
    assert.equal(await queue.size(), 0);
  });
});
