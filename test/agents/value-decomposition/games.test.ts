import assert from 'node:assert/strict';
import { type QmixOptions, qmixDefaults, type VdnOptions, vdnDefaults } from '../../../agents/index.ts';
import { checkBatched } from '../../../worlds/index.ts';
import { network, training } from '../probes.ts';
import { matrixGame, type Payoff, twoStepGame } from './games.ts';

/** Small networks, quick steps, and actions drawn blindly for good, as in the paper's two-step game. */
const quick = {
  network: network({ hidden: [32], activation: 'relu' }),
  lastAction: false,
  updatesPerEpisode: 0.5,
  optimiser: 'adam',
  learningRate: 5e-3,
  targetEvery: 100,
  replay: 500,
  epsilonFinish: 1,
} as const;
const vdn: VdnOptions = { ...vdnDefaults, ...quick };
const qmix: QmixOptions = { ...qmixDefaults, ...quick, mixingUnits: 8, hypernetworkUnits: 16 };

/** Learns from `episodes` episodes; what the greedy agents then get, and the last metrics. */
async function learned(
  make: Parameters<typeof training>[0]['make'],
  options: VdnOptions | QmixOptions,
  steps: number,
  episodes: number,
) {
  const given = await training({ make, copies: 32, seed: 1, learner: { ...options, rollout: steps } });
  let metrics: Readonly<Record<string, number>> = {};
  while (given.step < steps * episodes) ({ metrics } = await given.advance());
  const { return: got } = await given.evaluate({ episodes: 2, seed: 1, deterministic: true });
  await given.close();
  return { reached: got.mean, metrics };
}

describe('the two-step game of the QMIX paper', () => {
  it('is an environment', async () => {
    const { checks } = await checkBatched(twoStepGame, { enduranceSteps: 0 });
    // Nothing in it is drawn: that seeds make no difference is its nature.
    const failed = checks.filter(({ name, outcome }) => outcome === 'fail' && name !== 'single/seeds');
    assert.deepEqual(failed, []);
  });

  it('is worth 7 to VDN, whose sum cannot say what 2B pays', async () => {
    const { reached, metrics } = await learned(twoStepGame, vdn, 2, 3000);
    assert.equal(reached, 7);
    // The least squares fit of a sum to [0, 1; 1, 8] misses each entry by 1.5; a quarter of the steps is in 2B.
    assert.ok(Math.abs(metrics['loss/td']! - 1.5 ** 2 / 4) < 0.15, `loss ${metrics['loss/td']}`);
  });

  it('is worth 8 to QMIX, which represents it exactly', async () => {
    const { reached, metrics } = await learned(twoStepGame, qmix, 2, 3000);
    assert.equal(reached, 8);
    assert.ok(metrics['loss/td']! < 0.01, `loss ${metrics['loss/td']}`);
  });
});

describe('a game of one joint action', () => {
  /** Each agent's best choice is the same whatever the other does; the pay is no sum. */
  const monotonic: Payoff = [
    [1, 2, 0],
    [2, 8, 1],
    [0, 3, 0],
  ];

  for (const options of [vdn, qmix]) {
    it(`of monotonic pay is solved by ${options.name.toUpperCase()}`, async () => {
      const { reached } = await learned(matrixGame(monotonic), options, 1, 2500);
      assert.equal(reached, 8);
    });
  }

  it('of pay that is a sum is fitted without error by VDN', async () => {
    const sum: Payoff = [
      [0, 2],
      [1, 3],
    ];
    const { reached, metrics } = await learned(matrixGame(sum), vdn, 1, 2000);
    assert.equal(reached, 3);
    assert.ok(metrics['loss/td']! < 1e-3, `loss ${metrics['loss/td']}`);
  });
});
