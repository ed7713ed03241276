import assert from 'node:assert/strict';
import { type SequenceBatch, SequenceReplay, sequenceBatch } from '../../../agents/dreamer/replay.ts';
import { takeFrom } from '../../../agents/learner-state.ts';
import { stream } from '../../../core/index.ts';

const SHAPE = { copies: 2, capacity: 8, observation: 1, action: 1, state: 2, tasks: 1 };
const EPISODE = 5;

/** Rows numbered from 0 in each copy (the second's from 100); every `EPISODE` rows an episode begins, on a level of its own. */
function fill(replay: SequenceReplay, rows: number, from = 0): void {
  for (let n = from; n < from + rows; n++) {
    for (let b = 0; b < SHAPE.copies; b++) {
      const number = 100 * b + n;
      const first = n % EPISODE === 0;
      if (first) episodes[b] = replay.begin({ level: number });
      const source = {
        observation: [number],
        observationAt: 0,
        action: [number],
        actionAt: 0,
        tasks: [number, number],
      };
      replay.write(b, episodes[b]!, { reward: number, first, terminal: n % EPISODE === EPISODE - 1 }, source);
      replay.keepState(b, Float32Array.of(n, n, number, number));
    }
  }
}
const episodes: number[] = [];

const numbers = ({ observation }: SequenceBatch): number[] => [...observation.data];

describe('the replay of sequences', () => {
  it('draws every sequence that it holds about as often, each with the state in front of it', () => {
    const replay = new SequenceReplay(SHAPE);
    fill(replay, 13);
    assert.equal(replay.size, 16);
    const batch = sequenceBatch(SHAPE, 3, 4);
    const random = stream(1, 'replay');
    const counts = new Map<number, number>();
    for (let i = 0; i < 1000; i++) {
      replay.sample(random, batch, true);
      for (let s = 0; s < 4; s++) {
        const start = batch.observation.data[s]!;
        counts.set(start, (counts.get(start) ?? 0) + 1);
        for (let t = 0; t < 3; t++) {
          const n = (start % 100) + t;
          assert.equal(batch.observation.data[t * 4 + s], start + t);
          assert.equal(batch.action.data[t * 4 + s], n % EPISODE === 0 ? 0 : start + t);
          assert.equal(batch.first.data[t * 4 + s], n % EPISODE === 0 ? 1 : 0);
          assert.equal(batch.terminal.data[t * 4 + s], n % EPISODE === EPISODE - 1 ? 1 : 0);
          assert.deepEqual(replay.level(batch.places[t * 4 + s]!), {
            level: 100 * Math.floor(start / 100) + n - (n % EPISODE),
          });
        }
        assert.equal(batch.state.data[2 * s], (start % 100) + (start >= 100 ? 100 : 0) - 1);
      }
    }
    // Rows 5 to 12 are left; a sequence of 3 with a row in front begins at 6 to 10.
    assert.deepEqual(
      [...counts.keys()].sort((a, b) => a - b),
      [6, 7, 8, 9, 10, 106, 107, 108, 109, 110],
    );
    for (const count of counts.values()) assert.ok(Math.abs(count - 400) < 80, `${count} of 4000`);
  });

  it('takes newer states back', () => {
    const replay = new SequenceReplay(SHAPE);
    fill(replay, 6);
    const batch = sequenceBatch(SHAPE, 5, 1);
    replay.sample(stream(1, 'replay'), batch, true);
    replay.writeBack(
      batch.places,
      Float32Array.from({ length: 10 }, (_, i) => 1000 + i),
    );
    const after = sequenceBatch(SHAPE, 2, 8);
    replay.sample(stream(2, 'replay'), after, true);
    const copy = batch.observation.data[0]! >= 100 ? 1 : 0;
    for (let s = 0; s < 8; s++) {
      const start = after.observation.data[s]!;
      if (Math.floor(start / 100) !== copy || start % 100 < 2) continue;
      assert.equal(after.state.data[2 * s], 1000 + 2 * ((start % 100) - 2));
    }
  });

  it('goes on exactly where it was saved, and forgets levels that it has no rows of', () => {
    const [one, two] = [new SequenceReplay(SHAPE), new SequenceReplay(SHAPE)];
    fill(one, 7);
    const before = [...episodes];
    two.load(takeFrom(one.save(), 'replay'), JSON.parse(JSON.stringify(one.position())));
    fill(one, 6, 7);
    episodes.splice(0, 2, ...before);
    fill(two, 6, 7);
    assert.deepEqual(two.position(), one.position());
    const batches = [one, two].map((replay) => {
      const batch = sequenceBatch(SHAPE, 4, 6);
      replay.sample(stream(3, 'replay'), batch, true);
      return [...numbers(batch), ...batch.state.data];
    });
    assert.deepEqual(batches[0], batches[1]);
    // Rows 5 to 12 are of the episodes that began at 5 and 10.
    assert.deepEqual(
      one.position().levels.map(([, level]) => level),
      [{ level: 5 }, { level: 105 }, { level: 10 }, { level: 110 }],
    );
  });
});
