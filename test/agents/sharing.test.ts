import assert from 'node:assert/strict';
import type { PpoOptions } from '../../agents/index.ts';
import { planUnits } from '../../agents/sharing.ts';
import {
  type BatchedEnvironment,
  counting,
  simpleReference,
  simpleSpeakerListener,
  simpleSpread,
  simpleTag,
} from '../../worlds/index.ts';
import { assertClose } from '../nn/close.ts';
import { network, parametersOf, plain, setParameters, tell, training } from './probes.ts';

type Make = (copies: number) => BatchedEnvironment;

const names = (make: Make, sharing: PpoOptions['sharing']): string[] =>
  planUnits(make(1).groups, sharing).map(({ name, slots }) => `${name}:${slots.length}`);

const tag: Make = (copies) => simpleTag(copies);
const speakerListener: Make = (copies) => simpleSpeakerListener(copies);
const spread: Make = (copies) => simpleSpread(copies);

describe('who shares a network', () => {
  it('all: one network where spaces agree, an error with a cure where not', () => {
    assert.deepEqual(names(spread, 'all'), ['all:3']);
    assert.deepEqual(
      names((copies) => counting(copies, { agents: 4 }), 'all'),
      ['all:4'],
    );
    for (const make of [tag, speakerListener])
      assert.throws(() => names(make, 'all'), { code: 'unsupported', message: /\/learner\/sharing.*role/ });
  });

  it('role: one network for each group', () => {
    assert.deepEqual(names(spread, 'role'), ['agent:3']);
    assert.deepEqual(names(tag, 'role'), ['adversary:3', 'agent:1']);
    assert.equal(names(speakerListener, 'role').length, 2);
  });

  it('none: one network for each agent, of its name', () => {
    assert.deepEqual(names(spread, 'none'), ['agent_0:1', 'agent_1:1', 'agent_2:1']);
    assert.deepEqual(
      names(tag, 'none'),
      tag(1).groups.flatMap(({ agents }) => agents.map((agent) => `${agent}:1`)),
    );
  });
});

describe('training with every way of sharing', () => {
  const cases: [string, Make, PpoOptions['sharing']][] = [
    ['spread', spread, 'all'],
    ['spread', spread, 'role'],
    ['spread', spread, 'none'],
    ['counting, where agents die', (copies) => counting(copies, { agents: 3, deaths: true, masks: true }), 'none'],
    ['tag', tag, 'role'],
    ['tag', tag, 'none'],
    ['speaker and listener', speakerListener, 'role'],
    ['reference', (copies) => simpleReference(copies), 'role'],
  ];
  for (const [name, make, sharing] of cases) {
    for (const critic of ['independent', 'central'] as const) {
      it(`${name}, ${sharing}, ${critic}: learns, reports each network, plays`, async () => {
        const learner = await training({
          make,
          learner: { ...plain, network: network({ hidden: [4] }), sharing, critic, rollout: 12, agentIndex: true },
        });
        const { metrics } = await learner.advance();
        const units = planUnits(make(1).groups, sharing);
        for (const { name: unit } of units) {
          const value = metrics[units.length === 1 ? 'loss/value' : `${unit}/loss/value`]!;
          assert.ok(value > 0 && Number.isFinite(value));
        }
        const played = await learner.evaluate({ episodes: 2, seed: 1, deterministic: true });
        assert.equal(played.episodes, 2);
        assert.deepEqual(
          Object.keys(played.agents),
          make(1).groups.flatMap(({ agents }) => agents),
        );
        await learner.close();
      });
    }
  }

  it('gives each agent its own actions: a network that always says k makes its agent do k', async () => {
    // Reward 1 for the action `clock % 3`. Agent i always answers i, so of the clocks 0, 1, 2, 3 the first is paid twice.
    const make: Make = (copies) => counting(copies, { agents: 3, choices: 3, length: 4 });
    const learner = await training({ make, learner: { ...plain, network: network({ hidden: [] }), sharing: 'none' } });
    for (const i of [0, 1, 2])
      setParameters(learner, `agent_${i}`, (path, data) =>
        path === 'actor/head/bias'
          ? data.map((_, choice) => (choice === i ? 50 : -50))
          : path.startsWith('actor')
            ? 0
            : undefined,
      );
    const { agents } = await learner.evaluate({ episodes: 4, seed: 1, deterministic: false });
    assert.deepEqual(agents, { agent_0: 2, agent_1: 1, agent_2: 1 });
    await learner.close();
  });

  it('tells agents of one network apart by their index', async () => {
    const make: Make = (copies) => counting(copies, { agents: 3, choices: 3, length: 4 });
    const learner = await training({
      make,
      learner: { ...plain, network: network({ hidden: [] }), sharing: 'all', agentIndex: true },
    });
    // Observation of 4 numbers, then the index: weight [4 + 3, 3], the identity at the index.
    setParameters(learner, 'all', (path, data) =>
      path === 'actor/head/weight' ? data.map((_, i) => (i >= 12 && (i - 12) % 4 === 0 ? 50 : 0)) : 0,
    );
    const { agents } = await learner.evaluate({ episodes: 4, seed: 1, deterministic: true });
    assert.deepEqual(agents, { agent_0: 2, agent_1: 1, agent_2: 1 });
    await learner.close();
  });

  it('starts networks that are not shared differently', async () => {
    const learner = await training({ make: spread, learner: { ...plain, network: network(), sharing: 'none' } });
    const saved = learner.save();
    const [first, second] = ['agent_0', 'agent_1'].map(
      (unit) => parametersOf(saved, unit)['actor/body/hidden/0/weight']!,
    );
    assert.notDeepEqual(first, second);
    await learner.close();
  });
});

describe('team reward', () => {
  it('is the sum of what all agents were paid, for each of them', async () => {
    // Episodes of one step; agents are paid 1 and 2. Against V = 0: each its own (1 + 4) / 2 / 2; the team's 3 for both.
    const make = tell({
      agents: ['agent_0', 'agent_1'],
      width: 1,
      see: () => [0],
      pay: (_, agent) => agent + 1,
      end: () => 'terminated',
    });
    for (const [teamReward, sharing, wanted] of [
      [false, 'all', [1.25]],
      [true, 'all', [4.5]],
      [false, 'none', [0.5, 2]],
      [true, 'none', [4.5, 4.5]],
    ] as const) {
      const options = { ...plain, network: network({ hidden: [] }), teamReward, sharing };
      const learner = await training({ make, learner: options });
      const { metrics } = await learner.advance();
      const losses = Object.entries(metrics).flatMap(([name, value]) => (name.endsWith('loss/value') ? [value] : []));
      assertClose(losses, wanted, 1e-6);
      assertClose([metrics['return/mean']!], [3], 1e-9);
      await learner.close();
    }
  });
});
