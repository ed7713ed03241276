import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Iteration } from '../../../agents/index.ts';
import { memoryBus, natsBus, subjectsOf } from '../../../mas/index.ts';
import { createTeam, playRole, type RoleCommand, type TeamNews, type TeamSpec } from '../../../mas/team/index.ts';
import { NatsServer, whyNoNats } from '../bus/nats-server.ts';
import { duet } from './duet.ts';
import { FakeLearner, fakePolicy } from './fake-learner.ts';
import { isAlive } from './is-alive.ts';

const ROUNDS = 10;
const SPEC = {
  seed: 7,
  steps: 8 * ROUNDS,
  copies: 2,
  make: duet(),
  options: { rollout: 4, credit: 'shared' },
} as const;
const SCRIPT = fileURLToPath(new URL('./role-process.mts', import.meta.url));

type Rest = Omit<TeamSpec, keyof typeof SPEC>;

async function learn(spec: Rest, before: (round: number) => void = () => undefined): Promise<Iteration[]> {
  const training = await createTeam({ ...SPEC, ...spec }, ({ groups }) => new FakeLearner(groups, 7));
  const done: Iteration[] = [];
  try {
    for (let i = 0; i < ROUNDS; i++) {
      before(i);
      done.push(await training.advance());
    }
  } finally {
    await training.close();
  }
  return done;
}

describe(`roles in processes of their own${whyNoNats === undefined ? '' : ` (skipped: ${whyNoNats})`}`, () => {
  let server: NatsServer;
  before(async function () {
    if (whyNoNats !== undefined) this.skip();
    server = await NatsServer.start();
  });
  after(() => server?.stop());

  // The whole of it, with more kills: bench/team-kills.ts.
  it('are killed, and the server restarted, and nothing of it shows in what is learned', async () => {
    const memory = memoryBus();
    const undisturbed = await learn({ bus: memory, run: 'x' });
    await memory.close();

    const [bus, other] = [await natsBus({ servers: server.url }), await natsBus({ servers: server.url })];
    const { groups } = duet()(1);
    const [group, index, policy] = [groups[1]!, 1, fakePolicy(groups)];
    const { signal } = new AbortController();
    const elsewhere = playRole({ bus: other, scenario: 'duet', group, index, policy, name: 'elsewhere', signal });

    const pids: number[] = [];
    const trained: string[] = [];
    let died = 0;
    const tell = (news: TeamNews): void => {
      if (news.kind === 'trained') trained.push(...news.tasks);
      if (news.kind === 'died') died++;
      if (news.kind === 'started') pids.push(news.pid);
    };
    let restarting: Promise<void> | undefined;
    const disturb = (round: number): void => {
      // Not waited for: it happens in the middle of what follows.
      if (round === 3) process.kill(pids.at(-1)!, 'SIGKILL');
      if (round === 6) restarting = server.kill().then(() => server.restart());
    };
    const command = (role: string): RoleCommand => ({
      file: process.execPath,
      args: ['--import', 'tsx', SCRIPT, server.url, 'duet', role],
    });
    const processes = { roles: ['singer'], command };
    const spec = { bus, run: 'duet-7', scenario: 'duet', local: [], processes, tell, timeout: 300 };
    assert.deepEqual(await learn(spec, disturb), undisturbed);
    await restarting;
    assert.equal(died, 1);
    assert.equal(trained.length, 3 * ROUNDS);
    assert.equal(new Set(trained).size, trained.length);
    assert.equal(await elsewhere, 'over');
    assert.deepEqual(pids.filter(isAlive), []);
    const left = await bus.workQueue(subjectsOf('duet-7').store);
    assert.equal(await left.size(), 0);
    await Promise.all([bus.close(), other.close()]);
  });
});
