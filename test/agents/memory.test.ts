import assert from 'node:assert/strict';
import { backboneNetworkDefaults, type PpoOptions } from '../../agents/index.ts';
import { stream } from '../../core/index.ts';
import {
  batch,
  box,
  cartpole,
  counting,
  discrete,
  type Environment,
  maze,
  simpleSpread,
  simpleTag,
} from '../../worlds/index.ts';
import { assertClose } from '../nn/close.ts';
import { network, plain, setParameters, tell, training, watched } from './probes.ts';

const gru = network({ hidden: [5], gru: 6 });

/** Parameters so large that a wrong memory shows, and a learning rate so small that they stay. */
const still: Partial<PpoOptions> = { network: gru, rollout: 12, chunk: 4, learningRate: 1e-12, gaeLambda: 0.9 };

const mazes = { size: 4, walls: 4, maximumSteps: 5 };
const published = network({
  hidden: [],
  activation: 'relu',
  convolution: [{ filters: 2, size: 3, stride: 1 }],
  lstm: 5,
  heads: [4],
  sharedTrunk: true,
});

describe('recurrent learning', () => {
  const cases: [string, Parameters<typeof training>[0]['make'], Partial<PpoOptions>, readonly string[]][] = [
    ['short episodes', (copies) => counting(copies, { length: 5 }), {}, ['agent']],
    ['episodes that end anywhere', (copies) => cartpole(copies), {}, ['agent']],
    [
      'deaths and masks',
      (copies) => counting(copies, { agents: 3, length: 5, deaths: true, masks: true }),
      {},
      ['agent'],
    ],
    ['chunks of one step', (copies) => counting(copies, { length: 5 }), { chunk: 1 }, ['agent']],
    ['chunks of a whole rollout', (copies) => counting(copies, { length: 5 }), { chunk: 12 }, ['agent']],
    ['minibatches', (copies) => counting(copies, { length: 5 }), { minibatches: 3 }, ['agent']],
    ['a central critic', (copies) => simpleSpread(copies, { cycles: 5 }), { critic: 'central' }, ['agent']],
    [
      'roles and a central critic',
      (copies) => simpleTag(copies, { cycles: 5 }),
      { critic: 'central' },
      ['adversary', 'agent'],
    ],
    ['normalised layers', (copies) => cartpole(copies), { network: { ...gru, layerNorm: true } }, ['agent']],
    ['an LSTM', (copies) => cartpole(copies), { network: network({ hidden: [5], lstm: 4 }) }, ['agent']],
    [
      'an LSTM behind the convolutions of a maze',
      (copies) => maze(copies, mazes),
      { network: network({ hidden: [], lstm: 3, convolution: [{ filters: 2, size: 3, stride: 1 }] }) },
      ['agent'],
    ],
    ['one trunk', (copies) => cartpole(copies), { network: network({ heads: [4], sharedTrunk: true }) }, ['agent']],
    [
      'one trunk with memory, deaths and masks',
      (copies) => counting(copies, { agents: 3, length: 5, deaths: true, masks: true }),
      { network: { ...gru, heads: [4], sharedTrunk: true }, agentIndex: true },
      ['agent'],
    ],
    [
      'one trunk for each role',
      (copies) => simpleTag(copies, { cycles: 5 }),
      { network: network({ hidden: [5], lstm: 4, sharedTrunk: true }) },
      ['adversary', 'agent'],
    ],
    ['the published network of mazes, made small', (copies) => maze(copies, mazes), { network: published }, ['agent']],
  ];
  for (const [name, make, change, units] of cases) {
    it(`finds the log-probabilities and values again that acting had: ${name}`, async () => {
      // A change of values clipped to nearly nothing changes no loss where no value has changed.
      const made = await Promise.all(
        [null, 1e-9].map((valueClip) =>
          training({ make, copies: 3, learner: { ...plain, ...still, ...change, valueClip } }),
        ),
      );
      for (const each of made) {
        const random = stream(1, 'test/memory');
        for (const unit of units) setParameters(each, unit, (_, data) => data.map(() => 0.8 * random.normal()));
      }
      // Three rollouts: the later ones begin with what the earlier ones remembered.
      for (let i = 0; i < 3; i++) {
        const [free, clipped] = await Promise.all(made.map((each) => each.advance()));
        for (const unit of units) {
          const prefix = units.length === 1 ? '' : `${unit}/`;
          // (r - 1) - log r of a ratio within float32's rounding of 1; a wrong memory would give some 0.01 and more.
          assert.ok(Math.abs(free!.metrics[`${prefix}approximateKl`]!) < 1e-6);
          assert.equal(free!.metrics[`${prefix}clipFraction`], 0);
          const loss = free!.metrics[`${prefix}loss/value`]!;
          assertClose([clipped!.metrics[`${prefix}loss/value`]! / loss], [1], 1e-4);
        }
      }
      for (const each of made) await each.close();
    });
  }

  it('goes on from rollout to rollout: cut otherwise, the same is done', async () => {
    const played = await Promise.all(
      [4, 12].map(async (rollout) => {
        const { make, log } = watched((copies) => counting(copies, { length: 9, choices: 5 }));
        const learner = await training({ make, copies: 3, learner: { ...plain, ...still, rollout } });
        const random = stream(1, 'test/memory');
        setParameters(learner, 'agent', (_, data) => data.map(() => 0.8 * random.normal()));
        const actions: number[][] = [];
        for (let step = 0; step < 24; step += rollout) {
          const before = log.length;
          await learner.advance();
          for (const { action } of log.slice(before)) actions.push([...action]);
        }
        await learner.close();
        return actions;
      }),
    );
    assert.equal(played[0]!.length, 24);
    assert.deepEqual(played[0], played[1]);
  });

  const judges: [string, Partial<PpoOptions>][] = [
    ['independent', {}],
    ['central', { critic: 'central' }],
    ['on one trunk', { network: { ...gru, heads: [3], sharedTrunk: true } }],
    ['on one trunk without memory', { network: network({ heads: [3], sharedTrunk: true }) }],
  ];
  for (const [name, change] of judges) {
    it(`bootstraps a truncated episode with the memory that its end was reached with, ${name}`, async () => {
      // The rollout ends where the episode is cut off: whether it is cut off or goes on, the same value comes next.
      const losses = await Promise.all(
        [3, 99].map(async (last) => {
          const make = tell({
            agents: ['agent_0', 'agent_1'],
            width: 2,
            see: (t, agent) => [Math.sin(3 * t), agent],
            pay: (t) => Math.cos(t),
            end: (t) => (t === last ? 'truncated' : null),
          });
          const learner = await training({
            make,
            learner: { ...plain, ...still, rollout: 4, gaeLambda: 1, ...change },
          });
          const random = stream(1, 'test/memory');
          setParameters(learner, 'agent', (_, data) => data.map(() => 0.8 * random.normal()));
          const { metrics } = await learner.advance();
          await learner.close();
          return metrics['loss/value']!;
        }),
      );
      assertClose([losses[0]! / losses[1]!], [1], 1e-5);
    });
  }

  it('forgets at the start of an episode, and not before', async () => {
    // Greedy play of a policy that sees nothing but its memory: the same actions in every episode.
    const make = (copies: number) => counting(copies, { length: 6, choices: 3 });
    const learner = await training({ make, learner: { ...plain, ...still } });
    const random = stream(4, 'test/memory');
    setParameters(learner, 'agent', (path, data) => {
      const seesNothing = path === 'actor/body/hidden/0/weight' || path === 'actor/body/gru/input/weight';
      return seesNothing ? 0 : data.map(() => 2 * random.normal());
    });
    const { return: reached } = await learner.evaluate({ episodes: 300, seed: 1, deterministic: true });
    assert.equal(reached.min, reached.max);
    await learner.close();
  });
});

/** Shows a cue of -1 or 1 once, then nothing; pays 1 for naming it at the third step. */
function recall(): Environment {
  let t = 0;
  let cue = 0;
  return {
    agents: ['agent_0'],
    spaces: { agent_0: { observation: box([1], -1, 1), action: discrete(2) } },
    reset({ seed }) {
      t = 0;
      cue = stream(seed, 'cue').integer(2);
      return { observations: { agent_0: Float32Array.of(2 * cue - 1) } };
    },
    step({ agent_0 }) {
      const last = t++ === 2;
      return {
        observations: { agent_0: Float32Array.of(0) },
        rewards: { agent_0: last && agent_0 === cue ? 1 : 0 },
        terminated: { agent_0: last },
        truncated: { agent_0: false },
      };
    },
  };
}

/** A small one: two observations say nothing here, and three all. */
const backbone = { ...backboneNetworkDefaults, layers: 1, width: 16, heads: 2, bins: 16 };

describe('a task of memory', () => {
  for (const [name, memory] of [
    ['is solved with a GRU', { gru: 8 }],
    ['is solved with an LSTM', { lstm: 8 }],
    ['is solved with an LSTM that policy and values share', { lstm: 8, heads: [8], sharedTrunk: true }],
    ['is solved with a backbone that sees three observations', { backbone: { ...backbone, context: 3 } }],
    ['is not solved without', {}],
  ] as const) {
    it(name, async () => {
      const learner = await training({
        make: (copies) => batch(recall, copies),
        copies: 16,
        learner: {
          ...plain,
          network: network({ hidden: [8], ...memory }),
          normaliseAdvantages: 'minibatch',
          rollout: 12,
          chunk: 6,
          epochs: 4,
          minibatches: 2,
          learningRate: 0.01,
        },
      });
      for (let i = 0; i < 40; i++) await learner.advance();
      const { return: reached } = await learner.evaluate({ episodes: 400, seed: 1, deterministic: true });
      // Whoever has forgotten the cue guesses: half of 400, give or take four standard deviations of 0.025.
      if (Object.keys(memory).length === 0) assert.ok(Math.abs(reached.mean - 0.5) < 0.1, `${reached.mean}`);
      else assert.ok(reached.mean > 0.95, `${reached.mean}`);
      await learner.close();
    });
  }
});
