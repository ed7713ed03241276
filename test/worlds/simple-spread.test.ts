import { strict as assert } from 'node:assert';
import { stream } from '../../core/index.ts';
import { coverLandmarks, simpleSpread } from '../../worlds/index.ts';
import { repeatsRecording } from './particle-fixtures.ts';
import { outputsFor } from './play.ts';

const COPIES = 512;
const EPISODES = 4;

/** Mean and standard error of the sum of all agents' returns. */
function play(choose: (observation: Float32Array, offset: number, group: number, agent: number) => number) {
  const environment = simpleSpread(COPIES);
  const out = outputsFor(environment);
  const actions = new Int32Array(COPIES * 3);
  const returns: number[] = [];
  environment.reset(11, out);
  for (let episode = 0; episode < EPISODES; episode++) {
    const sums = new Float64Array(COPIES);
    for (let t = 0; t < 25; t++) {
      for (let i = 0; i < actions.length; i++) actions[i] = choose(out[0]!.observation, i * 18, 0, i % 3);
      environment.step([actions], out);
      out[0]!.reward.forEach((reward, i) => {
        sums[Math.floor(i / 3)]! += reward;
      });
    }
    returns.push(...sums);
  }
  const mean = returns.reduce((a, b) => a + b, 0) / returns.length;
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1);
  return { mean, error: Math.sqrt(variance / returns.length) };
}

describe('simple_spread', () => {
  it('repeats the episodes recorded from PettingZoo', function () {
    if (!repeatsRecording('simple_spread_v3.json', simpleSpread)) this.skip();
  });

  // The anchors are means of 600 to 1000 episodes of PettingZoo 1.24.3, with their own standard errors.
  it('gives random play the return that PettingZoo gives it, -79.7 +- 0.8', () => {
    const random = stream(5, 'play');
    const { mean, error } = play(() => random.integer(5));
    assert.ok(Math.abs(mean + 79.7) < 3 * Math.hypot(error, 0.8), `${mean} +- ${error}`);
  });

  it('gives the greedy controller about -22.8', () => {
    const { mean, error } = play(coverLandmarks(3));
    assert.ok(Math.abs(mean + 22.8) < 3 * Math.hypot(error, 0.3), `${mean} +- ${error}`);
  });

  it('counts a collision as -1 for each of the two, shared out by the local ratio', () => {
    // Agents at distance 0.2 (they touch at 0.3), on their landmarks: the team's part is 0, if nothing moves yet.
    const level = {
      agents: [{ p_pos: [0, 0] }, { p_pos: [0.2, 0] }],
      landmarks: [{ p_pos: [0, 0] }, { p_pos: [0.2, 0] }],
    };
    const environment = simpleSpread(1, { agents: 2, localRatio: 0.25 });
    const out = outputsFor(environment);
    environment.setLevel!(0, level);
    environment.reset(1, out);
    environment.step([Int32Array.of(0, 0)], out);
    assert.deepEqual(Array.from(out[0]!.reward), [-0.25, -0.25]);
    // By hand: force = 100 * (0.3 - 0.2) = 10 each way, so the speed is 1 after 0.1 s; positions have not changed.
    const [vx, vy, x, y] = out[0]!.observation;
    assert.ok(Math.abs(vx! + 1) < 1e-6 && vy === 0 && x === 0 && y === 0);
  });

  it('plays with any number of agents', () => {
    for (const agents of [1, 2, 6]) {
      const environment = simpleSpread(2, { agents, cycles: 3 });
      const out = outputsFor(environment);
      environment.reset(1, out);
      for (let t = 0; t < 3; t++) environment.step([new Int32Array(2 * agents).fill(1)], out);
      assert.equal(out[0]!.finalObservation.length, 2 * agents * 6 * agents);
      assert.ok(out[0]!.truncated.every((flag) => flag === 1));
      assert.ok(out[0]!.finalObservation.every(Number.isFinite));
    }
  });
});
