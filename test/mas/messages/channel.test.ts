import assert from 'node:assert/strict';
import { type MemoryServer, memoryServer, natsBus } from '../../../mas/index.ts';
import { subjectsOf, token } from '../../../mas/messages/index.ts';
import { failsWith } from '../bus/contract.ts';
import { NatsServer, whyNoNats } from '../bus/nats-server.ts';
import { channelContract } from './channel-contract.ts';

describe('a channel within one process', () => {
  let server: MemoryServer;
  before(() => {
    server = memoryServer();
  });
  channelContract(async () => server.connect());
});

describe(`a channel over NATS${whyNoNats === undefined ? '' : ` (skipped: ${whyNoNats})`}`, () => {
  let server: NatsServer;
  before(async function () {
    if (whyNoNats !== undefined) this.skip();
    server = await NatsServer.start();
  });
  after(() => server?.stop());
  channelContract(() => natsBus({ servers: server.url }));
});

describe('subjects of a run', () => {
  it('hold every name, each apart from all others', () => {
    assert.equal(token('news 1.é💡=x'), 'news=20=1=2e==e9==1f4a1==3d=x');
    const names = ['a', 'a.b', 'a b', 'a_b', 'a=20=b', 'A', '日本', '*', '>', '$x'];
    const subjects = names.map(subjectsOf);
    assert.equal(new Set(subjects.map(({ feedback }) => feedback)).size, names.length);
    assert.equal(new Set(subjects.map(({ store }) => store)).size, names.length);
    for (const { store, observe } of subjects) {
      assert.match(store, /^[-\w]{1,128}$/);
      assert.match(observe('the writer'), /^lightbulb\.[^.*> ]+\.observe\.the=20=writer$/);
    }
    for (const name of ['', 'x'.repeat(181), '.'.repeat(100)])
      assert.throws(() => token(name), failsWith('invalid_input'));
  });
});
