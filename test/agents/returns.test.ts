import assert from 'node:assert/strict';
import fc from 'fast-check';
import { generalisedAdvantages, type Track } from '../../agents/returns.ts';
import { assertClose } from '../nn/close.ts';

interface Written {
  readonly reward: readonly number[];
  readonly value: readonly number[];
  readonly terminated?: readonly number[];
  readonly truncated?: readonly number[];
  readonly finalValue?: readonly number[];
  readonly alive?: readonly number[];
  readonly K?: number;
}

function track({ reward, value, terminated, truncated, finalValue, alive, K = 1 }: Written): Track {
  const zeros = reward.map(() => 0);
  return {
    T: reward.length / K,
    K,
    reward: Float32Array.from(reward),
    value: Float32Array.from(value),
    finalValue: Float32Array.from(finalValue ?? zeros),
    terminated: Uint8Array.from(terminated ?? zeros),
    truncated: Uint8Array.from(truncated ?? zeros),
    alive: Uint8Array.from(alive ?? value.map(() => 1)),
  };
}

function estimate(given: Track, discount: number, lambda: number): { advantage: number[]; target: number[] } {
  const advantage = new Float32Array(given.reward.length).fill(99);
  const target = new Float32Array(given.reward.length).fill(99);
  generalisedAdvantages(given, discount, lambda, advantage, target);
  return { advantage: [...advantage], target: [...target] };
}

/** Equation 16 of arXiv 1506.02438 as it is written: a sum of discounted TD errors, cut where the episode ends. */
function bySum(
  { T, K, reward, value, finalValue, terminated, truncated, alive }: Track,
  g: number,
  l: number,
): number[] {
  const delta = (t: number, k: number): number => {
    const i = t * K + k;
    const next = terminated[i] === 1 ? 0 : truncated[i] === 1 ? finalValue[i]! : value[i + K]!;
    return reward[i]! + g * next - value[i]!;
  };
  const advantages: number[] = [];
  for (let t = 0; t < T; t++) {
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let s = t; s < T && alive[t * K + k] === 1; s++) {
        sum += (g * l) ** (s - t) * delta(s, k);
        const i = s * K + k;
        if (terminated[i] === 1 || truncated[i] === 1 || alive[i + K] === 0) break;
      }
      advantages.push(sum);
    }
  }
  return advantages;
}

describe('generalised advantages', () => {
  it('with lambda 1 are the discounted rewards and the last value, less the value', () => {
    // by hand, discount 1/2: 1 + 2/2 + 4/4 + 8/8 = 4; 2 + 4/2 + 8/4 = 6; 4 + 8/2 = 8; less values 3, 2, 1
    const { advantage, target } = estimate(track({ reward: [1, 2, 4], value: [3, 2, 1, 8] }), 0.5, 1);
    assert.deepEqual(advantage, [1, 4, 7]);
    assert.deepEqual(target, [4, 6, 8]);
  });

  it('with lambda 0 are the TD errors', () => {
    // 1 + 2/2 - 3 = -1; 2 + 1/2 - 2 = 0.5; 4 + 8/2 - 1 = 7
    const { advantage } = estimate(track({ reward: [1, 2, 4], value: [3, 2, 1, 8] }), 0.5, 0);
    assert.deepEqual(advantage, [-1, 0.5, 7]);
  });

  it('see no future after a termination', () => {
    // the step that terminates: 2 - 2 = 0; the one before: 1 + 2/2 - 3 + (1/2)(1)(0) = -1
    const { advantage } = estimate(track({ reward: [1, 2, 4], value: [3, 2, 1, 8], terminated: [0, 1, 0] }), 0.5, 1);
    assert.deepEqual(advantage, [-1, 0, 7]);
  });

  it('see the value of the final observation after a truncation, and nothing of the next episode', () => {
    // 2 + 10/2 - 2 = 5; the one before: 1 + 2/2 - 3 + 5/2 = 1.5. The 1 behind it belongs to the next episode.
    const { advantage } = estimate(
      track({ reward: [1, 2, 4], value: [3, 2, 1, 8], truncated: [0, 1, 0], finalValue: [70, 10, 70] }),
      0.5,
      1,
    );
    assert.deepEqual(advantage, [1.5, 5, 7]);
  });

  it('are zero, and so are targets, where nobody acted', () => {
    const { advantage, target } = estimate(
      track({ reward: [1, 5, 5], value: [3, 9, 9, 9], terminated: [1, 0, 0], alive: [1, 0, 0, 1] }),
      0.5,
      1,
    );
    assert.deepEqual(advantage, [-2, 0, 0]);
    assert.deepEqual(target, [1, 0, 0]);
  });

  it('of a constant reward and value 0 come to the closed form of a geometric sum', () => {
    const T = 40;
    const { advantage } = estimate(track({ reward: Array(T).fill(1), value: Array(T + 1).fill(0) }), 0.9, 0.8);
    const wanted = Array.from({ length: T }, (_, t) => (1 - 0.72 ** (T - t)) / (1 - 0.72));
    assertClose(advantage, wanted, 1e-6);
  });

  it('are the sum of the paper for any rewards, endings and deaths', () => {
    const number = fc.double({ min: -5, max: 5, noNaN: true });
    const game = fc.record({ T: fc.integer({ min: 1, max: 8 }), K: fc.integer({ min: 1, max: 3 }) }).chain(({ T, K }) =>
      fc.record({
        T: fc.constant(T),
        K: fc.constant(K),
        reward: fc.array(number, { minLength: T * K, maxLength: T * K }),
        value: fc.array(number, { minLength: (T + 1) * K, maxLength: (T + 1) * K }),
        finalValue: fc.array(number, { minLength: T * K, maxLength: T * K }),
        ending: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: T * K, maxLength: T * K }),
        alive: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: (T + 1) * K, maxLength: (T + 1) * K }),
        discount: fc.double({ min: 0, max: 1, noNaN: true }),
        lambda: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(game, ({ K, reward, value, finalValue, ending, alive, discount, lambda }) => {
        // An agent that is dead next has ended now, as the environments' contract has it.
        const ends = ending.map((e, i) => (alive[i] === 0 ? 0 : e <= 1 ? e + 1 : alive[i + K] === 0 ? 1 : 0));
        const given = track({
          K,
          reward,
          value,
          finalValue,
          terminated: ends.map((e) => (e === 1 ? 1 : 0)),
          truncated: ends.map((e) => (e === 2 ? 1 : 0)),
          alive,
        });
        const { advantage, target } = estimate(given, discount, lambda);
        const wanted = bySum(given, discount, lambda);
        assertClose(advantage, wanted, 1e-5);
        assertClose(
          target,
          wanted.map((a, i) => (alive[i] === 1 ? a + given.value[i]! : 0)),
          1e-5,
        );
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
