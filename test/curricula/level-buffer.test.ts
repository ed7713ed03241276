import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { type Json, stream } from '../../core/index.ts';
import {
  type BufferOptions,
  chancesOf,
  drawLevels,
  emptyBuffer,
  entriesOf,
  isReplayable,
  type LevelBuffer,
  reported,
} from '../../curricula/level-buffer.ts';
import { replayChances, scoreChances, stalenessChances } from '../../curricula/priorities.ts';
import { chiSquared, wantedChances } from './closed-form.ts';

const options: BufferOptions = {
  capacity: 4,
  fill: 0.5,
  admits: 'atLeast',
  priority: 'rank',
  temperature: 0.3,
  top: 2,
  staleness: 0.3,
};

const filled = (scores: readonly number[], more: Partial<BufferOptions> = {}): LevelBuffer =>
  reported(
    emptyBuffer,
    scores.map((score, i) => ({ level: { maze: i }, score })),
    { ...options, ...more },
  );

const levelsOf = ({ entries }: LevelBuffer): Json[] => entries.map(({ level }) => level);

describe('chances of being replayed', () => {
  it('follow ranks by (1 / rank)^(1 / temperature), whatever the size of scores', () => {
    // Ranks 2, 1, 3 at a temperature of 0.5: 1/4, 1, 1/9.
    const total = 1 / 4 + 1 + 1 / 9;
    const wanted = [1 / 4 / total, 1 / total, 1 / 9 / total];
    for (const scores of [
      [0.5, 2, -1],
      [500, 2000, -1e6],
    ]) {
      scoreChances(scores, { priority: 'rank', temperature: 0.5, top: 0 }).forEach((chance, i) => {
        assert.ok(Math.abs(chance - wanted[i]!) < 1e-12);
      });
    }
    // A temperature is no factor: at 1 the second has half of the first's chance.
    const [first, second] = scoreChances([9, 8], { priority: 'rank', temperature: 1, top: 0 });
    assert.ok(Math.abs(first! / second! - 2) < 1e-12);
  });

  it('give the best few the same, where only these count', () => {
    assert.deepEqual([...scoreChances([3, 9, -2, 5], { priority: 'top', temperature: 1, top: 2 })], [0, 0.5, 0, 0.5]);
  });

  it('rise with the time since a level was played', () => {
    assert.deepEqual([...stalenessChances([10, 7, 4], 10)], [0, 3 / 9, 6 / 9]);
    assert.deepEqual([...stalenessChances([5, 5], 5)], [0.5, 0.5]);
  });

  it('are what is drawn: chi-squared on 100,000 draws, ranks and staleness mixed', () => {
    const scores = [0.3, -1, 7, 7, 2, 0];
    const seen = [9, 1, 8, 4, 9, 2];
    const entries = scores.map((score, i) => ({ level: { maze: i }, score, best: null, seen: seen[i]! }));
    for (const change of [
      {},
      { temperature: 1, staleness: 0 },
      { staleness: 1 },
      { priority: 'top', top: 3 },
    ] as Partial<BufferOptions>[]) {
      const own = { ...options, ...change };
      const wanted = wantedChances(scores, seen, 9, own);
      const statistic = chiSquared(drawLevels({ entries, clock: 9 }, 100_000, own, stream(3, 'draws')), wanted);
      // 20.5 is passed once in a thousand times at 5 degrees of freedom.
      assert.ok(statistic < 20.5, `${statistic}, ${JSON.stringify(change)}`);
    }
  });

  it('always sum to one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), fc.nat(50)), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.double({ min: 0.05, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (pairs, temperature, staleness) => {
          const chances = replayChances(
            pairs.map(([score]) => score),
            pairs.map(([, seen]) => seen),
            50,
            { priority: 'rank', temperature, top: 1, staleness },
          );
          assert.ok(Math.abs(chances.reduce((sum, each) => sum + each, 0) - 1) < 1e-9);
          assert.ok(chances.every((chance) => chance >= 0));
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe('a buffer of levels', () => {
  it('keeps scores and the highest return, and no level twice', () => {
    const first = reported(emptyBuffer, [{ level: { b: 1, a: 2 }, score: 3, best: 0.4 }], options);
    // The same level, its keys in another order, twice in one round.
    const second = reported(
      first,
      [
        { level: { a: 2, b: 1 }, score: 1, best: 0.1 },
        { level: { b: 1, a: 2 }, score: 2 },
      ],
      options,
    );
    assert.equal(second.entries.length, 1);
    const { score, best, seen } = entriesOf(second, [{ a: 2, b: 1 }])[0]!;
    assert.deepEqual([score, best, seen, second.clock], [2, 0.4, 2, 2]);
    assert.deepEqual(entriesOf(second, [{ a: 2 }]), [undefined]);
    assert.equal(first.entries[0]!.score, 3, 'what went in is not changed');
  });

  it('replays once enough of it is filled', () => {
    assert.equal(isReplayable(emptyBuffer, { ...options, fill: 0 }), false);
    assert.equal(isReplayable(filled([1]), options), false);
    assert.equal(isReplayable(filled([1, 2]), options), true);
  });

  it('lets a better level in for the one least likely to be replayed', () => {
    const full = filled([5, 1, 3, 4]);
    const better = reported(full, [{ level: 'new', score: 2 }], options);
    assert.deepEqual(levelsOf(better), [{ maze: 0 }, 'new', { maze: 2 }, { maze: 3 }]);
    assert.deepEqual(levelsOf(reported(full, [{ level: 'new', score: 0.5 }], options)), levelsOf(full));
    // The very score of the last one: in by dcd's rule, not by JaxUED's.
    assert.ok(levelsOf(reported(full, [{ level: 'new', score: 1 }], options)).includes('new'));
    assert.ok(!levelsOf(reported(full, [{ level: 'new', score: 1 }], { ...options, admits: 'above' })).includes('new'));
  });

  it('finds room for one after the other, each against those that are there by then', () => {
    const full = filled([5, 1, 3, 4], { staleness: 0 });
    const after = reported(
      full,
      [
        { level: 'a', score: 2 },
        { level: 'b', score: 2.5 },
        { level: 'c', score: 2.1 },
      ],
      { ...options, staleness: 0 },
    );
    // `a` takes the place of 1, `b` that of `a`; `c` is below `b` and 3.
    assert.deepEqual(levelsOf(after), [{ maze: 0 }, 'b', { maze: 2 }, { maze: 3 }]);
  });

  it('keeps what has waited long, where staleness counts: the least likely goes, not the lowest score', () => {
    const old = filled([1, 9, 8, 7], { staleness: 0.9 });
    // All but the first are played again and again.
    let buffer = old;
    for (let i = 0; i < 5; i++) {
      buffer = reported(
        buffer,
        [1, 2, 3].map((maze) => ({ level: { maze }, score: 10 - maze })),
        options,
      );
    }
    const chances = chancesOf(buffer, { ...options, staleness: 0.9 });
    assert.ok(chances[0]! > 0.9);
    const after = reported(buffer, [{ level: 'new', score: 20 }], { ...options, staleness: 0.9 });
    assert.ok(levelsOf(after).some((level) => JSON.stringify(level) === '{"maze":0}'));
  });

  it('goes through JSON unchanged', () => {
    const buffer = filled([5, 1, 3]);
    assert.deepEqual(JSON.parse(JSON.stringify(buffer)), buffer);
  });
});
