import { strict as assert } from 'node:assert';
import type { Checkpoint, RoundOutcome } from '../../agents/index.ts';
import { type Json, stream } from '../../core/index.ts';
import {
  accelDefaults,
  plrDefaults,
  type ReplayCurriculum,
  replayLevels,
  replayOptionsOf,
  robustPlrDefaults,
} from '../../curricula/index.ts';
import type { LevelSpace } from '../../worlds/index.ts';

/** Levels are numbers, and mutants say whose children they are. Level 8 can be worth 3, all others 1. */
const space: LevelSpace = {
  generate: (seed) => ({ level: seed % 1000 }),
  mutate: (level, seed) => ({ parent: level, seed: seed % 1000 }),
  describe: (level) => ({ number: (level as { level?: number }).level ?? -1 }),
  optimum: (level) => ((level as { level?: number }).level === 8 ? 3 : 1),
};

const COPIES = 4;

/** One step of each copy, in which every episode ends with this return. */
const round = (returns: readonly number[]): RoundOutcome => ({
  T: 1,
  K: returns.length,
  reward: Float32Array.from(returns),
  value: new Float32Array(returns.length).fill(0.25),
  advantage: Float32Array.from(returns, (each) => each - 0.5),
  done: new Uint8Array(returns.length).fill(1),
});

const small = { capacity: 8, fill: 0.5, staleness: 0 } as const;
const rounds = (options: ReplayCurriculum, seed = 1) =>
  replayLevels(replayOptionsOf(options), space, stream(seed, 'test'));

/** Plays `count` rounds, every episode with a return that follows from its level alone. */
function play(feed: ReturnType<typeof rounds>, count: number): { levels: readonly Json[]; learns: boolean }[] {
  return Array.from({ length: count }, (_, i) => {
    const { levels, learns } = feed.next(COPIES);
    feed.report(round(levels.map((level) => (JSON.stringify(level).length % 7) / 7)), i);
    return { levels, learns };
  });
}

/** Whether each child says that it is that of the parent in its place. */
function haveOneChildEach(parents: readonly Json[], children: readonly Json[]): boolean {
  const named = children.map((child) => (child as { parent?: Json }).parent ?? null);
  return JSON.stringify(named) === JSON.stringify(parents);
}

describe('replay of levels', () => {
  it('plays new levels until there are enough, and then those it has, as often as it should', () => {
    const feed = rounds({ ...plrDefaults, ...small, capacity: 4000, fill: 0.01, replay: 0.3 });
    const seen = new Set<string>();
    let replayed = 0;
    let enough = 0;
    for (const { levels } of play(feed, 1000)) {
      const keys = levels.map((level) => JSON.stringify(level));
      const isOld = keys.every((key) => seen.has(key));
      if (seen.size < 40) assert.ok(!isOld || seen.size > 30, 'nothing is replayed before the buffer is full enough');
      else {
        enough++;
        replayed += Number(isOld);
      }
      for (const key of keys) seen.add(key);
    }
    // Of 1,000 rounds 0.3 by lot, and once the 1,000 levels are known, new ones look replayed too: at least that many.
    assert.ok(replayed > 0.25 * enough, `${replayed} of ${enough}`);
    const shares = feed.metrics()['curriculum/replayed']!;
    // Binomial: four deviations of 1,000 rounds are 0.058.
    assert.ok(Math.abs(shares - 0.3) < 0.06, `${shares}`);
  });

  it('learns from new levels only where it is not robust', () => {
    for (const [options, fromNew] of [
      [plrDefaults, true],
      [robustPlrDefaults, false],
    ] as const) {
      const seen = new Set<string>();
      for (const { levels, learns } of play(rounds({ ...options, ...small, replay: 0.5 }), 60)) {
        const isReplayed = levels.every((level) => seen.has(JSON.stringify(level)));
        assert.equal(learns, isReplayed || fromNew);
        for (const level of levels) seen.add(JSON.stringify(level));
      }
    }
  });

  it('changes every level that was replayed, not the first or the lowest alone', () => {
    const feed = rounds({ ...accelDefaults, ...small, replay: 1, temperature: 50 });
    const all = play(feed, 200);
    let generations = 0;
    const parents = new Set<string>();
    for (let i = 1; i < all.length; i++) {
      const { levels, learns } = all[i]!;
      const before = all[i - 1]!;
      if (!before.learns) continue;
      assert.ok(!learns, 'mutants are only looked at');
      generations++;
      assert.ok(haveOneChildEach(before.levels, levels));
      // As dcd #11 had it: the first was changed, and all others played once more.
      assert.ok(!haveOneChildEach(before.levels, [levels[0]!, ...before.levels.slice(1)]));
      for (const level of before.levels) parents.add(JSON.stringify(level));
    }
    assert.ok(generations > 50);
    assert.ok(parents.size > COPIES, 'many levels have children');
  });

  it('replays the levels with the highest scores most', () => {
    const feed = rounds({ ...robustPlrDefaults, ...small, score: 'positiveValueLoss', replay: 0.9, temperature: 0.1 });
    const { levels } = feed.next(COPIES);
    feed.report(round([0.5, 0.6, 0.9, 0.7]), 0);
    let best = 0;
    let count = 0;
    for (let i = 0; i < 40; i++) {
      const next = feed.next(COPIES);
      const scores = next.levels.map((level) => [0.5, 0.6, 0.9, 0.7][levels.indexOf(level)] ?? 0);
      if (next.learns) {
        best += next.levels.filter((level) => level === levels[2]).length;
        count += COPIES;
      }
      feed.report(round(scores), i);
    }
    // The second has (1/2)^10 of the best one's chance.
    assert.ok(count > 0 && best / count > 0.9, `${best} of ${count}`);
  });

  it('scores by what is asked for: the best return that was ever had, or the exact regret', () => {
    const scoreOf = (score: ReplayCurriculum['score'], returns: readonly (readonly number[])[]): number => {
      const feed = replayLevels(
        replayOptionsOf({ ...plrDefaults, capacity: 2, fill: 0, score, replay: 1 }),
        { ...space, generate: () => ({ level: 8 }) },
        stream(1, 'scores'),
      );
      for (const each of returns) {
        feed.next(1);
        feed.report(round(each), 0);
      }
      return feed.metrics()['curriculum/buffer/score']!;
    };
    // Best 0.9 in the first round, 0.2 in the second; V is 0.25.
    assert.ok(Math.abs(scoreOf('maxMonteCarlo', [[0.9], [0.2]]) - 0.65) < 1e-6);
    assert.ok(Math.abs(scoreOf('regret', [[0.9], [0.2]]) - 2.8) < 1e-6);
    assert.ok(Math.abs(scoreOf('l1ValueLoss', [[0.9], [0.2]]) - 0.3) < 1e-6);
    assert.equal(scoreOf('learnability', [[0.9], [0.2]]), 0);
  });

  it('says how many levels are in play, as the entropy of the distribution that they are replayed by', () => {
    for (const [top, inPlay] of [
      [1, 1],
      [3, 3],
    ] as const) {
      const feed = rounds({ ...robustPlrDefaults, ...small, priority: 'top', top });
      feed.next(COPIES);
      feed.report(round([0.5, 0.6, 0.9, 0.7]), 0);
      assert.ok(Math.abs(feed.metrics()['curriculum/buffer/entropy']! - Math.log(inPlay)) < 1e-12);
    }
  });

  it('goes on from what was saved as if it had never stopped', () => {
    const options = { ...accelDefaults, ...small };
    const whole = rounds(options);
    play(whole, 20);
    const saved = JSON.parse(JSON.stringify(whole.save())) as Checkpoint;
    const resumed = rounds(options, 99);
    resumed.load(saved);
    assert.deepEqual(play(resumed, 20), play(whole, 20));
    assert.deepEqual(resumed.metrics(), whole.metrics());
    assert.throws(() => rounds({ ...plrDefaults, ...small }).load(saved), /another curriculum/);
  });

  it('says what levels are like, and refuses spaces that lack what it needs', () => {
    const feed = rounds({ ...plrDefaults, ...small });
    const { levels } = feed.next(COPIES);
    feed.report(round([1, 0, 0, 0]), 0);
    const mean = levels.reduce<number>((sum, level) => sum + (level as { level: number }).level / COPIES, 0);
    assert.ok(Math.abs(feed.metrics()['curriculum/level/number']! - mean) < 1e-9);
    const bare = { generate: space.generate };
    const make = (options: ReplayCurriculum) => () => replayLevels(replayOptionsOf(options), bare, stream(1, 'x'));
    assert.throws(make(accelDefaults), /mutates none/);
    assert.throws(make({ ...plrDefaults, score: 'regret' }), /optimum/);
  });
});
