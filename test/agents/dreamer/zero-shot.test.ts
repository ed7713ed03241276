import assert from 'node:assert/strict';
import { checkDreamer, createDreamer, dreamerDefaults, zeroShotDefaults } from '../../../agents/dreamer/index.ts';
import type { DreamerOptions } from '../../../agents/dreamer/options.ts';
import { onnxExecutor } from '../../../nn/index.ts';
import { batch, cartpole, cleanup, discrete, type Environment } from '../../../worlds/index.ts';
import { rssmDefaults } from '../../../worlds/models/index.ts';

const LENGTH = 12;
const PLACES = 7;
const taskNames = ['left', 'right'];
const levels = {
  generate: (seed: number) => ({ from: 1 + (seed % (PLACES - 2)) }),
  grid: Array.from({ length: PLACES - 2 }, (_, i) => ({ from: 1 + i })),
};

/** A walk along seven places; who walks is paid nothing, and one of two tasks for standing at either end. */
function walk(): Environment {
  let [at, left] = [0, 0];
  return {
    agents: ['walker'],
    spaces: { walker: { observation: discrete(PLACES), action: discrete(2) } },
    maximumSteps: LENGTH,
    taskNames,
    levels,
    reset({ seed, level }) {
      at = ((level ?? levels.generate(seed)) as { readonly from: number }).from;
      left = LENGTH;
      return { observations: { walker: at } };
    },
    step({ walker }) {
      at = Math.min(PLACES - 1, Math.max(0, at + (walker === 1 ? 1 : -1)));
      left--;
      return {
        observations: { walker: at },
        rewards: { walker: 0 },
        terminated: { walker: false },
        truncated: { walker: left === 0 },
        taskRewards: { left: at === 0 ? 1 : 0, right: at === PLACES - 1 ? 1 : 0 },
      };
    },
  };
}

const OPTIONS: DreamerOptions = {
  ...dreamerDefaults,
  model: { name: 'rssm', ...rssmDefaults, deterministic: 32, groups: 4, classes: 8, units: 48, rewardBins: 15 },
  behaviour: { units: 32, layers: 1, bins: 31 },
  rollout: 12,
  replay: 4000,
  batch: 8,
  length: 12,
  ratio: 24,
  prefill: 96,
  horizon: 8,
  starts: 32,
  discountHorizon: 20,
  learningRate: 2e-3,
  behaviourLearningRate: 2e-3,
  explore: 'random',
  zeroShot: {
    ...zeroShotDefaults,
    units: 32,
    learningRate: 3e-3,
    rewardSteps: 120,
    policySteps: 120,
    episodes: 2,
    along: [{ from: 0 }, { from: PLACES - 1 }],
    away: [{ from: 3 }],
  },
};

const training = (options: DreamerOptions = OPTIONS) =>
  createDreamer({
    seed: 5,
    copies: 4,
    make: (copies) => batch(walk, copies),
    options,
    executor: onnxExecutor(),
  });

describe('tasks after reward-free training', () => {
  it('are played as they are asked for, opposite ones too, and asking changes nothing', async function () {
    this.timeout(180_000);
    const agent = training();
    while (agent.step < 1440) await agent.advance();
    const before = agent.save();
    const ask = () => agent.evaluate({ episodes: 4, seed: 9, deterministic: true });
    const { scores, return: paid, model } = await ask();
    assert.equal(paid.mean, 0, 'nobody was paid');
    assert.deepEqual(
      Object.keys(scores!),
      taskNames.flatMap((task) => ['mean', 'cvar10', 'ood-along', 'ood-away'].map((name) => `${task}/${name}`)),
    );
    // From place i < 6 the way to the right end takes 6 - i steps, and the last of them is paid too: 7 + i of 12.
    const best = { mean: 10, cvar10: 8, 'ood-along': (7 + 12) / 2, 'ood-away': 10 };
    for (const task of taskNames)
      for (const [name, most] of Object.entries(best)) {
        const score = scores![`${task}/${name}`]!;
        assert.ok(score <= most + 1e-9 && score >= 0.85 * most, `${task}/${name}: ${score} of ${most}`);
      }
    assert.deepEqual((await ask()).scores, scores, 'asked again');
    // Nobody learned to play for the reward of training. Uniform actions go on at every step but at the ends, where two of
    // seven numbers of the picture change; the untrained actor would stand at an end.
    const { copy } = model!.openLoop['1']!;
    assert.ok(copy > (0.7 * 2) / PLACES && copy <= 2 / PLACES, `one step changes ${copy}`);
    const after = agent.save();
    assert.deepEqual(after.state, before.state);
    for (const [name, value] of Object.entries(before.tensors))
      assert.deepEqual(after.tensors[name]!.data, value.data, name);
    await agent.close();
  });

  it('need tasks, levels, and exploration without rewards', () => {
    const check = (zeroShot: object, make = () => cleanup(1), explore: DreamerOptions['explore'] = 'random') =>
      checkDreamer(
        { ...OPTIONS, explore, zeroShot: { ...OPTIONS.zeroShot!, along: [], away: [], ...zeroShot } },
        make(),
        4,
      );
    check({ along: [{ arena: 4, red: 3, blue: 2 }] });
    assert.throws(() => check({}, () => cartpole(1)), { code: 'unsupported', message: /no tasks/ });
    assert.throws(() => check({}, undefined, 'task'), { code: 'invalid_input', message: /explore/ });
    assert.throws(() => check({ episodes: 1 }), { code: 'invalid_input', message: /zeroShot\/episodes/ });
    assert.throws(() => check({ policySteps: 0 }), /zeroShot\/policySteps/);
    assert.throws(() => check({ away: [{ arena: 9, red: 0, blue: 0 }] }), /0 to 4/);
  });
});
