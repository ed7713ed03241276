import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Checkpoint, createTraining, type PpoOptions, type Training } from '../../agents/index.ts';
import {
  type BatchedEnvironment,
  balancePole,
  cartpole,
  counting,
  dodge,
  pendulum,
  simpleSpread,
  simpleTag,
} from '../../worlds/index.ts';
import { network, plain, throughFile, training } from './probes.ts';

const small: PpoOptions = {
  ...plain,
  network: network({ hidden: [6] }),
  rollout: 12,
  epochs: 2,
  minibatches: 3,
  learningRate: 0.01,
  schedule: 'linear',
  normaliseAdvantages: 'minibatch',
};

interface Case {
  readonly name: string;
  readonly make: (copies: number) => BatchedEnvironment;
  readonly change: Partial<PpoOptions>;
}

const make = {
  cartpole: (copies: number) => cartpole(copies),
  pendulum: (copies: number) => pendulum(copies, { maximumSteps: 17 }),
  spread: (copies: number) => simpleSpread(copies, { agents: 2, cycles: 7 }),
  tag: (copies: number) => simpleTag(copies, { cycles: 7 }),
  deaths: (copies: number) => counting(copies, { agents: 3, length: 5, deaths: true, masks: true }),
  pictures: (copies: number) => dodge(copies, { size: 8 }),
};

const gru = network({ hidden: [6], gru: 5, layerNorm: true });
const everything: Partial<PpoOptions> = {
  network: gru,
  critic: 'central',
  sharing: 'none',
  valueNormalisation: 'popArt',
  valueClip: 0.2,
  normaliseObservations: true,
};
const convolution = network({ hidden: [6], convolution: [{ filters: 3, size: 4, stride: 2 }] });

const cases: readonly Case[] = [
  { name: 'choices', make: make.cartpole, change: {} },
  { name: 'continuous actions', make: make.pendulum, change: {} },
  { name: 'masks and deaths', make: make.deaths, change: {} },
  { name: 'pictures', make: make.pictures, change: { network: convolution } },
  { name: 'memory', make: make.cartpole, change: { network: gru } },
  { name: 'memory and deaths', make: make.deaths, change: { network: gru } },
  { name: 'a central critic', make: make.spread, change: { critic: 'central' } },
  { name: 'a central critic with memory', make: make.tag, change: { critic: 'central', network: gru } },
  { name: 'nothing shared', make: make.spread, change: { sharing: 'none' } },
  { name: 'all shared', make: make.spread, change: { sharing: 'all', agentIndex: true } },
  { name: 'ValueNorm', make: make.pendulum, change: { valueNormalisation: 'valueNorm' } },
  { name: 'PopArt', make: make.pendulum, change: { valueNormalisation: 'popArt', valueClip: 0.2 } },
  { name: 'normalised observations', make: make.pendulum, change: { normaliseObservations: true } },
  { name: 'team reward', make: make.spread, change: { teamReward: true } },
  { name: 'a target for the KL divergence', make: make.cartpole, change: { targetKl: 1e-5 } },
  {
    name: 'one trunk',
    make: make.deaths,
    change: { network: network({ hidden: [6], heads: [4], sharedTrunk: true }) },
  },
  { name: 'one trunk with memory', make: make.deaths, change: { network: { ...gru, heads: [4], sharedTrunk: true } } },
  { name: 'weight decay', make: make.cartpole, change: { weightDecay: 0.01 } },
  { name: 'everything at once', make: make.spread, change: everything },
];

/** Everything that a network alone can have. */
const rich: Case = {
  name: 'rich',
  make: make.cartpole,
  change: { network: gru, valueNormalisation: 'popArt', valueClip: 0.2, normaliseObservations: true },
};

const start = ({ make: world, change }: Case, seed = 5): Promise<Training> =>
  training({ make: world, seed, copies: 3, steps: 400, learner: { ...small, ...change } });

async function iterate(given: Training, times: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let i = 0; i < times; i++) seen.push(await given.advance());
  return seen;
}

/** As texts: so that a difference in the last bit shows, and -0 does not. */
function written({ tensors, state }: Checkpoint): string {
  const arrays = Object.entries(tensors).map(([name, { shape, data }]) => [name, shape, Array.from(data)]);
  return JSON.stringify([arrays, state]);
}

describe('a checkpoint', () => {
  for (const each of cases) {
    it(`goes on bit for bit: ${each.name}`, async () => {
      const [whole, second] = [await start(each), await start(each)];
      await iterate(whole, 2);
      const saved = throughFile(whole.save());
      const wanted = await iterate(whole, 2);
      second.load(saved);
      assert.equal(second.step, 2 * 12 * 3);
      assert.equal(written(second.save()), written(saved), 'saved again, it is the same');
      assert.deepEqual(await iterate(second, 2), wanted);
      assert.equal(written(second.save()), written(whole.save()));
      await whole.close();
      await second.close();
    });
  }

  it('of a training that has not begun goes on as well', async () => {
    const [whole, second] = [await start(cases[0]!), await start(cases[0]!, 99)];
    second.load(throughFile(whole.save()));
    // The seed of the environment is the scenario's, not the checkpoint's: parameters and streams are what came over.
    assert.equal(written(second.save()), written(whole.save()));
    await whole.close();
    await second.close();
  });

  it('takes a training that is already elsewhere back', async () => {
    const given = await start(rich);
    await iterate(given, 1);
    const saved = throughFile(given.save());
    const wanted = await iterate(given, 3);
    given.load(saved);
    assert.deepEqual(await iterate(given, 3), wanted);
    await given.close();
  });

  it('is not changed by what happens afterwards', async () => {
    const given = await start(rich);
    await iterate(given, 1);
    const saved = given.save();
    const before = written(saved);
    await iterate(given, 2);
    assert.equal(written(saved), before);
    await given.close();
  });

  it('of another network is refused, naming the array', async () => {
    const [one, other] = [
      await start(cases[0]!),
      await start({ ...cases[0]!, change: { network: network({ hidden: [7] }) } }),
    ];
    assert.throws(() => other.load(one.save()), { code: 'mismatch', message: /hidden\/0/ });
    await one.close();
    await other.close();
  });

  it('resumes a baseline exactly', async () => {
    for (const name of ['random', 'scripted'] as const) {
      const make_ = name === 'random' ? make.deaths : make.cartpole;
      const spec = { make: make_, copies: 3, scripted: balancePole, learner: { name } };
      const [whole, second] = [await training(spec), await training(spec)];
      await iterate(whole, 2);
      const saved = throughFile(whole.save());
      const wanted = await iterate(whole, 3);
      second.load(saved);
      assert.deepEqual(await iterate(second, 3), wanted);
      await whole.close();
      await second.close();
    }
  });
});

describe('a training', () => {
  it('does the same again from the same seed, and something else from another', async () => {
    const runs = await Promise.all(
      [5, 5, 6].map(async (seed) => {
        const given = await start(rich, seed);
        const seen = JSON.stringify(await iterate(given, 3));
        await given.close();
        return seen;
      }),
    );
    assert.equal(runs[0], runs[1]);
    assert.notEqual(runs[0], runs[2]);
  });

  it('is not disturbed by evaluations, in between and of any kind', async () => {
    for (const each of [cases[0]!, rich]) {
      const [quiet, asked] = [await start(each), await start(each)];
      for (let i = 0; i < 4; i++) {
        await asked.evaluate({ episodes: 3, seed: i, deterministic: i % 2 === 0 });
        assert.deepEqual(await asked.advance(), await quiet.advance());
      }
      assert.equal(written(asked.save()), written(quiet.save()));
      await quiet.close();
      await asked.close();
    }
  });

  it('evaluates the same policy on the same seed alike', async () => {
    const given = await start(rich);
    await iterate(given, 2);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), fc.boolean(), async (seed, deterministic) => {
        const options = { episodes: 4, seed, deterministic };
        assert.deepEqual(await given.evaluate(options), await given.evaluate(options));
      }),
      { numRuns: 5, seed: 1 },
    );
    await given.close();
  });

  it('counts its steps and its numbers', async () => {
    const given = await createTraining({
      seed: 1,
      steps: 100,
      copies: 3,
      make: make.cartpole,
      learner: { ...small, network: network({ hidden: [6] }) },
      executor: 'onnx',
      device: 'auto',
      threads: 1,
    });
    // actor (4 + 1) 6 + (6 + 1) 2, critic (4 + 1) 6 + 6 + 1
    assert.equal(given.parameterCount, 30 + 14 + 30 + 7);
    assert.equal(given.step, 0);
    const { step } = await given.advance();
    assert.deepEqual([step, given.step], [36, 36]);
    await given.close();
  });
});
