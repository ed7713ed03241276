import assert from 'node:assert/strict';
import {
  type Checkpoint,
  iqlDefaults,
  qmixDefaults,
  type Training,
  type ValueDecompositionOptions,
  vdnDefaults,
} from '../../../agents/index.ts';
import {
  type BatchedEnvironment,
  cartpole,
  counting,
  dodge,
  pendulum,
  simpleSpeakerListener,
  simpleSpread,
  simpleTag,
} from '../../../worlds/index.ts';
import { network, type Story, tell, throughFile, training, watched } from '../probes.ts';

const small = {
  network: network({ hidden: [6], activation: 'relu', gru: 5 }),
  rollout: 7,
  replay: 6,
  batch: 2,
  targetEvery: 3,
  learningRate: 0.01,
  epsilonSteps: 100,
} as const;
const iql: ValueDecompositionOptions = { ...iqlDefaults, ...small };
const vdn: ValueDecompositionOptions = { ...vdnDefaults, ...small };
const qmix: ValueDecompositionOptions = { ...qmixDefaults, ...small, mixingUnits: 4, hypernetworkUnits: 5 };

type Make = (copies: number) => BatchedEnvironment;
const make = {
  spread: (copies: number) => simpleSpread(copies, { agents: 2, cycles: 5 }),
  deaths: (copies: number) => counting(copies, { agents: 3, length: 5, deaths: true, masks: true }),
  tag: (copies: number) => simpleTag(copies, { cycles: 5 }),
  roles: (copies: number) => simpleSpeakerListener(copies, { cycles: 5 }),
  pole: (copies: number) => cartpole(copies),
  pictures: (copies: number) => dodge(copies, { size: 8 }),
} satisfies Record<string, Make>;

const start = (world: Make, learner: ValueDecompositionOptions, seed = 5, threads = 1): Promise<Training> =>
  training({ make: world, seed, copies: 3, steps: 400, learner, threads });

async function iterate(given: Training, times: number): Promise<{ metrics: Readonly<Record<string, number>> }[]> {
  const seen = [];
  for (let i = 0; i < times; i++) seen.push(await given.advance());
  return seen;
}

/** As text: so that a difference in the last bit shows, and -0 does not. */
function written({ tensors, state }: Checkpoint): string {
  return JSON.stringify([
    Object.entries(tensors).map(([name, { shape, data }]) => [name, shape, Array.from(data)]),
    state,
  ]);
}

describe('a checkpoint of a value learner', () => {
  const plainNetwork = network({ hidden: [6], activation: 'relu' });
  const cases: [string, Make, ValueDecompositionOptions][] = [
    ['QMIX', make.spread, qmix],
    ['QMIX of roles with other spaces', make.roles, qmix],
    ['VDN with masks and deaths', make.deaths, vdn],
    ['VDN of roles, nothing shared', make.tag, { ...vdn, sharing: 'none' }],
    ['IQL of own rewards with deaths', make.deaths, { ...iql, teamReward: false } as ValueDecompositionOptions],
    ['without memory, in pieces', make.pole, { ...vdn, network: plainNetwork, episodeLimit: 4 }],
    ['pictures', make.pictures, { ...vdn, network: plainNetwork, lastAction: false, agentIndex: false }],
    [
      'soft targets, Adam, scaled rewards',
      make.spread,
      { ...qmix, targetTau: 0.1, optimiser: 'adam', standardiseRewards: true },
    ],
    ['updates now and then', make.spread, { ...qmix, updatesPerEpisode: 0.4, doubleQ: false }],
  ];
  for (const [name, world, learner] of cases) {
    it(`goes on bit for bit: ${name}`, async () => {
      const [whole, second] = [await start(world, learner), await start(world, learner)];
      await iterate(whole, 4);
      const saved = throughFile(whole.save());
      const wanted = await iterate(whole, 4);
      assert.ok(
        wanted.some(({ metrics }) => 'loss/td' in metrics),
        'something was learned in between',
      );
      second.load(saved);
      assert.equal(second.step, 4 * 7 * 3);
      assert.equal(written(second.save()), written(saved), 'saved again, it is the same');
      assert.deepEqual(await iterate(second, 4), wanted);
      assert.equal(written(second.save()), written(whole.save()));
      await whole.close();
      await second.close();
    });
  }

  it('is not changed by what happens afterwards, and takes a training back', async () => {
    const given = await start(make.spread, qmix);
    await iterate(given, 3);
    const saved = given.save();
    const before = written(saved);
    const wanted = await iterate(given, 3);
    assert.equal(written(saved), before);
    given.load(saved);
    assert.deepEqual(await iterate(given, 3), wanted);
    await given.close();
  });

  it('before the first step goes on as well', async () => {
    const [whole, second] = [await start(make.spread, qmix), await start(make.spread, qmix)];
    second.load(throughFile(whole.save()));
    assert.deepEqual(await iterate(second, 3), await iterate(whole, 3));
    await whole.close();
    await second.close();
  });

  it('of another network or replay is refused', async () => {
    const one = await start(make.spread, qmix);
    const wider = await start(make.spread, { ...qmix, network: network({ hidden: [7], gru: 5 }) });
    const shorter = await start(make.spread, { ...qmix, replay: 2 });
    await iterate(one, 5);
    assert.throws(() => wider.load(one.save()), { code: 'mismatch', message: /agents\/0\/body/ });
    assert.throws(() => shorter.load(one.save()), { code: 'mismatch', message: /replay of another size/ });
    for (const each of [one, wider, shorter]) await each.close();
  });
});

describe('a value learner', () => {
  it('does the same again from the same seed, and something else from another', async () => {
    const runs = await Promise.all(
      [5, 5, 6].map(async (seed) => {
        const given = await start(make.spread, qmix, seed);
        const seen = JSON.stringify(await iterate(given, 4));
        await given.close();
        return seen;
      }),
    );
    assert.equal(runs[0], runs[1]);
    assert.notEqual(runs[0], runs[2]);
  });

  it('is not disturbed by evaluations', async () => {
    const [quiet, asked] = [await start(make.deaths, vdn), await start(make.deaths, vdn)];
    for (let i = 0; i < 4; i++) {
      const options = { episodes: 3, seed: i, deterministic: i % 2 === 0 };
      assert.deepEqual(await asked.evaluate(options), await asked.evaluate(options));
      assert.deepEqual(await asked.advance(), await quiet.advance());
    }
    assert.equal(written(asked.save()), written(quiet.save()));
    await quiet.close();
    await asked.close();
  });

  it('learns the same in shards, but for rounding', async () => {
    const metrics = async (threads: number) => {
      const given = await start(make.spread, { ...qmix, learningRate: 1e-4 }, 5, threads);
      const seen = (await iterate(given, 4)).at(-1)!.metrics;
      await given.close();
      return seen;
    };
    const [one, two] = [await metrics(1), await metrics(2)];
    for (const name of ['loss/td', 'q/mean', 'q/target', 'gradientNorm'])
      assert.ok(Math.abs(one[name]! - two[name]!) < 1e-3 * Math.max(1, Math.abs(one[name]!)), name);
  });

  it('owes so many updates for each episode, once there are enough of them', async () => {
    // Three copies with episodes of 5 steps: 3 episodes after every 5 of the steps.
    for (const [updatesPerEpisode, wanted] of [
      [1, 12],
      [0.5, 6],
      [2, 24],
    ] as const) {
      const given = await start(make.spread, { ...vdn, rollout: 5, updatesPerEpisode, targetEvery: 1000 });
      await iterate(given, 4);
      assert.equal((given.save().state as { updates: number }).updates, wanted);
      await given.close();
    }
    const waiting = await start(make.spread, { ...vdn, rollout: 5, batch: 6 });
    await iterate(waiting, 3);
    // Nothing is owed from the time before there was a batch.
    assert.equal((waiting.save().state as { updates: number }).updates, 6);
    await waiting.close();
  });

  it('copies its targets when their episodes have passed, and follows by tau', async () => {
    const targets = async (change: Partial<ValueDecompositionOptions>, iterations: number) => {
      const learner = { ...vdn, rollout: 5, learningRate: 0.1, ...change } as ValueDecompositionOptions;
      const given = await start(make.spread, learner);
      const first = given.save().tensors;
      await iterate(given, iterations);
      const { tensors } = given.save();
      await given.close();
      const at = 'agents/0/head/bias';
      return {
        initial: [...first[`parameters/${at}`]!.data],
        online: [...tensors[`parameters/${at}`]!.data],
        target: [...tensors[`target/${at}`]!.data],
      };
    };
    const before = await targets({ targetEvery: 4 }, 1);
    assert.deepEqual(before.target, before.initial);
    assert.notDeepEqual(before.online, before.initial);
    // 6 updates in two iterations: copied after the 3rd and the 6th.
    const after = await targets({ targetEvery: 3 }, 2);
    assert.deepEqual(after.target, after.online);
    // Half as many updates for the same episodes.
    const rare = await targets({ targetEvery: 6, updatesPerEpisode: 0.5 }, 2);
    assert.deepEqual(rare.target, rare.online);
    const soft = await targets({ targetTau: 0.25, updatesPerEpisode: 1 / 3 }, 1);
    for (const [i, target] of soft.target.entries())
      assert.ok(Math.abs(target - (0.75 * soft.initial[i]! + 0.25 * soft.online[i]!)) < 1e-6);
  });

  it('explores less and less, and never by an illegal action', async () => {
    const world = watched((copies) => counting(copies, { agents: 2, length: 6, masks: true }));
    const given = await start(world.make, { ...vdn, rollout: 20, epsilonSteps: 120 });
    const epsilons = (await iterate(given, 3)).map(({ metrics }) => metrics.epsilon!);
    assert.deepEqual(
      epsilons.map((epsilon) => Math.round(epsilon * 1e6) / 1e6),
      [0.525, 0.05, 0.05],
    );
    for (const { mask, action } of world.log)
      for (const [seat, choice] of action.entries()) assert.equal(mask[seat * 4 + choice], 1);
    // All random at first: of 3 legal choices each, none is avoided.
    const early = world.log.slice(0, 5).flatMap(({ action }) => action);
    assert.ok(new Set(early).size === 4);
    await given.close();
  });

  it('plays greedily when asked: the same whatever the seed of the noise', async () => {
    const given = await start(
      tell({ width: 1, see: (t) => [t], pay: (_, __, a) => a as number, end: (t) => (t === 4 ? 'truncated' : null) }),
      { ...vdn, episodeLimit: 5, agentIndex: false },
    );
    await iterate(given, 2);
    const got = await given.evaluate({ episodes: 20, seed: 1, deterministic: true });
    assert.equal(got.return.std, 0);
    const drawn = await given.evaluate({ episodes: 20, seed: 1, deterministic: false });
    assert.ok(drawn.return.std > 0);
    await given.close();
  });

  it('stops where a number is no number, naming it', async () => {
    const given = await start(make.spread, { ...qmix, learningRate: 1 });
    const checkpoint = throughFile(given.save());
    checkpoint.tensors['parameters/mixer/lastBias/output/bias']!.data[0] = Number.NaN;
    given.load(checkpoint);
    await assert.rejects(iterate(given, 4), { code: 'not_finite', message: /loss\/td of qmix/ });
    await given.close();
  });
});

describe('the options of a value learner', () => {
  const refused = (world: Make, learner: ValueDecompositionOptions, code: string, where: string): Promise<void> =>
    assert.rejects(
      async () => (await start(world, learner)).close(),
      (error: { code?: string; parts?: { where?: string } }) => {
        assert.deepEqual([error.code, error.parts?.where], [code, where]);
        return true;
      },
    );

  it('are refused out of range, saying which', async () => {
    const wrong: Record<string, number | null> = {
      rollout: 0,
      replay: 2.5,
      batch: 0,
      episodeLimit: 0,
      updatesPerEpisode: 0,
      learningRate: Number.NaN,
      optimiserEpsilon: 0,
      rmsDecay: 2,
      maximumGradientNorm: -1,
      discount: 1.01,
      targetEvery: 0,
      targetTau: 0,
      epsilonStart: -0.1,
      epsilonFinish: 1.5,
      epsilonSteps: 0,
      mixingUnits: 0,
      hypernetworkUnits: 0.5,
    };
    for (const [name, value] of Object.entries(wrong))
      await refused(make.spread, { ...qmix, [name]: value }, 'invalid_input', `/learner/${name}`);
    await refused(make.spread, { ...qmix, batch: 7 }, 'invalid_input', '/learner/batch');
    const hollow = network({ hidden: [0] });
    await refused(make.spread, { ...qmix, network: hollow }, 'invalid_input', '/learner/network/hidden/0');
  });

  it('are refused where they do not go with the agents', async () => {
    await refused((copies) => pendulum(copies), vdn, 'unsupported', '/learner/name');
    const several = { type: 'multiDiscrete', n: [2, 3] } as const;
    const endsAtOnce: Story = { width: 1, see: () => [0], pay: () => 0, end: () => 'truncated' };
    await refused(tell({ ...endsAtOnce, action: several }), vdn, 'unsupported', '/learner/name');
    await refused(make.tag, { ...qmix, sharing: 'all' }, 'unsupported', '/learner/sharing');
    const endless = tell({ width: 1, see: () => [0], pay: () => 0, end: () => null });
    await refused(endless, vdn, 'unsupported', '/learner/episodeLimit');
    await refused(make.pictures, { ...vdn }, 'unsupported', '/learner/lastAction');
    await refused(make.pictures, { ...qmix, lastAction: false }, 'unsupported', '/learner/name');
  });
});
