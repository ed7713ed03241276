import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import type { Track } from '../../../agents/datasets/index.ts';
import { type PackedBatch, Packer, type PackerOptions, roundedUp } from '../../../agents/gato/packing.ts';
import { shareRows } from '../../../agents/gato/row-shares.ts';
import { byteTokenizer, createStepTokens, TokenBuffer, vocabularyOf } from '../../../agents/tokens/index.ts';
import { stream } from '../../../core/index.ts';
import { counting, discrete, dodge, dodgeBlocks, echoClock } from '../../../worlds/index.ts';
import { EpisodeSource, groupsOf, playTracks } from './episode-source.ts';

const PATCH = { size: 4, channels: 1 };
const vocabulary = vocabularyOf({ text: 256, discrete: 32, bins: 1024, codes: 0 });
const settings = { vocabulary, tokenizer: byteTokenizer(), textTokens: 16, patch: PATCH, imageCodes: null };
const NO_PROMPT = { share: 0, fromEnd: 0.5, steps: 2 };

function optionsOf(options: Partial<PackerOptions> = {}): PackerOptions {
  return {
    length: 32,
    batch: 4,
    context: 4,
    prompt: NO_PROMPT,
    loss: { action: 1, text: 1, observation: 0, balance: 'token' },
    vocabulary,
    patch: null,
    seed: 7,
    ...options,
  };
}

/** Sees its clock (below 32) and does the same: steps of three tokens. */
const simple = [{ name: 'agent', agents: ['a'], observation: discrete(32), action: discrete(32), mask: 0 }];
const simpleTokens = [createStepTokens({ observation: discrete(32), action: discrete(32), agents: 1 }, settings)];

function clockTrack(steps: number, episode = 0, first = 0): Track {
  const clock = Array.from({ length: steps }, (_, t) => first + t);
  return {
    group: 0,
    agent: 0,
    episode,
    steps,
    // Choices are seen as one-hots.
    observation: Float32Array.from({ length: 32 * steps }, (_, i) => (clock[i >> 5] === i % 32 ? 1 : 0)),
    action: Int32Array.from(clock),
    actionMask: new Uint8Array(0),
    reward: new Float32Array(steps),
    terminated: false,
    truncated: true,
  };
}

const rowOf = (batch: PackedBatch, what: 'ids' | 'local' | 'order' | 'segment', row: number): number[] => {
  const length = batch.inputs.ids.shape[1]!;
  return Array.from(batch.inputs[what]!.data.subarray(row * length, (row + 1) * length));
};

/** Whether the first numbers are alike; thousands of them make no readable difference. */
const isSame = (a: ArrayLike<number>, b: ArrayLike<number>, count: number): boolean =>
  Array.from({ length: count }, (_, i) => a[i]).every((value, i) => value === b[i]);

/** The ids of each sequence of a row, and its padding must be what it says. */
function sequencesOf(batch: PackedBatch, row: number): number[][] {
  const [ids, order, segment] = [rowOf(batch, 'ids', row), rowOf(batch, 'order', row), rowOf(batch, 'segment', row)];
  const found: number[][] = [];
  for (const [l, id] of ids.entries()) {
    if (segment[l] === -1) {
      equal(id, vocabulary.padding);
      ok(segment.slice(l).every((number) => number === -1));
      break;
    }
    const isFirst = order[l] === 0;
    equal(segment[l], isFirst ? (segment[l - 1] ?? -1) + 1 : segment[l - 1]);
    if (!isFirst) equal(order[l], order[l - 1]! + 1);
    if (isFirst) found.push([]);
    found.at(-1)!.push(id);
  }
  return found;
}

describe('packing of episodes into rows', () => {
  it('packs by hand: two sequences, a window that goes on in the next row, padding', () => {
    const source = new EpisodeSource(simple, [clockTrack(4)], 4, 1);
    const packer = new Packer(
      [{ name: 'clock', source, tokens: simpleTokens, weight: 1 }],
      optionsOf({ length: 10, batch: 2, context: 2 }),
    );
    const batch = packer.next();
    const seen = (value: number): number => vocabulary.discrete.start + value;
    const step = (value: number): number[] => [seen(value), vocabulary.separator, seen(value)];
    deepEqual(rowOf(batch, 'ids', 0), [...step(0), ...step(1), ...step(2), vocabulary.padding]);
    deepEqual(rowOf(batch, 'ids', 1), [...step(3), ...step(0), ...step(1), vocabulary.padding]);
    deepEqual(rowOf(batch, 'segment', 0), [0, 0, 0, 0, 0, 0, 1, 1, 1, -1]);
    deepEqual(rowOf(batch, 'segment', 1), [0, 0, 0, 1, 1, 1, 1, 1, 1, -1]);
    deepEqual(rowOf(batch, 'order', 0), [0, 1, 2, 3, 4, 5, 0, 1, 2, 0]);
    deepEqual(rowOf(batch, 'local', 0), [0, 1, -1, 0, 1, -1, 0, 1, -1, -1]);
    equal(batch.tokens, 18);
    equal(batch.count, 6);
    deepEqual(Array.from(batch.targets.at.data.subarray(0, 6)), [1, 4, 7, 11, 14, 17]);
    deepEqual(Array.from(batch.targets.target.data.subarray(0, 6)), [0, 1, 2, 3, 0, 1].map(seen));
    deepEqual(Array.from(batch.targets.weight.data.subarray(0, 6)), Array(6).fill(Math.fround(1 / 6)));
    ok(batch.targets.weight.data.subarray(6).every((weight) => weight === 0));
  });

  it('shows every token of every window once, in order, in sequences that see nobody else', () => {
    fc.assert(
      fc.property(
        fc.record({
          length: fc.integer({ min: 7, max: 40 }),
          batch: fc.integer({ min: 1, max: 5 }),
          context: fc.integer({ min: 1, max: 6 }),
          window: fc.integer({ min: 1, max: 9 }),
          agents: fc.integer({ min: 1, max: 3 }),
          share: fc.constantFrom(0, 0.5),
          seed: fc.nat(),
        }),
        ({ length, batch: rows, context, window, agents, share, seed }) => {
          const worlds = [
            { agents: 1, length: 5 },
            { agents, length: 7 },
          ];
          const tasks = worlds.map((world, i) => {
            const make = () => counting(1, world);
            const groups = groupsOf(make());
            const source = new EpisodeSource(groups, playTracks(make(), echoClock(4), 4, seed + i), window, seed);
            const [{ observation, action }] = groups as [(typeof groups)[0]];
            const tokens = [createStepTokens({ observation, action, agents: world.agents }, settings)];
            return { name: `task ${i}`, source, tokens, weight: i + 1 };
          });
          const prompt = { ...NO_PROMPT, share };
          const packer = new Packer(tasks, optionsOf({ length, batch: rows, context, prompt, seed }));
          // What each task's windows are as tokens, step after step.
          const flows = tasks.map((): number[] => []);
          for (let n = 0; n < 3; n++) {
            const batch = packer.next();
            const { at, target } = batch.targets;
            const ids = batch.inputs.ids.data;
            for (let m = 0; m < batch.count; m++) {
              const [from, to] = [at.data[m]!, at.data[m]! + 1];
              equal(ids[to], target.data[m]);
              equal(Math.floor(from / length), Math.floor(to / length));
              equal(batch.inputs.segment!.data[from], batch.inputs.segment!.data[to]);
              ok(batch.inputs.order.data[to]! > 0);
              equal(batch.inputs.local.data[to], -1, 'actions alone are targets');
            }
            const actions = Array.from(batch.inputs.local.data).reduce<number>(
              (sum, local, i) => sum + (local === -1 && batch.inputs.segment!.data[i]! >= 0 ? 1 : 0),
              0,
            );
            equal(batch.count, actions, 'no action is left out');
            if (share > 0) continue;
            const taskOf = new Map(
              Array.from({ length: batch.count }, (_, m) => [Math.floor(at.data[m]! / length), batch.task[m]!]),
            );
            for (let row = 0; row < rows; row++)
              for (const sequence of sequencesOf(batch, row)) flows[taskOf.get(row)!]!.push(...sequence);
          }
          for (const [i, { source, tokens }] of tasks.entries()) {
            if (share > 0) continue;
            const expected = new TokenBuffer(PATCH);
            for (const { track, from, to } of source.given)
              for (let t = from; t < to; t++) {
                tokens[track.group]!.observe(track.observation, t * 4, track.agent, expected);
                tokens[track.group]!.act(track.action, t, expected);
              }
            const flow = flows[i]!;
            deepEqual(flow, Array.from(expected.ids.subarray(0, flow.length)));
            // What is missing is the rest of the last window.
            const last = source.given.at(-1);
            ok(last === undefined || expected.length - flow.length < (last.to - last.from) * 8);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('begins a share of sequences with steps of another episode, half of them with its end', () => {
    // Every episode's clock begins elsewhere, so that a token tells its episode and step.
    const tracks = Array.from({ length: 4 }, (_, episode) => clockTrack(6, episode, 6 * episode));
    const source = new EpisodeSource(simple, tracks, 2, 3);
    const prompt = { share: 0.25, fromEnd: 0.5, steps: 2 };
    const packer = new Packer(
      [{ name: 'clock', source, tokens: simpleTokens, weight: 1 }],
      optionsOf({ length: 60, batch: 8, context: 2, prompt }),
    );
    let [sequences, prompted, ends] = [0, 0, 0];
    for (let n = 0; n < 60; n++) {
      const batch = packer.next();
      for (let row = 0; row < 8; row++)
        for (const sequence of sequencesOf(batch, row)) {
          sequences++;
          if (sequence.length <= 6) continue;
          prompted++;
          const clock = sequence.filter((_, l) => l % 3 === 0).map((id) => id - vocabulary.discrete.start);
          equal(clock[1], clock[0]! + 1);
          ok(Math.floor(clock[0]! / 6) !== Math.floor(clock[2]! / 6), 'the prompt is of another episode');
          if (clock[0]! % 6 === 4) ends++;
        }
    }
    // 5 standard deviations of a share of some 4000 draws.
    ok(Math.abs(prompted / sequences - 0.25) < 5 * Math.sqrt(0.1875 / sequences), `${prompted} of ${sequences}`);
    // One of the five places anywhere is the end as well.
    ok(Math.abs(ends / prompted - 0.6) < 5 * Math.sqrt(0.24 / prompted), `${ends} of ${prompted}`);
  });

  it('takes no prompt where there is a single episode, and shortens those that do not fit', () => {
    const prompt = { share: 1, fromEnd: 1, steps: 3 };
    const pack = (tracks: Track[], length: number): number[][] => {
      const source = new EpisodeSource(simple, tracks, 1, 3);
      const tasks = [{ name: 'clock', source, tokens: simpleTokens, weight: 1 }];
      return sequencesOf(new Packer(tasks, optionsOf({ length, batch: 1, prompt })).next(), 0);
    };
    deepEqual(
      pack([clockTrack(3)], 6).map((sequence) => sequence.length),
      [3, 3],
    );
    const two = [clockTrack(3), clockTrack(3, 1, 4)];
    for (const [length, tokens] of [
      [12, 12],
      [11, 9],
      [8, 6],
      [5, 3],
    ] as const)
      equal(pack(two, length)[0]!.length, tokens);
    const whole = pack(two, 12)[0]!.map((id) => id - vocabulary.discrete.start);
    // The end of the other episode comes first.
    const isSecond = whole[9]! >= 4;
    deepEqual([whole[0], whole[3], whole[6]], isSecond ? [0, 1, 2] : [4, 5, 6]);
  });

  it('counts observations where they weigh something, and weights add up to 1', () => {
    const source = new EpisodeSource(simple, [clockTrack(4)], 4, 1);
    const loss = { action: 1, text: 1, observation: 0.25, balance: 'token' } as const;
    const packer = new Packer(
      [{ name: 'clock', source, tokens: simpleTokens, weight: 1 }],
      optionsOf({ length: 12, batch: 1, context: 4, loss }),
    );
    const { targets, count, kind } = packer.next();
    equal(count, 11);
    deepEqual(Array.from(kind), [0, 2, 0, 0, 2, 0, 0, 2, 0, 0, 2]);
    const total = 4 + 7 * 0.25;
    for (let m = 0; m < count; m++) equal(targets.weight.data[m], Math.fround((kind[m] === 2 ? 1 : 0.25) / total));
  });

  it('balances tasks by their rows, whatever the number of their targets', () => {
    const source = (steps: number) => new EpisodeSource(simple, [clockTrack(steps)], 4, 1);
    const loss = { action: 1, text: 1, observation: 0.25, balance: 'task' } as const;
    const packer = new Packer(
      [
        { name: 'four', source: source(4), tokens: simpleTokens, weight: 2 },
        { name: 'one', source: source(1), tokens: simpleTokens, weight: 1 },
      ],
      optionsOf({ length: 12, batch: 3, context: 4, loss }),
    );
    const { targets, count, task, kind } = packer.next();
    const sums = [0, 0];
    for (let m = 0; m < count; m++) sums[task[m]!]! += targets.weight.data[m]!;
    ok(Math.abs(sums[0]! - 2 / 3) < 1e-6 && Math.abs(sums[1]! - 1 / 3) < 1e-6, String(sums));
    // Within a task the kinds keep their proportion.
    const of = (which: number): number => targets.weight.data[Array.from(kind).indexOf(which)]!;
    ok(Math.abs(of(0) / of(2) - 0.25) < 1e-6);
  });

  it('carries the patches of pictures along', () => {
    const make = () => dodge(1);
    const groups = groupsOf(make());
    const [{ observation, action }] = groups as [(typeof groups)[0]];
    const tokens = [createStepTokens({ observation, action, agents: 1 }, settings)];
    const source = new EpisodeSource(groups, playTracks(make(), dodgeBlocks(16, 2), 3, 1), 3, 1);
    const { observationTokens, actionTokens, patches } = tokens[0]!.layout;
    const length = (observationTokens + actionTokens) * 2 + 3;
    const packer = new Packer(
      [{ name: 'dodge', source, tokens, weight: 1 }],
      optionsOf({ length, batch: 3, patch: PATCH }),
    );
    const batch = packer.next();
    const { patch, pixels, grid } = batch.inputs;
    const numbers = Array.from(patch!.data).filter((k) => k >= 0);
    deepEqual(numbers, Array.from(numbers.keys()));
    equal(numbers.length % patches, 0);
    ok(pixels!.shape[0]! >= numbers.length && grid!.shape[0] === pixels!.shape[0]);
    const expected = new TokenBuffer(PATCH);
    for (const { track, from, to } of source.given)
      for (let t = from; t < to; t++)
        tokens[0]!.observe(track.observation, (t * track.observation.length) / track.steps, 0, expected);
    ok(isSame(pixels!.data, expected.pixels, numbers.length * 16));
    for (const [i, place] of grid!.data.subarray(0, numbers.length * 2).entries()) {
      const [first, last] = [expected.intervals[i * 2]!, expected.intervals[i * 2 + 1]!];
      ok(place >= Math.floor(first * 128) && place <= Math.min(127, Math.floor(last * 128)));
    }
  });

  it('shares rows out by weights, each count its share rounded up or down', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        (rows, weights, seed) => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const counts = new Int32Array(weights.length);
          shareRows(rows, weights, stream(seed, 'rows'), counts);
          equal(
            counts.reduce((sum, count) => sum + count, 0),
            rows,
          );
          for (const [i, weight] of weights.entries()) ok(Math.abs(counts[i]! - (rows * weight) / total) < 1 + 1e-9);
        },
      ),
    );
    const random = stream(1, 'rows');
    const counts = new Int32Array(3);
    const sums = [0, 0, 0];
    for (let n = 0; n < 3000; n++) {
      shareRows(4, [0.1, 0.3, 0.6], random, counts);
      for (let i = 0; i < 3; i++) sums[i]! += counts[i]! / 3000;
    }
    for (const [i, share] of [0.4, 1.2, 2.4].entries()) ok(Math.abs(sums[i]! - share) < 0.05);
  });

  it('goes on exactly where it was saved, in the middle of a window of pictures too', () => {
    const build = (): Packer => {
      const world = { agents: 2, length: 9 };
      const clocks = playTracks(counting(1, world), echoClock(4), 5, 1);
      const pictures = playTracks(dodge(1), dodgeBlocks(16, 2), 3, 1);
      const groups = [groupsOf(counting(1, world)), groupsOf(dodge(1))];
      const tasks = [clocks, pictures].map((tracks, i) => {
        const [{ observation, action, agents }] = groups[i]! as [(typeof groups)[0][0]];
        const tokens = [createStepTokens({ observation, action, agents: agents.length }, settings)];
        return { name: String(i), source: new EpisodeSource(groups[i]!, tracks, 7, 1), tokens, weight: 1 };
      });
      const length = 2 * (tasks[1]!.tokens[0]!.layout.observationTokens + 1) + 5;
      return new Packer(tasks, optionsOf({ length, prompt: { ...NO_PROMPT, share: 0.5 }, patch: PATCH }));
    };
    const copy = (packer: Packer): unknown => JSON.parse(JSON.stringify(packer.next()));
    const [one, other] = [build(), build()];
    for (let n = 0; n < 3; n++) copy(one);
    const { tensors, state } = one.save();
    ok(Object.keys(tensors).includes('pixels/1'), 'a window of pictures is under way');
    other.load(
      (name, shape) => {
        deepEqual(tensors[name]!.shape, shape);
        return tensors[name]!.data as Float32Array;
      },
      JSON.parse(JSON.stringify(state)),
    );
    for (let n = 0; n < 4; n++) {
      const [kept, resumed] = [one.next(), other.next()];
      const places = kept.inputs.grid!.data.length;
      deepEqual(resumed.inputs.ids, kept.inputs.ids);
      deepEqual(resumed.inputs.order, kept.inputs.order);
      deepEqual(resumed.inputs.patch, kept.inputs.patch);
      deepEqual(resumed.targets, kept.targets);
      const patches = Math.max(...kept.inputs.patch!.data) + 1;
      ok(patches * 2 <= places);
      deepEqual(resumed.inputs.grid!.data.slice(0, patches * 2), kept.inputs.grid!.data.slice(0, patches * 2));
      ok(isSame(resumed.inputs.pixels!.data, kept.inputs.pixels!.data, patches * 16));
    }
  });

  it('rounds sizes up to few', () => {
    deepEqual([0, 32, 33, 48, 49, 65, 97, 385].map(roundedUp), [32, 32, 48, 48, 64, 96, 128, 512]);
  });
});
