import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  evaluatePolicy,
  type Mdp,
  occupancy,
  optimalPlan,
  solveLinear,
  totalVariation,
  valueIteration,
} from '../../../worlds/index.ts';
import { near, randomMdp, randomReward } from './random-mdps.ts';

/** Two states; action 0 stays, action 1 goes to the other with chance `p`. */
const pair = (p: number): Mdp => ({
  states: 2,
  actions: 2,
  transition: Float64Array.of(1, 0, 1 - p, p, 0, 1, p, 1 - p),
});

describe('planning in finite models', () => {
  it('solves linear systems, also where a pivot is 0', () => {
    assert.deepEqual([...solveLinear(Float64Array.of(0, 2, 1, 1), Float64Array.of(4, 5))], [3, 2]);
    assert.throws(() => solveLinear(Float64Array.of(1, 2, 2, 4), Float64Array.of(1, 1)), /no single solution/);
  });

  it('values a policy as the closed form says', () => {
    // Paid in state 1 alone. Staying there: 1 / (1 - g). From 0, going: V0 = g (p V1 + (1 - p) V0).
    const [p, g] = [0.3, 0.9];
    const values = evaluatePolicy(pair(p), Float64Array.of(0, 1), Int32Array.of(1, 0), g);
    near(values, [(g * p * (1 / (1 - g))) / (1 - g * (1 - p)), 1 / (1 - g)]);
  });

  it('finds the policy that goes where it is paid, and the first of equals', () => {
    assert.deepEqual([...optimalPlan(pair(0.3), Float64Array.of(0, 1), 0.9).policy], [1, 0]);
    assert.deepEqual([...optimalPlan(pair(0.3), Float64Array.of(1, 1), 0.9).policy], [0, 0]);
  });

  it('measures where a policy spends its time', () => {
    // From 0 to 1 at the first step and then for good: (1 - g) in 0, the rest in 1.
    near(occupancy(pair(1), Int32Array.of(1, 0), Float64Array.of(1, 0), 0.75), [0.25, 0.75]);
  });

  it('measures the distance of models', () => {
    near(totalVariation(pair(0.3), pair(0.8)), [0, 0.5, 0, 0.5]);
  });

  it('agrees with value iteration and with itself in random models', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 0.5, 0.9), (seed, discount) => {
        const mdp = randomMdp(seed);
        const reward = randomReward(seed, mdp.states);
        const { policy, values } = optimalPlan(mdp, reward, discount);
        near(values, valueIteration(mdp, reward, discount, 1e-12), 1e-9);
        near(values, evaluatePolicy(mdp, reward, policy, discount), 1e-9);
        // Returns are rewards weighed by occupancies.
        const start = new Float64Array(mdp.states).fill(1 / mdp.states);
        const visits = occupancy(mdp, policy, start, discount);
        near([visits.reduce((sum, share) => sum + share, 0)], [1], 1e-9);
        const worth = visits.reduce((sum, share, s) => sum + share * reward[s]!, 0) / (1 - discount);
        near([worth], [values.reduce((sum, value) => sum + value, 0) / mdp.states], 1e-8);
      }),
      { numRuns: 200 },
    );
  });
});
