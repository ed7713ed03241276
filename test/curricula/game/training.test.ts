import assert from 'node:assert/strict';
import { createPpo, ppoDefaults, type Training } from '../../../agents/index.ts';
import { createGame, type GameOptions, gameDefaults } from '../../../curricula/game/index.ts';
import { onnxExecutor } from '../../../nn/index.ts';
import { type BatchedEnvironment, cartpole, maze, pendulum } from '../../../worlds/index.ts';
import { rssmDefaults } from '../../../worlds/models/index.ts';
import { arenaOfWalks } from './walks.ts';

const network = { ...ppoDefaults.network, hidden: [8] };
const protagonist = { ...ppoDefaults, rollout: 8, epochs: 2, minibatches: 2, network };
const small: GameOptions = {
  ...gameDefaults,
  protagonist,
  model: { name: 'rssm', ...rssmDefaults, deterministic: 8, groups: 2, classes: 4, units: 8, rewardBins: 15 },
  dreams: 4,
  horizon: 5,
  ending: 'drawn',
  starts: 32,
  prefill: 16,
  replay: 400,
  batch: 4,
  length: 6,
  ratio: 6,
};
const ensemble = { members: 2, units: 8, layers: 1, prior: 1, learningRate: 1e-3 };

type Make = (copies: number) => BatchedEnvironment;
const poles: Make = (copies) => cartpole(copies, { maximumSteps: 20 });

function game(options: Partial<GameOptions>, make: Make = poles, seed = 1): Training {
  const all = { ...small, ...options };
  return createGame({ seed, steps: 80, copies: 2, make, options: all, executor: onnxExecutor() });
}

const adversary = (objective: GameOptions['adversary']['objective'], more: Partial<GameOptions['adversary']> = {}) => ({
  ...small.adversary,
  objective,
  ...more,
});
const selection = (more: Partial<GameOptions['selection']>) => ({ ...small.selection, ...more });

/** Every number that a training tells, up to `steps`. */
async function told(training: Training, steps: number): Promise<unknown[]> {
  const all: unknown[] = [];
  while (training.step < steps) all.push(await training.advance());
  return all;
}

const variants: Readonly<Record<string, { readonly options: Partial<GameOptions>; readonly make?: Make }>> = {
  'everything on, on CartPole': {
    options: {
      adversary: adversary('regret', { radius: 1, floor: { nats: 4, draws: 2 } }),
      selection: selection({ by: 'regret', collect: 'selected', solvable: { threshold: 1, tries: 2 } }),
    },
  },
  'value, on Pendulum': { options: { adversary: adversary('value') }, make: (copies) => pendulum(copies) },
  'features of mazes, against the optimum': {
    options: { sees: 'features', selection: selection({ by: 'regret', collect: 'selected', against: 'optimum' }) },
    make: (copies) => maze(copies, { size: 4, walls: 3, maximumSteps: 12 }),
  },
  'reward-free, by error': {
    options: {
      rewards: 'error',
      learnsInReality: false,
      ensemble,
      adversary: adversary('error'),
      selection: selection({ by: 'error', collect: 'selected' }),
    },
  },
  'disturbed by chance': { options: { adversary: adversary('random', { radius: 1 }) } },
  'domain randomisation in dreams': { options: { adversary: adversary('none') } },
  'reality alone': { options: { dreams: 0, adversary: adversary('none') } },
};

describe('the game', function () {
  this.timeout(60_000);

  for (const [name, { options, make }] of Object.entries(variants)) {
    it(`learns, counts real steps alone, and goes on exactly where it was saved: ${name}`, async () => {
      const [whole, broken, resumed] = [game(options, make), game(options, make), game(options, make)];
      try {
        const isPrefilled = options.dreams !== 0;
        const all = (await told(whole, 64)) as { step: number; metrics: Record<string, number> }[];
        assert.deepEqual(
          all.map(({ step }) => step),
          [16, 32, 48, 64],
        );
        for (const { metrics } of all.slice(isPrefilled ? 1 : 0))
          for (const [key, value] of Object.entries(metrics)) assert.ok(Number.isFinite(value), key);
        // After the first real steps, and again where everybody learns.
        for (const cut of [16, 48]) {
          const before = await told(broken, cut);
          const saved = broken.save();
          const { tensors } = structuredClone({ tensors: saved.tensors });
          resumed.load({ tensors, state: JSON.parse(JSON.stringify(saved.state)) });
          assert.equal(resumed.step, cut);
          assert.deepEqual([...before, ...(await told(resumed, 64))].slice(-2), all.slice(-2));
        }
        const evaluation = { episodes: 3, seed: 5, deterministic: true };
        assert.deepEqual(await resumed.evaluate(evaluation), await whole.evaluate(evaluation));
        assert.deepEqual(await told(whole, 80), await told(resumed, 80));
      } finally {
        for (const each of [whole, broken, resumed]) await each.close();
      }
    });
  }

  it('says what does not fit, and where', () => {
    const refuses = (options: Partial<GameOptions>, message: RegExp, make?: Make): void =>
      assert.throws(() => game(options, make), { message });
    refuses({ adversary: adversary('error') }, /learner\/ensemble/);
    refuses({ adversary: adversary('regret', { radius: -1 }) }, /adversary\/radius/);
    refuses({ dreams: 0, learnsInReality: false, adversary: adversary('none') }, /learner\/dreams/);
    refuses({ prefill: 2 }, /learner\/prefill/);
    refuses({ protagonist: { ...protagonist, minibatches: 5 } }, /learner\/protagonist\/minibatches/);
    refuses({ protagonist: { ...protagonist, critic: 'central' } }, /learner\/protagonist/);
    refuses({ rewards: 'error', learnsInReality: false, ensemble }, /adversary\/objective/);
    refuses({ selection: selection({ against: 'optimum' }) }, /selection\/against/);
    refuses({ selection: selection({ collect: 'selected' }) }, /selection\/collect/);
    refuses({}, /learner\/sees/, (copies) => maze(copies, { size: 4 }));
  });
});

describe('an adversary in a game that is known', () => {
  /** Trains the players of an arena; answers the last iteration's mean pay of a move of the adversary. */
  async function trained(arena: ReturnType<typeof arenaOfWalks>['arena'], iterations: number): Promise<number[]> {
    const options = {
      ...ppoDefaults,
      rollout: 8,
      learningRate: 0.02,
      schedule: 'constant',
      entropyCoefficient: 0,
      network,
    } as const;
    const copies = arena.batchSize;
    const spec = { seed: 1, steps: 1e6, copies, make: () => arena, options, executor: onnxExecutor() };
    const training = createPpo(spec);
    const pays: number[] = [];
    for (let i = 0; i < iterations; i++) {
      await training.advance();
      const { paid, moves, nats, disturbed } = arena.take()!;
      pays.push(paid / moves);
      assert.ok(nats / disturbed <= 2);
    }
    await training.close();
    return pays;
  }

  it('learns to push to the edge of the ball, where players earn least', async () => {
    const { arena } = arenaOfWalks({
      sides: 1,
      copies: 32,
      horizon: 4,
      adversary: { objective: 'value', radius: 2 },
    });
    const pays = await trained(arena, 60);
    // Whoever plays learns to walk, and earns 1 and the noise a step; two nats move that by 2 at most.
    const last = pays.slice(-5).reduce((a, b) => a + b) / 5;
    assert.ok(last > 0.7 && last < 1.3, `${last}`);
  });
});
