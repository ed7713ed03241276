import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import { otherWayRound, pairedBySeed, type Scored } from '../../../reports/making/pairs.ts';

const scored = (...runs: readonly (readonly [seed: number, score: number])[]): Scored[] =>
  runs.map(([seed, score]) => ({ seed, score }));
const paired = (first: readonly Scored[], second: readonly Scored[]) => pairedBySeed(first, second, stream(0, 'pairs'));

describe('runs paired by seed', () => {
  it('are those of the seeds that both arms have', () => {
    const [first, second] = [scored([1, 10], [2, 20], [9, 99]), scored([2, 17], [7, 70], [1, 5])];
    assert.deepEqual(paired(first, second), {
      pairs: 2,
      difference: { value: 4, low: 3, high: 5 },
      caution: 'too few to rely on',
    });
    assert.deepEqual(paired([...first].reverse(), second), paired(first, second));
    assert.deepEqual(otherWayRound(paired(first, second))!.difference, { value: -4, low: -5, high: -3 });
  });

  it('count a seed once, however often an arm has run it', () => {
    const difference = { value: 4, low: 4, high: 4 };
    assert.deepEqual(paired(scored([1, 10], [1, 20]), scored([1, 11])), {
      pairs: 1,
      difference,
      caution: 'no interval',
    });
  });

  it('are none where arms share no seed', () => {
    assert.equal(paired(scored([1, 1]), scored([2, 1])), null);
    assert.equal(otherWayRound(null), null);
  });

  it('need no word of caution from five on', () => {
    const arm = (n: number) => Array.from({ length: n }, (_, seed) => ({ seed, score: seed }));
    assert.deepEqual(
      [4, 5, 6].map((n) => paired(arm(n), arm(9))!.caution),
      ['too few to rely on', null, null],
    );
  });
});
