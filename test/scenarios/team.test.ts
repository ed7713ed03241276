import assert from 'node:assert/strict';
import { join } from 'node:path';
import { sharedValueDefaults } from '../../mas/index.ts';
import { build, type EnvironmentScenario, loadScenario } from '../../scenarios/index.ts';
import { errorOf, put, temporaryFolder } from './files.ts';

describe('a scenario for agents that share a value', () => {
  const folder = temporaryFolder();
  const scenario = (changes: object): EnvironmentScenario => {
    const environment = { name: 'simple_spread', copies: 2, options: { cycles: 4 } };
    const small = { name: 'team', environment, learner: { name: 'shared' }, steps: 8, ...changes };
    return loadScenario(put(folder(), 'team.json', small)) as EnvironmentScenario;
  };

  it('has the defaults of its learner, and everybody in one process', () => {
    const { learner, mas } = scenario({});
    assert.deepEqual(learner, sharedValueDefaults);
    assert.deepEqual(mas, { bus: 'memory:', roles: {} });
  });

  it('fills in the encoder that is named', () => {
    const of = (encoder: object) => {
      const { learner } = scenario({ learner: { name: 'shared', encoder } });
      return learner.name === 'shared' ? learner.encoder : undefined;
    };
    assert.deepEqual(of({ width: 32 }), { ...sharedValueDefaults.encoder, width: 32 });
    assert.deepEqual(of({ kind: 'plain' }), { kind: 'plain', hidden: [64, 64], activation: 'tanh' });
    assert.match(errorOf(() => of({ kind: 'plain', width: 32 })).message, /unknown key "width"/);
  });

  it('takes secrets by the names of environment variables only, and never an address with one', () => {
    const mas = { bus: 'nats://127.0.0.1:1', auth: { token: '$NEWSROOM_TOKEN', creds: 'my.creds' } };
    assert.deepEqual(scenario({ mas }).mas.auth, { token: '$NEWSROOM_TOKEN', creds: join(folder(), 'my.creds') });
    const { message } = errorOf(() => scenario({ mas: { ...mas, auth: { token: 'hunter2' } } }));
    assert.match(message, /\/mas\/auth\/token/);
    assert.ok(!message.includes('hunter2'));
    const address = errorOf(() => scenario({ mas: { bus: 'nats://me:hunter2@127.0.0.1:1' } })).message;
    assert.ok(address.includes('/mas/bus') && !address.includes('hunter2'));
  });

  it('says which variable of a secret is not set', async () => {
    const mas = { bus: 'nats://127.0.0.1:1', auth: { token: '$LIGHTBULB_TEST_UNSET' } };
    await assert.rejects(build(scenario({ mas })), (error: Error) => {
      assert.match(error.message, /\/mas\/auth\/token.*LIGHTBULB_TEST_UNSET/s);
      return true;
    });
  });

  it('leaves the bus to the learner that talks', () => {
    const { message } = errorOf(() => scenario({ learner: { name: 'ppo' }, mas: { bus: 'nats://127.0.0.1:1' } }));
    assert.match(message, /\/mas: only the learner "shared" talks over a bus/);
  });

  it('may evaluate under other options, of the same agents and spaces', async () => {
    const evaluation = { episodes: 2, options: { localRatio: 0 } };
    const training = await build(scenario({ learner: { name: 'random' }, evaluation }));
    const plain = await build(scenario({ learner: { name: 'random' } }));
    const how = { episodes: 2, seed: 1, deterministic: true };
    const [other, same] = [await training.evaluate(how), await plain.evaluate(how)];
    assert.notDeepEqual(other.agents, same.agents);
    assert.ok(Math.abs(other.length - same.length) < 1e-9);
    await Promise.all([training.close(), plain.close()]);
    await assert.rejects(
      build(scenario({ learner: { name: 'random' }, evaluation: { options: { agents: 2 } } })),
      /\/evaluation\/options: evaluations play in an environment of other agents or spaces/,
    );
  });
});
