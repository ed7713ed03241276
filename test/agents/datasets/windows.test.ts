import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Window, WindowSource } from '../../../agents/datasets/index.ts';
import { Shards } from '../../../agents/datasets/shards.ts';
import { ShuffledWindows } from '../../../agents/datasets/windows.ts';
import type { Json } from '../../../core/index.ts';
import { temporaryFolder } from '../../scenarios/files.ts';
import { datasetOf, numbered } from './tracks.ts';

/** `<track>:<from>-<to>`, by what the observations themselves say. */
function named({ track, from, to }: Window): string {
  const { observation, steps } = track;
  assert.ok(from >= 0 && from < to && to <= steps);
  for (let t = from; t < to; t++) assert.equal(observation[t * 2 + 1], t);
  return `${observation[from * 2]}:${from}-${to}`;
}

const take = (source: WindowSource, count: number): string[] =>
  Array.from({ length: count }, () => named(source.next()));

/** Windows until every one of `steps` steps has come; an error where one comes twice. */
function epoch(source: WindowSource, steps: number, most: number): string[] {
  const seen = new Set<string>();
  const windows: string[] = [];
  while (seen.size < steps) {
    const window = source.next();
    windows.push(named(window));
    assert.ok(window.to - window.from <= most);
    for (let t = window.from; t < window.to; t++) {
      const step = `${window.track.observation[0]} ${t}`;
      assert.ok(!seen.has(step), `step ${step} came twice`);
      seen.add(step);
    }
  }
  return windows;
}

describe('windows of a dataset', () => {
  const root = temporaryFolder();

  it('show every step exactly once an epoch, in pieces of at most so many', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });
    const options = fc.record({
      steps: fc.option(fc.integer({ min: 1, max: 6 })),
      seed: fc.nat(),
      openShards: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(lengths, options, (each, { steps, seed, openShards }) => {
        const source = numbered(root(), each).windows({ steps, seed, openShards });
        const all = each.reduce((a, b) => a + b);
        for (let e = 0; e < 3; e++) epoch(source, all, steps ?? 12);
      }),
      { numRuns: 30 },
    );
  });

  it('cut and order differently in each epoch and for each seed, and alike for the same', () => {
    const lengths = new Array<number>(10).fill(20);
    const dataset = numbered(root(), lengths, 60);
    const source = dataset.windows({ steps: 5, seed: 1 });
    const [first, second] = [epoch(source, 200, 5), epoch(source, 200, 5)];
    assert.notDeepEqual(first, second);
    assert.notDeepEqual([...first].sort(), [...second].sort());
    assert.deepEqual(epoch(dataset.windows({ steps: 5, seed: 1 }), 200, 5), first);
    assert.notDeepEqual(epoch(dataset.windows({ steps: 5, seed: 2 }), 200, 5), first);
    // Every phase comes: windows begin at 1, 2, 3, 4 and 5 after the first.
    const starts = new Set([...first, ...second].map((name) => Number(/:(\d+)-/.exec(name)![1]) % 5));
    assert.deepEqual([...starts].sort(), [0, 1, 2, 3, 4]);
    assert.deepEqual(
      epoch(dataset.windows({ steps: null, seed: 1 }), 200, 20).sort(),
      lengths.map((_, k) => `${k}:0-20`),
    );
  });

  it('go on exactly where they were saved, with prompts in between', () => {
    const lengths = [3, 9, 1, 7, 12, 5, 8, 2];
    const dataset = numbered(root(), lengths);
    const open = () => dataset.windows({ steps: 4, seed: 5, openShards: 2 });
    const step = (source: WindowSource): string => {
      const prompt = source.prompt(0, 1);
      assert.equal(prompt.agent, 1);
      return `${named(source.next())} after ${prompt.episode}`;
    };
    const run = open();
    const saves: Json[] = [];
    const shown: string[] = [];
    for (let i = 0; i < 60; i++) {
      saves.push(JSON.parse(JSON.stringify(run.save())) as Json);
      shown.push(step(run));
    }
    for (let i = 0; i < 60; i += 7) {
      const fresh = open();
      fresh.load(saves[i]!);
      assert.deepEqual(
        Array.from({ length: 60 - i }, () => step(fresh)),
        shown.slice(i),
      );
    }
    // One that has gone on is put back, too.
    run.load(saves[3]!);
    assert.equal(step(run), shown[3]);
    assert.ok(JSON.stringify(saves[59]).length < 400);
  });

  it('are not disturbed by prompts', () => {
    const dataset = numbered(root(), [3, 9, 1, 7]);
    const [plain, prompted] = [0, 1].map(() => dataset.windows({ steps: 2, seed: 1 })) as [WindowSource, WindowSource];
    for (let i = 0; i < 40; i++) {
      prompted.prompt(0, i % 2);
      assert.deepEqual(take(prompted, 1), take(plain, 1));
    }
  });

  it('hold no more shards than they may', () => {
    const dataset = numbered(root(), new Array<number>(30).fill(4)); // two tracks in each of 15 shards
    assert.equal(dataset.manifest.shards.length, 15);
    for (const openShards of [1, 4]) {
      const read: number[] = [];
      class Counted extends Shards {
        override read(index: number) {
          read.push(index);
          return super.read(index);
        }
      }
      const reader = new Counted(dataset.folder, dataset.manifest);
      const source = new ShuffledWindows(reader, { steps: 2, seed: 3, openShards });
      for (let i = 0; i < 200; i++) {
        source.next();
        assert.ok(source.shardsOpen <= openShards);
      }
      // Shards come set by set, each once an epoch.
      assert.equal(new Set(read.slice(0, 15)).size, 15);
      assert.ok(read.length <= 45 + openShards);
    }
  });

  it('prompt from other shards where the open ones have no such agent', () => {
    // One track a shard: agents 0 and 1 take turns.
    const source = numbered(root(), [8, 8, 8, 8]).windows({ steps: null, seed: 1, openShards: 1 });
    for (let i = 0; i < 12; i++) {
      source.next();
      for (const agent of [0, 1]) assert.equal(source.prompt(0, agent).agent, agent);
    }
    assert.throws(() => source.prompt(0, 2), { code: 'invalid_input', message: /no track of this agent/ });
  });

  it('refuse what cannot be', () => {
    const dataset = numbered(root(), [3, 9]);
    for (const wrong of [{ steps: 0 }, { steps: 1.5 }, { openShards: 0 }])
      assert.throws(() => dataset.windows({ steps: 1, seed: 1, ...wrong }), { code: 'invalid_input' });
    const empty = datasetOf(join(root(), 'empty'), []);
    assert.throws(() => empty.windows({ steps: 1, seed: 1 }), /not a single step/);
    const saved = dataset.windows({ steps: 1, seed: 1 }).save();
    assert.throws(() => dataset.windows({ steps: 2, seed: 1 }).load(saved), { code: 'mismatch' });
    assert.throws(() => numbered(root(), [3, 8]).windows({ steps: 1, seed: 1 }).load(saved), { code: 'mismatch' });
  });
});
