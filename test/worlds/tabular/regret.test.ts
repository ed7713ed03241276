import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import { boundedRegret, type Mdp, regretOf, rooms } from '../../../worlds/index.ts';
import { disturbed, near, randomMdp, randomReward } from './random-mdps.ts';

/** Action a leads to state 1 with chance p[a] from state 0; state 1 and 2 keep whoever is there. */
const fork = (...p: number[]): Mdp => ({
  states: 3,
  actions: p.length,
  transition: Float64Array.from([
    ...p.flatMap((chance) => [0, chance, 1 - chance]),
    ...p.flatMap(() => [0, 1, 0]),
    ...p.flatMap(() => [0, 0, 1]),
  ]),
});
const [prize, first] = [Float64Array.of(0, 1, 0), Float64Array.of(1, 0, 0)];

describe('regret of planning in a model', () => {
  it('is what the wrong choice costs', () => {
    const g = 0.5;
    const { regret, optimum, value } = regretOf(fork(0.9, 0.2), Int32Array.of(1, 0, 0), prize, first, g);
    near([optimum, value, regret], [(g * 0.9) / (1 - g), (g * 0.2) / (1 - g), (g * 0.7) / (1 - g)]);
  });

  it('reaches half its bound where a model swaps what is certain', () => {
    // Either policy meets an error of 1 in the first state alone, where it spends 1 - g of its time.
    const g = 0.5;
    const { regret, bound, tightness } = boundedRegret(fork(1, 0), fork(0, 1), prize, first, g);
    near([regret, bound, tightness], [g / (1 - g), (2 * g) / (1 - g), 0.5]);
  });

  it('is none, and so is the bound, where the model is right', () => {
    const { regret, bound, tightness } = boundedRegret(fork(0.9, 0.2), fork(0.9, 0.2), prize, first, 0.9);
    assert.deepEqual([regret, bound, tightness], [0, 0, 0]);
  });

  it('never passes its bound in 1,000 random cases, half of them rooms', () => {
    const world = rooms(1);
    const grid = world.levels!.grid!;
    const random = stream(1, 'bound');
    let largest = 0;
    for (let i = 0; i < 1000; i++) {
      const discount = random.between(0.3, 0.98);
      const most = random.uniform();
      const isRoom = i % 2 === 0;
      const room = world.exactModel(grid[random.integer(12)]!);
      const real = isRoom ? room : randomMdp(i, random);
      const reward = isRoom ? Object.values(room.rewards)[random.integer(8)]! : randomReward(i, real.states, random);
      const start = isRoom ? room.start : new Float64Array(real.states).fill(1 / real.states);
      const { regret, bound, tightness } = boundedRegret(real, disturbed(real, most, random), reward, start, discount);
      assert.ok(regret >= -1e-9 && regret <= bound + 1e-9, `case ${i}: ${regret} of ${bound}`);
      largest = Math.max(largest, tightness);
    }
    assert.ok(largest > 0.05, `the cases say something: the tightest is ${largest}`);
  });
});
