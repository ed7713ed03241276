import assert from 'node:assert/strict';
import { type Json, stream } from '../../core/index.ts';
import {
  createCurriculum,
  trueErrorDefaults,
  type WakerROptions,
  wakerMDefaults,
  wakerRDefaults,
} from '../../curricula/index.ts';
import type { WakerState } from '../../curricula/waker.ts';
import { counted, grid, numberOf, outcome, requireDistribution } from './spaces.ts';

const errorsOf = (state: Json) => (state as unknown as WakerState).table.rows.map(({ error }) => error);
const fallsOf = (state: Json) => (state as unknown as WakerState).table.rows.map(({ fall }) => fall);

/** 0.2 of it uniform over four levels, the rest over `scores` of some of them. */
const mixed = (scores: readonly (number | null)[], temperature: number): number[] => {
  const weights = scores.map((score) => (score === null ? 0 : Math.exp(score / temperature)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => 0.2 / 4 + (0.8 * weight) / total);
};

const near = (got: number | null, wanted: number) => assert.ok(Math.abs(got! - wanted) < 1e-12, `${got}, ${wanted}`);

describe('WAKER-M', () => {
  it("has the paper's constants", () => {
    const { randomShare, temperature, errorDecay } = wakerMDefaults;
    assert.deepEqual([randomShare, temperature, errorDecay], [0.2, 1, 0.9999]);
    const { temperature: hot, reductionDecay, interval, patience } = wakerRDefaults;
    assert.deepEqual([hot, reductionDecay, interval, patience], [0.5, 0.95, 10_000, 5]);
  });

  const waker = createCurriculum({ ...wakerMDefaults, errorDecay: 0.5 });

  it('is domain randomisation before it has heard of anything', () => {
    requireDistribution(counted(waker, waker.initial(grid), grid, 4), [0.25, 0.25, 0.25, 0.25]);
  });

  it('smooths errors by their samples, from the first as it is', () => {
    let state = waker.report(waker.initial(grid), grid, [outcome(1, 8)], 10);
    assert.deepEqual(errorsOf(state), [null, 8, null, null]);
    // Three samples of mean 2 leave an eighth of what was there.
    state = waker.report(state, grid, [outcome(1, 2, 3), outcome(0, 5, 7)], 20);
    assert.deepEqual(errorsOf(state), [5, 8 / 8 + (2 * 7) / 8, null, null]);
    state = waker.report(state, grid, [{ level: { n: 2 }, samples: 1, return: 3 }, outcome(3, 9, 0)], 30);
    assert.deepEqual(errorsOf(state).slice(2), [null, null], 'returns, and means of nothing, are no errors');
  });

  it('draws from the softmax of standardised errors with a fifth of any (chi-squared, 100,000 draws)', () => {
    const errors = [1, 2, 4, 9];
    const state = waker.report(
      waker.initial(grid),
      grid,
      errors.map((error, n) => outcome(n, error)),
      10,
    );
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + (error - 4) ** 2, 0) / 4) + 1e-6;
    const scores = errors.map((error) => (error - 4) / deviation);
    requireDistribution(counted(waker, state, grid, 4), mixed(scores, 1));
    const cold = createCurriculum({ ...wakerMDefaults, temperature: 0.25 });
    requireDistribution(counted(cold, state, grid, 4), mixed(scores, 0.25));
  });

  it('draws levels that it has not heard of by the random share alone', () => {
    const state = waker.report(waker.initial(grid), grid, [outcome(0, 1), outcome(2, 3)], 10);
    requireDistribution(counted(waker, state, grid, 4), mixed([-1 / (1 + 1e-6), null, 1 / (1 + 1e-6), null], 1));
  });

  it('does not change the state that it was given, nor need more than plain data', () => {
    const before = waker.report(waker.initial(grid), grid, [outcome(0, 1)], 10);
    const copy = structuredClone(before);
    const after = waker.report(before, grid, [outcome(0, 5)], 20);
    assert.deepEqual(before, copy);
    const back = JSON.parse(JSON.stringify(after)) as Json;
    const [one, other] = [stream(1, 'a'), stream(1, 'a')];
    for (let i = 0; i < 50; i++) {
      assert.deepEqual(waker.propose(after, grid, one), waker.propose(back, grid, other));
    }
  });

  it('as an oracle follows the newest true error', () => {
    const oracle = createCurriculum(trueErrorDefaults);
    let state = oracle.report(oracle.initial(grid), grid, [{ level: { n: 1 }, samples: 2, error: 7, trueError: 3 }], 1);
    assert.deepEqual(errorsOf(state), [null, 3, null, null]);
    state = oracle.report(state, grid, [{ level: { n: 1 }, samples: 1, trueError: 0.5 }], 2);
    assert.deepEqual(errorsOf(state), [null, 0.5, null, null]);
  });
});

describe('WAKER-R', () => {
  const options: WakerROptions = { ...wakerRDefaults, errorDecay: 0, reductionDecay: 0.5, interval: 10, patience: 2 };
  const waker = createCurriculum(options);
  const told = (state: Json, n0: number, n1: number, steps: number) =>
    waker.report(state, grid, [outcome(0, n0), outcome(1, n1)], steps);

  it('looks at errors once an interval, after its patience, and smooths their falls', () => {
    let state = told(waker.initial(grid), 9, 9, 19);
    assert.deepEqual(fallsOf(state), [null, null, null, null], 'no patience yet');
    state = told(state, 8, 4, 20);
    assert.deepEqual(fallsOf(state), [null, null, null, null], 'a first look has nothing to compare with');
    state = told(state, 1, 1, 29);
    state = told(state, 6, 5, 30);
    assert.deepEqual(fallsOf(state).slice(0, 2), [0.5 * 2, 0.5 * -1]);
    state = told(state, 5, 1, 45);
    assert.deepEqual(fallsOf(state), [0.5 * 1 + 0.5 * 1, 0.5 * -0.5 + 0.5 * 4, null, null]);
  });

  it('draws from the softmax of falls in their mean size (chi-squared, 100,000 draws)', () => {
    let state = told(waker.initial(grid), 8, 4, 20);
    state = told(state, 6, 5, 30);
    // Falls of 1 and -0.5, of mean size 0.75.
    const falls = fallsOf(state);
    near(falls[0]!, 1);
    near(falls[1]!, -0.5);
    requireDistribution(counted(waker, state, grid, 4), mixed([1 / 0.75, -0.5 / 0.75, null, null], 0.5));
  });

  it('is even where nothing falls', () => {
    let state = told(waker.initial(grid), 8, 4, 20);
    state = told(state, 8, 4, 30);
    requireDistribution(counted(waker, state, grid, 4), mixed([0, 0, null, null], 0.5));
    assert.ok(numberOf(waker.propose(state, grid, stream(1, 'x'))) >= 0);
  });
});
