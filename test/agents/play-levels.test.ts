import assert from 'node:assert/strict';
import { type Collector, levelScores, playLevels, randomPlayer } from '../../agents/index.ts';
import { stream } from '../../core/index.ts';
import { type BatchedEnvironment, counting, maze } from '../../worlds/index.ts';

/** Goes forward, always. */
const forward = ({ groups }: Collector) => ({ act: (t: number) => void groups[0]!.actions[t]!.fill(2) });
const MAXIMUM = 10;
const make = (copies: number) => maze(copies, { size: 4, walls: 3, maximumSteps: MAXIMUM });
/** The goal 1, 2 and 3 steps ahead, and behind the agent's back. */
const LEVELS = [
  ['>G..', '....', '....', '....'],
  ['>.G.', '....', '....', '....'],
  ['>..G', '....', '....', '....'],
  ['G>..', '....', '....', '....'],
];
/** By hand: 1 - 0.9 t / 10. */
const WORTH = [0.91, 0.82, 0.73, 0];

const closeTo = (found: readonly number[], wanted: readonly number[]) =>
  assert.ok(
    found.length === wanted.length && found.every((value, i) => Math.abs(value - wanted[i]!) < 1e-6),
    `${found} for ${wanted}`,
  );

describe('playing levels', () => {
  it('gives each level its own episodes, however long they take, also with more of them than copies', async () => {
    for (const episodes of [2, 7, 100]) {
      const { returns, lengths } = await playLevels(make, LEVELS, episodes, 5, forward);
      for (const [level, row] of returns.entries()) closeTo(row, new Array(episodes).fill(WORTH[level]));
      assert.deepEqual(
        lengths,
        [1, 2, 3, MAXIMUM].map((steps) => new Array(episodes).fill(steps)),
      );
    }
  });

  it('plays the same episodes again for the same seed, and others for another', async () => {
    const played = async (seed: number) => {
      const random = stream(seed, 'noise');
      return playLevels(make, LEVELS, 6, seed, (collector) => randomPlayer(collector, () => random));
    };
    assert.deepEqual(await played(1), await played(1));
    assert.notDeepEqual(await played(1), await played(2));
  });

  it('refuses an environment without levels, and closes what it made', async () => {
    let closed = 0;
    const makes = (copies: number): BatchedEnvironment => {
      const environment = counting(copies, { agents: 1 });
      return Object.assign(environment, { setLevel: undefined, close: () => void closed++ });
    };
    await assert.rejects(playLevels(makes, [{}], 2, 1, forward), { code: 'unsupported' });
    const closing = (copies: number) => Object.assign(make(copies), { close: () => void closed++ });
    await assert.rejects(playLevels(closing, [['>G', '..']], 2, 1, forward));
    assert.equal(closed, 2);
  });

  it('scores a hand-worked table', () => {
    // Two episodes each: level means 0.5, 0.2, 0.9; solved 1/2, 1/2, 1; optimum 1 each.
    const returns = [
      [1, 0],
      [0, 0.4],
      [0.9, 0.9],
    ];
    const scores = levelScores(returns, { optimum: [1, 1, 1], solvedAbove: 0 });
    // Worst by even episodes: level 1, which the odd ones score 0.4; by odd: level 0, which even ones score 1.
    const wanted = [1.6 / 3, 0.7, 0.7, 2 / 3, 1 - 1.6 / 3, 0.8];
    closeTo([scores.mean, scores.cvar10, scores.cvar1, scores.solved!, scores.regret!, scores.maximumRegret!], wanted);
    assert.deepEqual(
      Object.keys(levelScores(returns)),
      ['mean', 'cvar10', 'cvar1'],
      'and tells nothing it cannot know',
    );
    assert.throws(() => levelScores([[1]]), { code: 'invalid_input' });
  });
});
