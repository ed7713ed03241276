import { strict as assert } from 'node:assert';
import type { Checkpoint } from '../../agents/index.ts';
import { type Json, stream } from '../../core/index.ts';
import { learnableLevels, type SflOptions } from '../../curricula/index.ts';
import type { LevelSpace } from '../../worlds/index.ts';

const COPIES = 20;
const space: LevelSpace = { generate: (seed) => ({ level: seed % 100 }) };
const options: SflOptions = { name: 'sfl', search: 10, every: 5, keep: 8, share: 0.5 };

/** Of ten episodes of a level, as many are solved as its number says in tenths. */
function outcome(levels: readonly Json[]) {
  const T = 10;
  const K = levels.length;
  const reward = new Float32Array(T * K);
  levels.forEach((level, k) => {
    for (let t = 0; t < (level as { level: number }).level / 10; t++) reward[t * K + k] = 1;
  });
  const zeros = new Float32Array(T * K);
  return { T, K, reward, value: zeros, advantage: zeros, done: new Uint8Array(T * K).fill(1) };
}

function play(rounds: ReturnType<typeof learnableLevels>, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const { levels, learns } = rounds.next(COPIES);
    rounds.report(outcome(levels), i);
    return { levels: levels.map((level) => (level as { level: number }).level), learns };
  });
}

describe('sampling for learnability', () => {
  it('searches, learns, and searches again', () => {
    const learns = play(learnableLevels(options, space, stream(1, 'sfl')), 31).map((each) => each.learns);
    const stretch = [...new Array<boolean>(10).fill(false), ...new Array<boolean>(5).fill(true)];
    assert.deepEqual(learns, [...stretch, ...stretch, false]);
  });

  it('plays levels that are solved half of the time, and as often any', () => {
    const rounds = learnableLevels({ ...options, every: 200 }, space, stream(2, 'sfl'));
    const played = play(rounds, 210)
      .slice(10)
      .flatMap(({ levels }) => levels);
    // Eight of 100 levels score highest: 41 to 50 are solved in five of ten episodes, their neighbours in four or six.
    const near = played.filter((level) => level > 40 && level <= 50).length / played.length;
    // Half from the set, and of the others a tenth; four binomial deviations of 4,000 are 0.032.
    assert.ok(Math.abs(near - 0.55) < 0.05, `${near}`);
    assert.ok(rounds.metrics()['curriculum/set/score']! > 0.24);
    assert.equal(rounds.metrics()['curriculum/set'], 8);
  });

  it('keeps no level twice, and none that everybody or nobody solves', () => {
    const easy: LevelSpace = { generate: (seed) => ({ level: seed % 2 === 0 ? 100 : seed % 4 === 1 ? 0 : 50 }) };
    const rounds = learnableLevels(options, easy, stream(3, 'sfl'));
    play(rounds, 10);
    assert.equal(rounds.metrics()['curriculum/set'], 1);
    const nothing = learnableLevels(options, { generate: () => ({ level: 100 }) }, stream(4, 'sfl'));
    const after = play(nothing, 12);
    assert.equal(nothing.metrics()['curriculum/set'], 0);
    assert.deepEqual(new Set(after[11]!.levels), new Set([100]), 'any level, where there is no set');
  });

  it('goes on from what was saved, also in the middle of a search', () => {
    for (const done of [4, 13]) {
      const whole = learnableLevels(options, space, stream(5, 'sfl'));
      play(whole, done);
      const saved = JSON.parse(JSON.stringify(whole.save())) as Checkpoint;
      const resumed = learnableLevels(options, space, stream(99, 'sfl'));
      resumed.load(saved);
      assert.deepEqual(play(resumed, 15), play(whole, 15));
    }
    const { tensors, state } = learnableLevels(options, space, stream(1, 'x')).save();
    const other = { tensors, state: { ...(state as object), name: 'plr' } };
    assert.throws(() => learnableLevels(options, space, stream(1, 'x')).load(other), /another curriculum/);
  });
});
