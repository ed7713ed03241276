import assert from 'node:assert/strict';
import { workerKills } from '../../../bench/worker-kills.ts';
import { NatsServer, whyNoNats } from '../../mas/bus/nats-server.ts';

describe('workers in processes of their own, on a real bus', () => {
  before(function () {
    if (whyNoNats !== undefined) {
      console.log(`      skipped: ${whyNoNats}`);
      this.skip();
    }
  });

  it('may be killed one after the other: each run is done once, and as if nothing had happened', async function () {
    this.timeout(180_000);
    const server = await NatsServer.start();
    try {
      const result = await workerKills({ url: server.url, runs: 4, workers: 2, every: 5, kills: 2, steps: 24_000 });
      const { finished, twice, different, orphans, killed } = result;
      assert.deepEqual({ finished, twice, different, orphans }, { finished: 4, twice: 0, different: [], orphans: 0 });
      assert.ok(killed > 0);
    } finally {
      await server.stop();
    }
  });
});
