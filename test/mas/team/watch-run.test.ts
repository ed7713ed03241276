import assert from 'node:assert/strict';
import { memoryServer } from '../../../mas/index.ts';
import { createTeam, watchRun } from '../../../mas/team/index.ts';
import { WatchRecord } from '../../../mas/team/watch-run.ts';
import { eventually } from '../bus/contract.ts';
import { duet } from './duet.ts';
import { FakeLearner } from './fake-learner.ts';

const agent = { role: 'writer', name: 'a', version: 3, isThere: true, received: 10, sent: 10, round: 3 };
const rates = { stepsPerSecond: 1, messagesPerSecond: 2, updatesPerSecond: 3, lag: 0 };

describe('watching a run', () => {
  it('tells rates, what is behind, and who left', () => {
    const record = new WatchRecord('x');
    record.greeted(agent, 1000);
    assert.deepEqual(record.view(1500), {
      run: 'x',
      progress: null,
      agents: [{ role: 'writer', name: 'a', version: 3, behind: null, round: 3, messagesPerSecond: null, age: 500 }],
    });
    record.progressed({ round: 4, step: 99, version: 5, metrics: { 'return/mean': 2 }, rates }, 1800);
    record.greeted({ ...agent, received: 15, sent: 25 }, 2000);
    record.greeted({ ...agent, role: 'analyst', version: 6 }, 2000);
    record.greeted({ ...agent, name: 'b' }, 2000);
    const { progress, agents } = record.view(2100);
    assert.deepEqual(progress, { round: 4, step: 99, version: 5, metrics: { 'return/mean': 2 }, rates, age: 300 });
    assert.deepEqual(
      agents.map(({ role, name, behind, messagesPerSecond }) => [role, name, behind, messagesPerSecond]),
      [
        ['analyst', 'a', 0, null],
        ['writer', 'a', 2, 20],
        ['writer', 'b', 2, null],
      ],
    );
    // Another process of the same name counts from 0.
    record.greeted({ ...agent, received: 1, sent: 1 }, 3000);
    record.greeted({ ...agent, name: 'b', isThere: false }, 3000);
    assert.deepEqual(
      record.view(3000).agents.map(({ name, messagesPerSecond }) => [name, messagesPerSecond]),
      [
        ['a', null],
        ['a', null],
      ],
    );
  });

  it('hears what a run and its agents say of themselves', async () => {
    const server = memoryServer();
    const [bus, outside] = [server.connect(), server.connect()];
    const watching = watchRun(outside, 'duet');
    const options = { rollout: 4, credit: 'shared' } as const;
    const training = await createTeam(
      { seed: 7, steps: 16, copies: 2, make: duet(), bus, run: 'duet', options },
      (of) => {
        return new FakeLearner(of.groups, 7);
      },
    );
    const { metrics } = await training.advance();
    await eventually(() => watching.view().progress !== null && watching.view().agents.length === 2);
    const { progress, agents } = watching.view();
    assert.deepEqual(progress?.metrics, metrics);
    assert.deepEqual([progress?.version, progress?.step], [1, 8]);
    assert.deepEqual(
      agents.map(({ role }) => role),
      ['pianist', 'singer'],
    );
    await training.close();
    await eventually(() => watching.view().agents.length === 0);
    await watching.close();
    await Promise.all([bus.close(), outside.close()]);
  });
});
