import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import { nkeys } from 'nats';
import type { LightbulbError } from '../../../core/index.ts';
import { type Bus, connectBus, type Entry, natsBus } from '../../../mas/index.ts';
import { busContract, bytes, eventually, failsWith, text } from './contract.ts';
import { NatsServer, whyNoNats } from './nats-server.ts';

describe(`NATS bus${whyNoNats === undefined ? '' : ` (skipped: ${whyNoNats})`}`, () => {
  before(function () {
    if (whyNoNats !== undefined) this.skip();
  });

  describe('contract', () => {
    let server: NatsServer;
    before(async () => {
      server = await NatsServer.start();
    });
    after(() => server.stop());
    busContract(() => ({ connect: () => natsBus({ servers: server.url }) }));
  });

  describe('when the server goes away and comes back', () => {
    let server: NatsServer;
    let a: Bus;
    let b: Bus;
    beforeEach(async () => {
      server = await NatsServer.start();
      [a, b] = [await natsBus({ servers: server.url }), await natsBus({ servers: server.url })];
    });
    afterEach(async () => {
      await Promise.all([a.close(), b.close()]);
      await server.stop();
    });

    it('goes on: subscriptions, watches, tasks, ids, values, blobs', async () => {
      const statuses: string[] = [];
      a.status.subscribe((status) => statuses.push(status));
      const heard: string[] = [];
      a.subscribe('news').subscribe(({ data }) => heard.push(text(data)));
      const [store, others] = [await a.latest('s'), await b.latest('s')];
      await others.put('k', bytes('before'));
      await others.put('gone', bytes('before'));
      const seen: Entry[] = [];
      store.watch('>').subscribe((entry) => seen.push(entry));
      const [queue, mine] = [await a.workQueue('q', { patience: 500 }), await b.workQueue('q')];
      for (const id of ['1', '2', '3']) await mine.add({ lane: 'cpu', id, data: bytes(id) });
      await (await queue.take('cpu', { wait: 2000 }))!.acknowledge();
      const underWay = await queue.take('cpu', { wait: 2000 });
      const waiting = queue.take('cuda', { wait: 20_000 });
      const blobs = await a.blobs('b');
      await blobs.put('x', bytes('blob'));
      await eventually(() => seen.length === 2);

      await server.kill();
      await eventually(() => statuses.includes('disconnected'));
      a.publish('news', bytes('lost'));
      const during = others.put('k', bytes('after'));
      await sleep(300);
      await server.restart();
      await eventually(() => statuses.at(-1) === 'connected', 10_000);
      assert.deepEqual(
        statuses.filter((status, i) => status !== statuses[i - 1]),
        ['connected', 'disconnected', 'reconnecting', 'connected'],
      );

      await during; // waited for the server
      await others.delete('gone');
      await eventually(() => seen.length === 4);
      assert.deepEqual(
        seen.map(({ key, value, isDeleted }) => [key, text(value), isDeleted]),
        [
          ['k', 'before', false],
          ['gone', 'before', false],
          ['k', 'after', false],
          ['gone', '', true],
        ],
      );
      await eventually(() => {
        b.publish('news', bytes('again'));
        return heard.includes('again');
      });
      await underWay!.acknowledge();
      const third = await queue.take('cpu', { wait: 3000 });
      assert.equal(third?.id, '3');
      await third!.acknowledge();
      for (const id of ['1', '2', '3']) assert.equal(await mine.add({ lane: 'cpu', id, data: bytes(id) }), false);
      await mine.add({ lane: 'cuda', id: 'c', data: bytes('') });
      const start = performance.now();
      assert.equal((await waiting)?.id, 'c', 'a taker that waited through it');
      assert.ok(performance.now() - start < 2000, 'late');
      assert.equal(text((await blobs.get('x', { timeout: 5000 }))!), 'blob');
    });

    it('gives out nothing again that was acknowledged just before', async () => {
      const queue = await b.workQueue('q', { patience: 500 });
      for (const id of ['1', '2', '3']) await queue.add({ lane: 'cpu', id, data: bytes(id) });
      for (let i = 0; i < 2; i++) await (await queue.take('cpu', { wait: 2000 }))!.acknowledge();
      await server.restart();
      const next = await queue.take('cpu', { wait: 10_000 });
      assert.equal(next?.id, '3');
      await next!.acknowledge();
      assert.equal(await queue.take('cpu', { wait: 2000 }), undefined);
      assert.equal(await queue.size(), 0);
    });

    it('notices within seconds a server that stands still', async () => {
      let isGone = false;
      a.status.subscribe((status) => {
        isGone ||= status === 'disconnected';
      });
      server.freeze();
      try {
        const start = performance.now();
        await eventually(() => isGone, 12_000);
        assert.ok(performance.now() - start < 9000);
      } finally {
        server.thaw();
      }
      await a.flush().catch(() => undefined);
      await eventually(async () => {
        await b.request('nobody', bytes(''), { timeout: 500 }).catch(failsWith('no_responder'));
        return true;
      }, 15_000);
    });

    it('says so while it is away, and can be closed then', async () => {
      await server.kill();
      await sleep(100);
      await assert.rejects(a.request('x', bytes(''), { timeout: 200 }), (error: LightbulbError) =>
        ['timeout', 'unavailable'].includes(error.code),
      );
      const start = performance.now();
      await a.close();
      assert.ok(performance.now() - start < 2000);
    });
  });

  describe('who may enter', () => {
    const secret = 'hunter2-and-more';
    let server: NatsServer;
    const kept = { ...process.env };
    afterEach(async () => {
      for (const name of Object.keys(process.env)) {
        if (name.startsWith('LIGHTBULB_NATS_')) delete process.env[name];
      }
      Object.assign(process.env, kept);
      await server?.stop();
    });
    const start = async (config: string): Promise<NatsServer> => {
      server = await NatsServer.start({ config });
      return server;
    };
    const enters = async (connecting: Promise<Bus>): Promise<void> => {
      const bus = await connecting;
      await bus.flush();
      await bus.close();
    };
    const staysOut = async (connecting: Promise<Bus>, code: 'unavailable' | 'invalid_input', hidden: string) => {
      await assert.rejects(connecting, (error: unknown) => {
        failsWith(code)(error);
        assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(hidden), 'the secret is in the error');
        return true;
      });
    };

    it('asks for a token', async () => {
      const { url } = await start(`authorization { token: "${secret}" }`);
      await enters(natsBus({ servers: url, auth: { token: secret } }));
      await enters(connectBus(url, { auth: { token: secret } }));
      await enters(connectBus(url.replace('//', `//${secret}@`)));
      await staysOut(natsBus({ servers: url }), 'unavailable', secret);
      await staysOut(natsBus({ servers: url, auth: { token: 'wrong-token' } }), 'unavailable', 'wrong-token');
      await staysOut(connectBus(url.replace('//', '//wrong-token@')), 'unavailable', 'wrong-token');
      process.env.LIGHTBULB_NATS_TOKEN = secret;
      await enters(connectBus(url));
    });

    it('asks for a user and a password', async () => {
      const { url } = await start(`authorization { user: ann, password: "${secret}" }`);
      await enters(natsBus({ servers: url, auth: { user: 'ann', password: secret } }));
      await enters(connectBus(url.replace('//', `//ann:${secret}@`)));
      await staysOut(
        natsBus({ servers: url, auth: { user: 'ann', password: 'wrong-one' } }),
        'unavailable',
        'wrong-one',
      );
      await staysOut(natsBus({ servers: url, auth: { user: 'ann' } }), 'invalid_input', secret);
      process.env.LIGHTBULB_NATS_USER = 'ann';
      process.env.LIGHTBULB_NATS_PASSWORD = secret;
      await enters(connectBus(url));
      process.env.LIGHTBULB_NATS_TOKEN = 'another-secret';
      await staysOut(connectBus(url), 'invalid_input', 'another-secret');
    });

    it('asks for an nkey', async () => {
      const [good, bad] = [nkeys.createUser(), nkeys.createUser()];
      const seed = (pair: typeof good): string => text(pair.getSeed());
      const { url } = await start(`authorization { users: [ { nkey: ${good.getPublicKey()} } ] }`);
      await enters(natsBus({ servers: url, auth: { nkey: seed(good) } }));
      await staysOut(natsBus({ servers: url, auth: { nkey: seed(bad) } }), 'unavailable', seed(bad));
      await staysOut(natsBus({ servers: url, auth: { nkey: `${secret}SU` } }), 'invalid_input', secret);
      process.env.LIGHTBULB_NATS_NKEY = seed(good);
      await enters(connectBus(url));
    });

    it('hides what is in a bad URL, and names a missing file', async () => {
      for (const url of [`http://ann:${secret}@host`, `nats://ann:${secret}/x@host:1:2`, `nats://ann:${secret}@`]) {
        await staysOut(connectBus(url), 'invalid_input', secret);
      }
      process.env.LIGHTBULB_NATS_CREDS = 'no-such.creds';
      await assert.rejects(connectBus('nats://localhost'), /no-such\.creds.*LIGHTBULB_NATS_CREDS/);
      process.env.LIGHTBULB_NATS_CREDS = fileURLToPath(import.meta.url);
      await assert.rejects(connectBus('nats://localhost'), failsWith('invalid_input'));
    });

    it('says at once that a request may not be made', async () => {
      const { url } = await start(
        'authorization { users: [ { user: ann, password: p, permissions: { publish: { deny: "shut.>" } } } ] }',
      );
      const bus = await natsBus({ servers: url, auth: { user: 'ann', password: 'p' } });
      const began = performance.now();
      try {
        await assert.rejects(bus.request('shut.door', bytes(''), { timeout: 10_000 }), failsWith('unavailable'));
        assert.ok(performance.now() - began < 5000);
        await assert.rejects(bus.request('open.door', bytes(''), { timeout: 10_000 }), failsWith('no_responder'));
      } finally {
        await bus.close();
      }
    });

    it('goes on where the server refuses for a while', async () => {
      await start('authorization { token: good }');
      const bus = await natsBus({ servers: server.url, auth: { token: 'good' } });
      let latest = '';
      bus.status.subscribe((status) => {
        latest = status;
      });
      await server.restart({ config: 'authorization { token: other }' });
      await sleep(1500);
      assert.notEqual(latest, 'connected');
      await server.restart({ config: 'authorization { token: good }' });
      await eventually(() => latest === 'connected', 10_000);
      await bus.close();
    });
  });

  describe('over TLS', () => {
    it('trusts the given authority only', async function () {
      const folder = mkdtempSync(join(tmpdir(), 'lightbulb-tls-'));
      const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
      const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      const names = ['-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
      try {
        await promisify(execFile)('openssl', [...request, ...names, '-keyout', key, '-out', cert]);
      } catch {
        rmSync(folder, { recursive: true });
        this.skip(); // no openssl here
      }
      const server = await NatsServer.start({ config: `tls { cert_file: "${cert}", key_file: "${key}" }` });
      const url = server.url.replace('nats://127.0.0.1', 'tls://localhost');
      try {
        await assert.rejects(connectBus(url), failsWith('unavailable'));
        const bus = await natsBus({ servers: url, tls: { ca: cert } });
        await bus.flush();
        await bus.close();
        await assert.rejects(natsBus({ servers: url, tls: { ca: cert, key } }), failsWith('invalid_input'));
      } finally {
        await server.stop();
        rmSync(folder, { recursive: true });
      }
    });
  });

  describe('what can be wrong', () => {
    it('is told quickly, with the cure', async () => {
      const server = await NatsServer.start({ hasJetStream: false });
      await assert.rejects(connectBus(server.url), /no JetStream.*nats-server -js/);
      const { url } = server;
      await server.stop();
      const start = performance.now();
      await assert.rejects(connectBus(url), (error: unknown) => failsWith('unavailable')(error));
      await assert.rejects(connectBus(url), /Start one: nats-server -js/);
      assert.ok(performance.now() - start < 2000);
    });

    it('is a blob that lost bytes on the server', async () => {
      const server = await NatsServer.start();
      try {
        const bus = await natsBus({ servers: server.url });
        const blobs = await bus.blobs('b');
        const { sha256 } = await blobs.put('x', new Uint8Array(300_000).fill(1));
        assert.equal(sha256.length, 64);
        // A chunk in the middle goes missing, as on a damaged disk.
        const raw = await (await import('nats')).connect({ servers: server.url });
        const manager = await raw.jetstreamManager();
        await manager.streams.deleteMessage('OBJ_b', 2);
        await raw.close();
        await assert.rejects(blobs.get('x', { timeout: 5000 }), failsWith('corrupt'));
        await bus.close();
      } finally {
        await server.stop();
      }
    });
  });

  it('lets the process end once it is closed', async () => {
    const server = await NatsServer.start();
    const folder = mkdtempSync(join(tmpdir(), 'lightbulb-end-'));
    const script = join(folder, 'end.mts');
    const door = new URL('../../../mas/index.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { connectBus, memoryBus } from ${JSON.stringify(door)};
       for (const bus of [await connectBus(${JSON.stringify(server.url)}), memoryBus()]) {
         bus.subscribe('x').subscribe(() => undefined);
         const queue = await bus.workQueue('q');
         await queue.add({ lane: 'cpu', id: '1', data: new Uint8Array() });
         void queue.take('cuda', { wait: 60_000 });
         const task = await queue.take('cpu', { wait: 1000 });
         const store = await bus.latest('s');
         store.watch('>').subscribe(() => undefined);
         await store.put('k', new Uint8Array());
         const blobs = await bus.blobs('b');
         await blobs.put('x', new Uint8Array(10));
         await blobs.get('x', { timeout: 60_000 });
         await bus.request('x', new Uint8Array(), { timeout: 10 }).catch(() => undefined);
         await task?.acknowledge();
         await bus.close();
       }
       const closed = performance.now();
       process.on('exit', () => console.log(Math.round(performance.now() - closed)));`,
    );
    try {
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { timeout: 30_000 });
      assert.ok(Number(stdout) < 1500, `lingered for ${stdout} ms`);
    } finally {
      rmSync(folder, { recursive: true });
      await server.stop();
    }
  });
});

describe('the names of buses', () => {
  it('are checked', async () => {
    for (const url of [
      '',
      'memory',
      'memory:x',
      'http://x',
      'nats:x',
      'redis://x',
      'nats://',
      'nats://x/y',
      'nats://x:y',
    ]) {
      await assert.rejects(connectBus(url), failsWith('invalid_input'), url);
    }
    const bus = await connectBus('memory:');
    await bus.flush();
    await bus.close();
  });
});
