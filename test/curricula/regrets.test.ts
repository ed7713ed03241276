import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { rankCorrelation } from '../../curricula/rank-correlation.ts';
import { flexibleRegret, hardship, populationRegret, type Returns } from '../../curricula/regrets.ts';
import { pairedRegret, settledReturns } from '../../curricula/scores.ts';

const returns = (best: readonly number[], mean: readonly number[]): Returns => ({
  best: Float64Array.from(best),
  mean: Float64Array.from(mean),
});
const near = (got: Float64Array, wanted: readonly number[]) =>
  wanted.forEach((each, k) => {
    assert.ok(Math.abs(got[k]! - each) < 1e-12, `level ${k}: ${got[k]} is not ${each}`);
  });

describe('what a builder of levels is paid', () => {
  // Four levels: the agent better, the antagonist better, both fail, both alike.
  const agent = returns([0.9, 0.2, 0, 0.5], [0.7, 0.1, 0, 0.5]);
  const antagonist = returns([0.3, 0.8, 0, 0.5], [0.1, 0.6, 0, 0.5]);

  it('is the regret of the agent against the antagonist, clipped or not', () => {
    near(pairedRegret(antagonist, agent, { clipped: false }), [-0.4, 0.7, 0, 0]);
    near(pairedRegret(antagonist, agent, { clipped: true }), [0, 0.7, 0, 0]);
  });

  it('is, with flexible roles, the regret of the worse against the better', () => {
    near(flexibleRegret(agent, antagonist, { clipped: true }), [0.8, 0.7, 0, 0]);
    near(flexibleRegret(antagonist, agent, { clipped: true }), [0.8, 0.7, 0, 0]);
    const lucky = returns([0.6], [0.1]);
    const steady = returns([0.5], [0.5]);
    near(flexibleRegret(lucky, steady, { clipped: false }), [0.6 - 0.5]);
  });

  it('is, in a population, the best of all less the mean of all', () => {
    const third = returns([0.1, 0.3, 0.6, 0.5], [0.1, 0.2, 0.3, 0.5]);
    near(populationRegret([agent, antagonist, third], { clipped: false }), [0.9 - 0.3, 0.8 - 0.3, 0.6 - 0.1, 0]);
  });

  it('is never below 0 unclipped either where roles are free: the best episode of the better is above any mean', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, unit, unit, (a, b, c, d) => {
        const one = returns([Math.max(a, b)], [Math.min(a, b)]);
        const other = returns([Math.max(c, d)], [Math.min(c, d)]);
        assert.ok(flexibleRegret(one, other, { clipped: false })[0]! >= 0);
        assert.ok(populationRegret([one, other], { clipped: false })[0]! >= 0);
      }),
    );
  });

  it('is, for a minimax adversary, what the agent lost', () => {
    near(hardship(agent, 'mean'), [-0.7, -0.1, 0, -0.5]);
    near(hardship(agent, 'best'), [-0.9, -0.2, 0, -0.5]);
    assert.ok(Object.is(hardship(agent, 'mean')[2], 0), 'and no negative zero');
  });

  it('counts an episode under way only where none ended', () => {
    // Two copies, three steps: the first ends one at step 2, the second none.
    const { mean, best, episodes } = settledReturns({
      T: 3,
      K: 2,
      reward: [1, 1, 2, 1, 5, 1],
      done: [0, 0, 1, 0, 0, 0],
    });
    assert.deepEqual([...mean], [3, 3]);
    assert.deepEqual([...best], [3, 3]);
    assert.deepEqual([...episodes], [1, 0]);
  });
});

describe('the correlation of ranks', () => {
  it('is as by hand, with and without ties', () => {
    // 1 - 6 sum d^2 / (n (n^2 - 1)), where nothing is tied: d = 1, 1, 1, 1, 0.
    assert.ok(Math.abs(rankCorrelation([1, 2, 3, 4, 5], [20, 10, 40, 30, 50])! - (1 - (6 * 4) / (5 * 24))) < 1e-12);
    assert.equal(rankCorrelation([1, 2, 3], [10, 100, 1000]), 1);
    assert.equal(rankCorrelation([1, 2, 3], [3, 2, 1]), -1);
    // Ranks 0.5, 0.5, 2 and 0, 1, 2, about their mean 1: (-0.5)(-1) + 0 + 1 over sqrt(1.5 * 2).
    assert.ok(Math.abs(rankCorrelation([7, 7, 9], [1, 2, 3])! - 1.5 / Math.sqrt(3)) < 1e-12);
  });

  it('is nothing where a side is constant', () => {
    assert.equal(rankCorrelation([1, 1, 1], [1, 2, 3]), undefined);
    assert.equal(rankCorrelation([1], [2]), undefined);
    assert.equal(rankCorrelation([], []), undefined);
  });

  it('does not care for any growing change of either side, and is alike both ways', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(pairs, (both) => {
        const [x, y] = [both.map(([a]) => a), both.map(([, b]) => b)];
        const wanted = rankCorrelation(x, y);
        assert.equal(
          rankCorrelation(
            x.map((a) => a ** 3),
            y.map((b) => 2 * b + 1),
          ),
          wanted,
        );
        assert.equal(rankCorrelation(y, x), wanted);
        if (wanted !== undefined) assert.ok(Math.abs(wanted) <= 1 + 1e-12);
      }),
    );
  });
});
