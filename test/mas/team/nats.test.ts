import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Iteration } from '../../../agents/index.ts';
import { type Bus, memoryBus, natsBus } from '../../../mas/index.ts';
import { createTeam, type RoleAgent, serveRole, type TeamNews } from '../../../mas/team/index.ts';
import { eventually } from '../bus/contract.ts';
import { NatsServer, whyNoNats } from '../bus/nats-server.ts';
import { duet } from './duet.ts';
import { FakeLearner, fakePolicy } from './fake-learner.ts';

const ROUNDS = 12;
const SPEC = { seed: 7, steps: 96, copies: 2, make: duet(), options: { rollout: 4, credit: 'shared' } } as const;

async function learn(bus: Bus, run: string, local: readonly string[] | 'all', tell: (news: TeamNews) => void) {
  const training = await createTeam(
    { ...SPEC, bus, run, local, tell, timeout: 500 },
    ({ groups }) => new FakeLearner(groups, 7),
  );
  const done: Iteration[] = [];
  for (let i = 0; i < ROUNDS; i++) done.push(await training.advance());
  const { setAside } = training;
  await training.close();
  return { done, setAside };
}

describe(`a team over NATS${whyNoNats === undefined ? '' : ` (skipped: ${whyNoNats})`}`, () => {
  let server: NatsServer;
  before(async function () {
    if (whyNoNats !== undefined) this.skip();
    server = await NatsServer.start();
  });
  after(() => server?.stop());

  const play = async (run: string, name: string): Promise<{ agent: RoleAgent; bus: Bus }> => {
    const bus = await natsBus({ servers: server.url });
    const { groups } = duet()(1);
    const index = groups.findIndex((group) => group.name === name);
    return {
      bus,
      agent: serveRole({
        bus,
        run,
        seed: 7,
        sitting: 1,
        group: groups[index]!,
        index,
        policy: fakePolicy(groups),
        name,
      }),
    };
  };

  it('learns bit by bit what it learns in memory', async () => {
    const memory = memoryBus();
    const { done: alone } = await learn(memory, 'x', 'all', () => undefined);
    await memory.close();
    const bus = await natsBus({ servers: server.url });
    const others = [await play('bits', 'singer'), await play('bits', 'pianist')];
    const { done, setAside } = await learn(bus, 'bits', [], () => undefined);
    assert.deepEqual(done, alone);
    assert.deepEqual(setAside, { answers: 0, tasks: 0, feedback: 0 });
    for (const { agent, bus } of others) {
      await agent.close();
      await bus.close();
    }
    await bus.close();
  });

  it('learns the same while the server is restarted, every task once', async () => {
    const memory = memoryBus();
    const { done: alone } = await learn(memory, 'x', 'all', () => undefined);
    await memory.close();
    const bus = await natsBus({ servers: server.url });
    const other = await play('restarts', 'singer');
    const trained: string[] = [];
    let round = 0;
    const learning = learn(bus, 'restarts', ['pianist'], (news) => {
      if (news.kind !== 'trained') return;
      trained.push(...news.tasks);
      round = news.round;
    });
    for (const at of [3]) {
      await eventually(() => round >= at, 20_000);
      await server.kill();
      await sleep(100);
      await server.restart();
    }
    const { done } = await learning;
    assert.deepEqual(done, alone);
    assert.equal(trained.length, ROUNDS * 3);
    assert.equal(new Set(trained).size, trained.length);
    await other.agent.close();
    await other.bus.close();
    await bus.close();
  });
});
