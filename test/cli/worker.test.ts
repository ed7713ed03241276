import assert from 'node:assert/strict';
import { join } from 'node:path';
import { NatsServer, whyNoNats } from '../mas/bus/nats-server.ts';
import { temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

describe('lightbulb worker', () => {
  const folder = temporaryFolder();
  const before_ = process.env.LIGHTBULB_BUS;
  before(() => {
    delete process.env.LIGHTBULB_BUS;
  });
  after(() => {
    if (before_ !== undefined) process.env.LIGHTBULB_BUS = before_;
  });

  const refusals: Record<string, readonly [words: readonly string[], message: RegExp]> = {
    'no bus': [['--devices', 'cpu'], /no bus is named.*nats-server -js/],
    'an address of something else': [['--bus', 'http://here', '--devices', 'cpu'], /no address of a bus/],
    'a bus that is not there': [['--bus', 'nats://127.0.0.1:9', '--devices', 'cpu'], /no NATS server/],
    'a device that there is none of': [['--bus', 'memory:', '--devices', 'cpu,tpu'], /no such device.*got tpu/],
    'half a thread': [['--bus', 'memory:', '--devices', 'cpu', '--threads', '0.5'], /not a whole number/],
  };
  for (const [what, [words, message]] of Object.entries(refusals)) {
    it(`refuses ${what}`, async () => {
      const { code, out, err } = await lightbulb(['worker', ...words]);
      assert.equal(code, 2);
      assert.match(err, message);
      assert.equal(out, '');
    });
  }

  it('says when it is ready, and ends after a time without jobs', async function () {
    if (whyNoNats !== undefined) this.skip();
    const server = await NatsServer.start();
    try {
      const words = ['--bus', server.url, '--devices', 'cpu', '--idle', '1', '--folder', join(folder(), 'w'), '--json'];
      const { code, out } = await lightbulb(['worker', ...words]);
      assert.equal(code, 0);
      const lines = out.trim().split('\n');
      const news = lines.map((line) => JSON.parse(line) as { kind: string; lanes: string[] });
      assert.deepEqual(
        news.map(({ kind, lanes }) => [kind, lanes]),
        [['ready', ['cpu']]],
      );
    } finally {
      await server.stop();
    }
  });
});
