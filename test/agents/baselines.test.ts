import assert from 'node:assert/strict';
import { scriptedPlayer } from '../../agents/index.ts';
import {
  type BatchedEnvironment,
  balancePole,
  box,
  cartpole,
  counting,
  dict,
  discrete,
  echoClock,
  multiBinary,
  multiDiscrete,
  pendulum,
  type ScriptedPolicy,
  type Space,
  swingUp,
} from '../../worlds/index.ts';
import { type Seen, tell, training, watched } from './probes.ts';

/** What one iteration of the random baseline does: actions of living agents, flat. */
async function randomActions(make: (copies: number) => BatchedEnvironment, copies = 8): Promise<Seen[]> {
  const seen = watched(make);
  const given = await training({ make: seen.make, copies, learner: { name: 'random' } });
  await given.advance();
  await given.close();
  return seen.log;
}

const world = (action: Space) =>
  tell({ width: 1, action, see: () => [0], pay: () => 0, end: (t) => (t === 9 ? 'truncated' : null) });

function frequencies(actions: readonly number[], n: number): number[] {
  const counts = new Array<number>(n).fill(0);
  for (const action of actions) counts[action]!++;
  return counts.map((count) => count / actions.length);
}

/** Four standard deviations of a binomial proportion over 1024 draws at most: 4 * sqrt(0.25 / 1024) = 0.0625. */
const NEAR = 0.0625;

describe('the random baseline', () => {
  it('draws choices uniformly, each component by itself', async () => {
    const log = await randomActions(world(multiDiscrete([2, 5])));
    const actions = log.flatMap(({ action }) => action);
    for (const [component, n] of [2, 5].entries()) {
      const own = actions.filter((_, i) => i % 2 === component);
      for (const share of frequencies(own, n)) assert.ok(Math.abs(share - 1 / n) < NEAR, `${share}`);
    }
  });

  it('draws uniformly over what is legal, and never anything else', async () => {
    // Of 4 choices one is illegal at each clock; the environment throws at it.
    const log = await randomActions((copies) => counting(copies, { agents: 2, masks: true, deaths: true, length: 6 }));
    const atZero: number[] = [];
    let illegal = 0;
    for (const { action, mask, alive, observation } of log)
      for (const [seat, choice] of action.entries()) {
        if (alive[seat] === 0) continue;
        if (mask[seat * 4 + choice] === 0) illegal++;
        if (observation[seat * 4] === 0) atZero.push(choice);
      }
    assert.equal(illegal, 0);
    assert.equal(atZero.length, 2 * 8 * 22); // episodes of 6 steps begin 22 times in 128
    const [zero, one, two, three] = frequencies(atZero, 4);
    assert.equal(one, 0); // (clock + 1) % 4
    for (const share of [zero!, two!, three!])
      assert.ok(Math.abs(share - 1 / 3) < 4 * Math.sqrt(2 / 9 / 352), `${share}`);
  });

  it('fills boxes uniformly, and like a standard normal where they have no bounds', async () => {
    const bounded = (await randomActions(world(box([2], -3, 5)))).flatMap(({ action }) => action);
    assert.ok(bounded.every((x) => x >= -3 && x <= 5));
    // Mean 1 and standard deviation 8 / sqrt 12 of 2048 draws: 4 standard errors are 0.204
    assert.ok(Math.abs(bounded.reduce((sum, x) => sum + x, 0) / bounded.length - 1) < 0.205);
    const free = (await randomActions(world(box([2], -3.4028234663852886e38, 3.4028234663852886e38)))).flatMap(
      ({ action }) => action,
    );
    const mean = free.reduce((sum, x) => sum + x, 0) / free.length;
    const variance = free.reduce((sum, x) => sum + x * x, 0) / free.length;
    // 4 standard errors of a normal's mean and mean square: 4 / sqrt 2048, 4 sqrt 2 / sqrt 2048
    assert.ok(Math.abs(mean) < 0.089 && Math.abs(variance - 1) < 0.125);
  });

  it('plays every space of actions', async () => {
    const spaces: Space[] = [
      discrete(1),
      multiBinary(3),
      box([2], 0, 3.4028234663852886e38),
      dict({ a: box([1], -1, 1), b: box([2], 0, 1) }),
      dict({ a: discrete(3), b: multiDiscrete([2, 2]) }),
    ];
    for (const space of spaces) await randomActions(world(space), 2);
  });

  it('names the agent that has nothing legal to do', async () => {
    const make = tell({
      agents: ['left', 'right'],
      width: 1,
      see: () => [0],
      pay: () => 0,
      end: (t) => (t === 9 ? 'truncated' : null),
      legal: () => [1, 1],
    });
    const blocked = (copies: number) => {
      const inner = make(copies);
      return Object.assign(Object.create(inner) as BatchedEnvironment, {
        step(...[actions, output]: Parameters<BatchedEnvironment['step']>) {
          inner.step(actions, output);
          output[0]!.actionMask.fill(0, 6, 8);
        },
      });
    };
    await assert.rejects(() => randomActions(blocked, 2), { code: 'contract', message: /copy 1, agent "right"/ });
  });

  it('plays one way for one seed', async () => {
    const play = async (seed: number): Promise<string> => {
      const given = await training({ make: (copies) => cartpole(copies), seed, learner: { name: 'random' } });
      const result = JSON.stringify([
        await given.advance(),
        await given.evaluate({ episodes: 3, seed: 4, deterministic: true }),
      ]);
      await given.close();
      return result;
    };
    assert.equal(await play(1), await play(1));
    assert.notEqual(await play(1), await play(2));
  });
});

describe('the scripted baseline', () => {
  it('balances a pole for as long as it is let', async () => {
    const given = await training({
      make: (copies) => cartpole(copies),
      scripted: balancePole,
      learner: { name: 'scripted' },
    });
    const { return: reached, length } = await given.evaluate({ episodes: 20, seed: 1, deterministic: true });
    assert.deepEqual([reached.min, reached.max, length], [500, 500, 500]);
    await given.close();
  });

  it('swings a pendulum up far better than chance', async () => {
    const given = await training({
      make: (copies) => pendulum(copies),
      scripted: swingUp,
      learner: { name: 'scripted' },
    });
    const { return: reached } = await given.evaluate({ episodes: 20, seed: 1, deterministic: true });
    assert.ok(reached.mean > -400, `${reached.mean}`);
    await given.close();
  });

  it('is asked for each living agent by its own index, and reports what it was paid', async () => {
    const agents = new Set<number>();
    const echo = echoClock(4);
    const given = await training({
      make: (copies) => counting(copies, { agents: 3, length: 8, deaths: true }),
      scripted: (observation, offset, group, agent) => {
        assert.equal(observation[offset + 3], agent);
        agents.add(agent);
        return echo(observation, offset, group, agent);
      },
      learner: { name: 'scripted' },
    });
    const { metrics, episodes } = await given.advance();
    assert.deepEqual([...agents].sort(), [0, 1, 2]);
    // Agents live 6, 7 and 8 steps, paid 1 a step; 128 steps of 2 copies are 32 episodes.
    assert.deepEqual(
      [episodes, metrics['return/mean'], metrics['return/maximum'], metrics['episode/length']],
      [32, 21, 21, 8],
    );
    await given.close();
  });

  it('writes actions of several components where its controller does', async () => {
    const seen = watched((copies) => world(multiDiscrete([4, 3]))(copies));
    let turn = 0;
    const policy: ScriptedPolicy = (_observation, _offset, _group, _agent, action, at = 0) => {
      turn++;
      action![at] = turn % 4;
      // The second is left out every other time: it is 0 then, whatever stood there.
      if (turn % 2 === 0) action![at + 1] = turn % 3;
      return action![at]!;
    };
    const scripted = Object.assign(policy, { writesActions: true as const });
    const given = await training({ make: seen.make, copies: 1, scripted, learner: { name: 'scripted' } });
    await given.advance();
    await given.close();
    const wanted = seen.log.map((_, i) => [(i + 1) % 4, i % 2 === 1 ? (i + 1) % 3 : 0]);
    assert.ok(wanted.length > 12);
    assert.deepEqual(
      seen.log.map(({ action }) => [...action]),
      wanted,
    );
  });

  it('is refused where one number is too few', async () => {
    const make = (copies: number) => world(multiDiscrete([2, 2]))(copies);
    await assert.rejects(() => training({ make, scripted: () => 0, learner: { name: 'scripted' } }), {
      code: 'unsupported',
    });
    assert.equal(typeof scriptedPlayer(() => 0), 'function');
  });
});
