import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ReplayBatch } from '../../../agents/value-decomposition/batch.ts';
import { Replay, type ReplayShape } from '../../../agents/value-decomposition/replay.ts';
import { stream } from '../../../core/index.ts';

const shape: ReplayShape = {
  units: [{ n: 2, D: 1, M: 2 }],
  agents: 2,
  rewards: 1,
  S: 1,
  steps: 4,
  capacity: 5,
  copies: 2,
};

/** Writes an episode of copy `b` whose every number tells `mark` and the step. */
function play(replay: Replay, b: number, mark: number, length: number): void {
  const slot = replay.staging[b]!;
  const { steps } = replay.shape;
  for (let t = 0; t <= length; t++) {
    const row = slot * (steps + 1) + t;
    replay.observation[0]!.data.set([100 * mark + t, 100 * mark + t + 50], row * 2);
    replay.mask[0]!.data.fill(1, row * 4, row * 4 + 4);
    replay.state.data[row] = -100 * mark - t;
    if (t === length) break;
    const step = slot * steps + t;
    replay.action[0]!.data.fill(1, step * 2, step * 2 + 2);
    replay.alive.data.fill(1, step * 2, step * 2 + 2);
    replay.goesOn.data.fill(1, step * 2, step * 2 + 2);
    replay.reward.data[step] = mark;
  }
  replay.length[slot] = length;
  replay.commit(b);
}

const marksOf = (replay: Replay): number[] =>
  Array.from(replay.slots(), (slot) => replay.reward.data[slot * replay.shape.steps]!).sort((a, b) => a - b);

describe('a replay', () => {
  it('holds the newest episodes, whole, whichever copies they are of', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1), { minLength: 1, maxLength: 40 }), (copies) => {
        const replay = new Replay(shape);
        for (const [i, b] of copies.entries()) play(replay, b, i + 1, 1 + (i % 4));
        const kept = Math.min(5, copies.length);
        assert.equal(replay.size, kept);
        assert.deepEqual(
          marksOf(replay),
          Array.from({ length: kept }, (_, i) => copies.length - kept + 1 + i),
        );
        for (const slot of replay.slots()) {
          const mark = replay.reward.data[slot * 4]!;
          assert.equal(replay.length[slot], 1 + ((mark - 1) % 4));
          for (let t = 0; t <= replay.length[slot]!; t++)
            assert.equal(replay.state.data[slot * 5 + t], -100 * mark - t, 'no row of another episode');
        }
        const taken = [...replay.slots(), ...replay.staging];
        assert.equal(new Set(taken).size, taken.length, 'no copy writes to an episode that is kept');
      }),
      { seed: 1 },
    );
  });

  it('draws every set of episodes equally often', () => {
    const replay = new Replay({ ...shape, capacity: 6 });
    for (let i = 0; i < 9; i++) play(replay, i % 2, i, 2);
    const counts = new Map<string, number>();
    const random = stream(1, 'test');
    const slots = new Int32Array(3);
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      replay.sample(random, slots);
      assert.equal(new Set(slots).size, 3, 'different episodes');
      const key = [...slots].sort((a, b) => a - b).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    assert.equal(counts.size, 20, '6 over 3');
    const expected = draws / 20;
    const squared = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // The 99.9th percentile of chi squared with 19 degrees of freedom.
    assert.ok(squared < 43.82, `chi squared ${squared}`);
  });

  it('draws before it is full, and never what is not there', () => {
    const replay = new Replay(shape);
    play(replay, 0, 7, 2);
    play(replay, 1, 8, 2);
    const slots = new Int32Array(2);
    replay.sample(stream(1, 'test'), slots);
    assert.deepEqual([...slots].sort(), [...replay.slots()].sort());
    assert.throws(() => replay.sample(stream(1, 'test'), new Int32Array(3)), { code: 'internal' });
  });

  it('goes on from what it saved', () => {
    const [one, other] = [new Replay(shape), new Replay(shape)];
    for (let i = 0; i < 7; i++) play(one, i % 2, i, 1 + (i % 4));
    const saved = JSON.parse(JSON.stringify(one.position()));
    const arrays = one.save();
    other.load((name) => arrays[name]!.data as Float32Array, saved);
    for (let i = 7; i < 11; i++) {
      play(one, 1, i, 2);
      play(other, 1, i, 2);
    }
    assert.deepEqual(other.save(), one.save());
    assert.deepEqual(other.position(), one.position());
  });

  it('refuses a checkpoint of another size, and a size that no file can hold', () => {
    const saved = new Replay({ ...shape, capacity: 9, copies: 3 }).position();
    assert.throws(() => new Replay(shape).load(() => new Float32Array(), saved), { code: 'mismatch' });
    assert.throws(() => new Replay({ ...shape, steps: 1000, capacity: 1e6 }), {
      code: 'invalid_input',
      message: /^\/learner\/replay: .*episodeLimit$/,
    });
  });
});

describe('a batch of episodes', () => {
  const gathered = (steps: number, scale = { mean: 0, std: 1 }) => {
    const replay = new Replay(shape);
    play(replay, 0, 3, 4); // a longer episode was in the slot before: nothing of it may show
    for (let i = 0; i < 5; i++) play(replay, 0, 9, 4);
    play(replay, 0, 1, 2);
    play(replay, 1, 2, 1);
    const bySize = (a: number, b: number): number => replay.length[b]! - replay.length[a]!;
    const slots = Int32Array.from(replay.slots()).sort(bySize).slice(-2);
    const batch = new ReplayBatch(shape, 2);
    const count = batch.gather(replay, slots, steps, scale);
    const inputs = batch.inputs(steps);
    return { count, of: (name: string): number[] => Array.from(inputs[name]!.data) };
  };

  it('stands time-major and is padded with zeros', () => {
    const { count, of } = gathered(4);
    assert.equal(count, 3);
    assert.deepEqual(of('weight'), [1, 1, 1, 0, 0, 0, 0, 0]);
    assert.deepEqual(of('bootstrap'), [1, 1, 1, 0, 0, 0, 0, 0]);
    assert.deepEqual(of('reward'), [1, 2, 1, 0, 0, 0, 0, 0]);
    assert.deepEqual(of('state'), [-100, -200, -101, -201, -102, 0, 0, 0, 0, 0]);
    assert.deepEqual(of('observation/0').slice(0, 12), [100, 150, 200, 250, 101, 151, 201, 251, 102, 152, 0, 0]);
    assert.ok(
      of('mask/0')
        .slice(20)
        .every((flag) => flag === 0),
    );
  });

  it('is the same in fewer steps where no episode is longer', () => {
    const [long, short] = [gathered(4), gathered(2)];
    for (const name of ['weight', 'reward', 'alive', 'action/0'])
      assert.deepEqual(short.of(name), long.of(name).slice(0, short.of(name).length));
    assert.equal(short.count, long.count);
  });

  it('scales the rewards that are there and leaves the padding alone', () => {
    assert.deepEqual(gathered(4, { mean: 1, std: 0.5 }).of('reward'), [0, 2, 0, 0, 0, 0, 0, 0]);
  });
});
