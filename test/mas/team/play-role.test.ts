import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LightbulbError } from '../../../core/index.ts';
import { type Bus, type MemoryServer, memoryServer } from '../../../mas/index.ts';
import { createTeam, playRole, type RoleNews, type TeamSpec } from '../../../mas/team/index.ts';
import { duet } from './duet.ts';
import { FakeLearner, fakePolicy } from './fake-learner.ts';

const SPEC = { seed: 7, steps: 16, copies: 2, make: duet(), options: { rollout: 4, credit: 'shared' } } as const;

describe('a role played elsewhere', () => {
  let server: MemoryServer;
  let bus: Bus;
  let stop: AbortController;
  beforeEach(() => {
    server = memoryServer();
    bus = server.connect();
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await bus.close();
  });
  const play = (news: RoleNews[], scenario = 'duet', run?: string) => {
    const { groups } = duet()(1);
    const other = server.connect();
    const [group, index, policy] = [groups[1]!, 1, fakePolicy(groups)];
    const spec = { bus: other, scenario, run, group, index, policy, name: 'elsewhere', signal: stop.signal };
    return playRole({ ...spec, tell: (each) => news.push(each) }).finally(() => other.close());
  };
  const begin = (run: string, spec: Partial<TeamSpec> = {}) =>
    createTeam({ ...SPEC, local: ['singer'], scenario: 'duet', bus, run, ...spec }, ({ groups }) => {
      return new FakeLearner(groups, 7);
    });

  it('waits for a run of its scenario, and ends with it', async () => {
    const news: RoleNews[] = [];
    const playing = play(news);
    await sleep(20);
    const other = await begin('other', { scenario: 'trio' });
    const training = await begin('duet-1');
    for (let i = 0; i < 2; i++) await training.advance();
    await training.close();
    assert.equal(await playing, 'over');
    assert.deepEqual(news, [
      { kind: 'looking', what: 'duet' },
      { kind: 'playing', run: 'duet-1', role: 'pianist' },
      { kind: 'ended', run: 'duet-1', role: 'pianist', why: 'over' },
    ]);
    await other.close();
  });

  it('stays while its run pauses, and follows it into another sitting', async () => {
    const news: RoleNews[] = [];
    const playing = play(news, 'duet', 'duet-1');
    const alone = await begin('alone', { local: 'all' });
    const undisturbed = [await alone.advance(), await alone.advance()];
    await alone.close();
    const first = await begin('duet-1');
    const saved = first.save();
    await first.advance();
    await first.close();
    await sleep(50);
    assert.deepEqual(
      news.map(({ kind }) => kind),
      ['looking', 'playing'],
    );
    const second = await begin('duet-1');
    second.load(saved);
    assert.deepEqual([await second.advance(), await second.advance()], undisturbed);
    await second.close();
    assert.equal(await playing, 'over');
    // A run that is over is no reason to begin.
    const again: RoleNews[] = [];
    const late = play(again);
    await sleep(50);
    assert.equal(again.length, 1);
    stop.abort();
    assert.equal(await late, 'stopped');
  });

  it('draws by the seed of the run, also of one that is begun anew', async () => {
    const news: RoleNews[] = [];
    const playing = play(news, 'duet', 'duet-1');
    const first = await begin('duet-1');
    await first.advance();
    await first.close();
    const alone = await begin('alone', { local: 'all', seed: 8 });
    const second = await begin('duet-1', { seed: 8 });
    for (let i = 0; i < 2; i++) assert.deepEqual(await second.advance(), await alone.advance());
    await second.close();
    await alone.close();
    assert.equal(await playing, 'over');
  });

  it('stops when it is told to, and says so to those who watch', async () => {
    const playing = play([]);
    const training = await begin('duet-1');
    await training.advance();
    stop.abort();
    assert.equal(await playing, 'stopped');
    await training.close();
  });

  it('is refused names that there are not', async () => {
    await assert.rejects(begin('x', { local: ['sanger'] }), (error: LightbulbError) => {
      assert.match(error.message, /^\/mas\/roles\/sanger: .*Did you mean "singer"/);
      return error.code === 'invalid_input';
    });
  });
});
