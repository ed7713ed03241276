import assert from 'node:assert/strict';
import { batch, box, counting, discrete, type Environment, multiDiscrete, simpleSpread } from '../../worlds/index.ts';
import { assertClose } from '../nn/close.ts';
import { network, plain, type Story, setParameters, tell, training, watched } from './probes.ts';

/** Sees the clock one-hot: V of clock t is the t-th weight of a linear critic. Pays 1 a step. */
const clock = (end: Story['end'], more: Partial<Story> = {}): Story => ({
  width: 4,
  see: (t) => [0, 1, 2, 3].map((i) => (i === t ? 1 : 0)),
  pay: () => 1,
  end,
  ...more,
});

/** The first iteration's value loss when V(clock) is `values`; discount 1/2. */
async function valueLoss(story: Story, values: readonly number[], change: object = {}): Promise<number> {
  const learner = await training({
    make: tell(story),
    copies: 1,
    learner: { ...plain, network: network({ hidden: [] }), discount: 0.5, rollout: 4, ...change },
  });
  setParameters(learner, 'agent', (path) =>
    path === 'critic/head/weight' ? values : path.startsWith('critic') ? 0 : undefined,
  );
  const { metrics } = await learner.advance();
  await learner.close();
  return metrics['loss/value']!;
}

describe('the end of an episode', () => {
  it('by termination is worth nothing more, whatever the critic thinks of what comes', async () => {
    // Episodes of one step: target 1 against V = 0, four times: 0.5. The 40 of the final observation is not looked at.
    assertClose(
      [
        await valueLoss(
          clock(() => 'terminated'),
          [0, 40, 0, 0],
        ),
      ],
      [0.5],
      1e-6,
    );
  });

  it('by truncation is worth what the final observation promises, not what the next episode does', async () => {
    // target 1 + 40 / 2 = 21 against V(0) = 0: 0.5 * 21^2
    assertClose(
      [
        await valueLoss(
          clock(() => 'truncated'),
          [0, 40, 0, 0],
        ),
      ],
      [220.5],
      1e-6,
    );
  });

  it('lets no advantage run into the next episode', async () => {
    // Episodes of two steps, lambda 1: targets 1 + 1/2 = 1.5 and 1 against V = (0, 2): (1.5^2 + 1) / 4
    const two = clock((t) => (t === 1 ? 'terminated' : null));
    assertClose([await valueLoss(two, [0, 2, 9, 9], { gaeLambda: 1 })], [(1.5 ** 2 + 1) / 4], 1e-6);
    // Truncated with V(2) = 8: targets 1 + (1 + 8 / 2) / 2 = 3.5 and 5 against (0, 2)
    const cut = clock((t) => (t === 1 ? 'truncated' : null));
    assertClose([await valueLoss(cut, [0, 2, 8, 9], { gaeLambda: 1 })], [(3.5 ** 2 + 3 ** 2) / 4], 1e-6);
  });

  it('of a rollout is no end: the value of the next observation goes on', async () => {
    // Episodes longer than the rollout of two: targets, lambda 1: 1 + (1 + 6 / 2) / 2 = 3 and 4 against 0
    const long = clock((t) => (t === 3 ? 'terminated' : null));
    assertClose([await valueLoss(long, [0, 0, 6, 0], { gaeLambda: 1, rollout: 2 })], [(9 + 16) / 4], 1e-6);
  });

  it('leaves the dead out of every mean', async () => {
    // Agent 1 dies after its first of two steps. Living rows: agent 0 twice, agent 1 once. V = 0, lambda 1:
    // targets 1.5, 1 and 1, so the mean is (1.5^2 + 1 + 1) / 2 / 3.
    const dying = clock((t, agent) => (agent === 1 || t === 1 ? 'terminated' : null), {
      agents: ['agent_0', 'agent_1'],
    });
    assertClose([await valueLoss(dying, [0, 0, 0, 0], { gaeLambda: 1 })], [(1.5 ** 2 + 2) / 6], 1e-6);
  });

  it('gives a central critic the final observations of the truncated and zeros for the dead', async () => {
    // Two agents side by side: 8 numbers. Agent 1 dies at step 0, agent 0 is truncated at step 1.
    const agents = ['agent_0', 'agent_1'];
    const story = clock((t, agent) => (agent === 1 ? 'terminated' : t === 1 ? 'truncated' : null), { agents });
    const learner = await training({
      make: tell(story),
      copies: 1,
      learner: {
        ...plain,
        critic: 'central',
        network: network({ hidden: [] }),
        discount: 0.5,
        gaeLambda: 0,
        rollout: 2,
      },
    });
    // weight [8, 2]: the state's numbers against each agent's value. Agent 0's clock 2 is worth 10 to agent 0; what
    // agent 1 shows at clock 0 (at the start of an episode) is worth 100 to both, and must not be seen at the end.
    const weight = new Float32Array(16);
    weight[2 * 2] = 10;
    weight[4 * 2] = 100;
    weight[4 * 2 + 1] = 100;
    setParameters(learner, 'agent', (path) =>
      path === 'critic/head/weight' ? weight : path.startsWith('critic') ? 0 : undefined,
    );
    const { metrics } = await learner.advance();
    // V at step 0: 100 for both; at step 1 agent 1 is dead: 0. Targets of agent 0: 1 + 0 / 2 = 1 and 1 + 10 / 2 = 6;
    // of agent 1: 1. Errors 99, 6, 99.
    assertClose([metrics['loss/value']!], [(99 ** 2 + 6 ** 2 + 99 ** 2) / 6], 1e-6);
    await learner.close();
  });
});

describe('masks', () => {
  it('keep illegal actions from ever being taken, in thousands of steps, learning or evaluated', async () => {
    // The counting environment throws at an illegal action of the living.
    const { make, log } = watched((copies) =>
      counting(copies, { agents: 3, length: 7, choices: 4, masks: true, deaths: true }),
    );
    const learner = await training({
      make,
      copies: 8,
      learner: { ...plain, network: network(), rollout: 100, learningRate: 0.01 },
    });
    let acted = 0;
    for (let i = 0; i < 3; i++) {
      log.length = 0;
      await learner.advance();
      for (const { action, mask, alive } of log)
        for (let seat = 0; seat < 24; seat++) {
          if (alive[seat] === 0) continue;
          assert.equal(mask[seat * 4 + action[seat]!], 1);
          acted++;
        }
    }
    assert.ok(acted > 5000);
    await learner.evaluate({ episodes: 50, seed: 2, deterministic: false });
    await learner.evaluate({ episodes: 50, seed: 2, deterministic: true });
    await learner.close();
  });
});

describe('action spaces', () => {
  for (const [name, action] of [
    ['several choices at once', multiDiscrete([2, 3])],
    ['several equal choices', multiDiscrete([3, 3])],
    ['one choice', discrete(3)],
    ['a box', box([2], -1, 1)],
  ] as const) {
    it(`of ${name} are acted in within their bounds, and learnt from`, async () => {
      // Actions are checked by the batched form of single environments: it throws at one that is not in its space.
      const make = tell({
        ...clock((t) => (t === 3 ? 'truncated' : null)),
        action,
        pay: (_, __, taken) =>
          typeof taken === 'number' ? taken : (taken as Int32Array).reduce((sum: number, a) => sum + a, 0),
      });
      const learner = await training({ make, learner: { ...plain, network: network(), rollout: 16, epochs: 2 } });
      for (let i = 0; i < 3; i++) {
        const { metrics } = await learner.advance();
        assert.ok(Object.values(metrics).every(Number.isFinite));
      }
      await learner.evaluate({ episodes: 3, seed: 1, deterministic: true });
      await learner.close();
    });
  }
});

describe('an environment that answers no finite number', () => {
  const broken = (what: 'reward' | 'observation'): Environment => {
    let t = 0;
    const seen = (name: string): number[] => [what === 'observation' && t === 5 && name === 'right' ? Number.NaN : t];
    const names = ['left', 'right'];
    const each = <X>(give: (name: string) => X) => Object.fromEntries(names.map((name) => [name, give(name)]));
    return {
      agents: names,
      spaces: each(() => ({ observation: box([1], 0, 100), action: discrete(2) })),
      reset() {
        t = 0;
        return { observations: each(seen) };
      },
      step() {
        t++;
        return {
          observations: each(seen),
          rewards: each((name) => (what === 'reward' && t === 5 && name === 'right' ? Number.NaN : 1)),
          terminated: each(() => false),
          truncated: each(() => t === 20),
        };
      },
    };
  };
  for (const what of ['reward', 'observation'] as const) {
    it(`stops the training and names the agent: ${what}`, async () => {
      const make = (copies: number) => batch(() => broken(what), copies);
      const learner = await training({ make, learner: { ...plain, network: network() } });
      await assert.rejects(() => learner.advance(), { code: 'not_finite', message: /right/ });
      await learner.close();
    });
  }

  it('is found in batched environments as well', async () => {
    const make = (copies: number) => {
      const inner = simpleSpread(copies);
      return Object.assign(Object.create(inner) as typeof inner, {
        step(...[actions, output]: Parameters<typeof inner.step>) {
          inner.step(actions, output);
          output[0]!.reward[4] = Number.POSITIVE_INFINITY;
        },
      });
    };
    const learner = await training({ make, learner: { ...plain, network: network() } });
    await assert.rejects(() => learner.advance(), { code: 'not_finite', message: /agent_1.*copy 1/ });
    await learner.close();
  });
});
