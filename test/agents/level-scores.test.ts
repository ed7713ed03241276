import assert from 'node:assert/strict';
import fc from 'fast-check';
import { crossFittedCvar, maximumRegret, meanReturn, naiveCvar } from '../../agents/index.ts';
import { stream } from '../../core/index.ts';

describe('scores over levels', () => {
  it('choose the worst levels by one half of the episodes and score them by the other', () => {
    // Even episodes: means 1, 3, 5, 7; odd ones: 6, 2, 4, 8.
    const returns = [
      [1, 6],
      [3, 2],
      [5, 4],
      [7, 8],
    ];
    // Worst half by even: levels 0 and 1, which odd scores 6 and 2; by odd: 1 and 2, which even scores 3 and 5.
    assert.equal(crossFittedCvar(returns, 0.5), (4 + 4) / 2);
    // Worst quarter: level 0, scored 6; level 1, scored 3.
    assert.equal(crossFittedCvar(returns, 0.25), 4.5);
    assert.equal(crossFittedCvar(returns, 0.01), 4.5, 'at least one level');
    // Means of levels: 3.5, 2.5, 4.5, 7.5.
    assert.equal(naiveCvar(returns, 0.5), 3);
    assert.equal(naiveCvar(returns, 0.25), 2.5);
    assert.equal(meanReturn(returns), 4.5);
    assert.equal(maximumRegret(returns, [4, 4, 4, 8]), 1.5);
  });

  it('agree where nothing is left to luck, and with all levels', () => {
    const row = fc.integer({ min: -50, max: 50 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (levels, tenths) => {
        const certain = levels.map((value) => [value, value, value, value]);
        const share = tenths / 20;
        const sorted = [...levels].sort((a, b) => a - b).slice(0, Math.max(1, Math.round(share * levels.length)));
        const worst = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
        assert.ok(Math.abs(crossFittedCvar(certain, share) - worst) < 1e-9);
        assert.ok(Math.abs(naiveCvar(certain, share) - worst) < 1e-9);
        assert.ok(Math.abs(crossFittedCvar(certain, 1) - meanReturn(certain)) < 1e-9);
      }),
    );
  });

  it('lie on both sides of the truth, and where all is luck only the naive one is wrong', () => {
    const random = stream(3, 'simulation');
    const [runs, episodes] = [400, 8];
    const means = (worth: readonly number[]): { naive: number; fitted: number } => {
      let [naive, fitted] = [0, 0];
      for (let run = 0; run < runs; run++) {
        const returns = worth.map((value) => Array.from({ length: episodes }, () => value + 1.5 * random.normal()));
        naive += naiveCvar(returns, 0.1) / runs;
        fitted += crossFittedCvar(returns, 0.1) / runs;
      }
      return { naive, fitted };
    };
    // 40 levels, worth -1 to 1 evenly; the worst four -0.92.
    const spread = means(Array.from({ length: 40 }, (_, level) => (2 * level) / 39 - 1));
    const truth = 3 / 39 - 1;
    assert.ok(spread.naive < truth - 0.1, `naive ${spread.naive}, truth ${truth}`);
    assert.ok(spread.fitted > truth, `cross-fitted ${spread.fitted}, truth ${truth}`);
    // Four levels so bad that luck cannot hide them: both find them, and the cross-fitted estimate has no bias left.
    const clear = means(Array.from({ length: 40 }, (_, level) => (level < 4 ? -6 : 0)));
    assert.ok(Math.abs(clear.fitted + 6) < 0.06, `cross-fitted ${clear.fitted}`);
    // All levels worth the same: every choice is luck, and only the naive estimate believes in it.
    const { naive, fitted } = means(new Array<number>(40).fill(0));
    assert.ok(naive < -0.8, `naive ${naive}`);
    assert.ok(Math.abs(fitted) < 0.05, `cross-fitted ${fitted}`);
  });

  it('refuse what cannot be scored', () => {
    const refused = { code: 'invalid_input' };
    for (const returns of [[], [[]], [[1, 2], [1]], [[1, Number.NaN]]])
      assert.throws(() => crossFittedCvar(returns, 0.1), refused);
    assert.throws(() => crossFittedCvar([[1], [2]], 0.1), /episodes of their own/);
    for (const share of [0, -0.1, 1.1, Number.NaN]) assert.throws(() => naiveCvar([[1, 2]], share), /share/);
    assert.throws(() => maximumRegret([[1, 2]], []), refused);
  });
});
