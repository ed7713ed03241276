import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { stream } from '../../../core/index.ts';
import type { Bus } from '../../../mas/index.ts';
import {
  act,
  Channel,
  type ChannelOptions,
  type DeadLetter,
  experience,
  feedback,
  hello,
  observe,
  policy,
  type Received,
  type Refusal,
  type Task,
} from '../../../mas/messages/index.ts';
import { bytes, eventually, failsWith, fresh } from '../bus/contract.ts';
import { Hostile, MOST_BYTES, total } from './hostile.ts';
import { bytesOf } from './samples.ts';

const answer = (round: number): { fields: Received<typeof act>['fields']; arrays: Received<typeof act>['arrays'] } => ({
  fields: { round, step: 0, version: 3, role: 'writer' },
  arrays: {
    action: { shape: [2, 1, 1], data: Int32Array.of(round, 1) },
    logProbability: { shape: [2, 1], data: Float32Array.of(-1, -2) },
  },
});

/** `B` copies of 10 numbers each. */
const question = (
  round: number,
  B = 2,
): { fields: Received<typeof observe>['fields']; arrays: Received<typeof observe>['arrays'] } => ({
  fields: { round, step: 0, version: 3 },
  arrays: {
    observation: { shape: [B, 1, 10], data: new Float32Array(B * 10).fill(round) },
    mask: { shape: [B, 1, 0], data: new Uint8Array() },
    alive: { shape: [B, 1], data: new Uint8Array(B).fill(1) },
  },
});
const LARGE = 40_000; // copies: 1.6 MB

/** What a channel promises over any bus. */
export function channelContract(connect: () => Promise<Bus>): void {
  let [a, b]: Bus[] = [];
  let run: string;
  const open: Channel[] = [];
  const channel = (bus: Bus, options: Partial<ChannelOptions> = {}): Channel => {
    const made = new Channel(bus, { run, ...options });
    open.push(made);
    return made;
  };
  beforeEach(async () => {
    [a, b] = [await connect(), await connect()];
    run = `run ${fresh()}`;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((channel) => channel.close()));
    await Promise.all([a!.close(), b!.close()]);
  });
  /** What arrives, refusals and dead letters, from the moment the server knows. */
  const hear = async (receiver: Channel, subject: string) => {
    const heard: Received<typeof act>[] = [];
    const refusals: Refusal[] = [];
    const letters: DeadLetter[] = [];
    receiver.receive(act, subject).subscribe((message) => heard.push(message));
    receiver.refusals.subscribe((refusal) => refusals.push(refusal));
    receiver.deadLetters().subscribe((letter) => letters.push(letter));
    await receiver.bus.flush();
    return { heard, refusals, letters };
  };

  describe('messages', () => {
    it('arrive as they were sent, in order, each with an id of its own', async () => {
      const [host, role] = [channel(a!), channel(b!)];
      const { heard } = await hear(role, 'x');
      for (let round = 0; round < 100; round++) host.send(act, 'x', answer(round));
      host.send(act, 'x', { ...answer(100), id: 'mine' });
      await eventually(() => heard.length === 101);
      assert.deepEqual(
        heard.map(({ fields }) => fields.round),
        Array.from({ length: 101 }, (_, i) => i),
      );
      assert.deepEqual([...heard[7]!.arrays.action.data], [7, 1]);
      assert.equal(new Set(heard.map(({ id }) => id)).size, 101);
      assert.equal(heard.at(-1)!.id, 'mine');
      assert.equal(host.counters.sent, 101);
      assert.equal(role.counters.accepted, 101);
    });

    it('larger than the bus carries come through a blob, which does not stay', async () => {
      const [host, role] = [channel(a!), channel(b!)];
      const heard: Received<typeof observe>[] = [];
      role.receive(observe, 'x').subscribe((message) => heard.push(message));
      await b!.flush();
      assert.throws(() => host.send(observe, 'x', question(1, LARGE)), failsWith('too_large'));
      await host.sendLarge(observe, 'x', question(1, LARGE));
      await host.sendLarge(observe, 'x', question(2));
      await eventually(() => heard.length === 2);
      const large = heard.find(({ fields }) => fields.round === 1)!;
      assert.deepEqual(large.arrays.observation, question(1, LARGE).arrays.observation);
      assert.deepEqual({ ...large.sizes }, { B: LARGE, n: 1, D: 10, M: 0 });
      const blobs = await a!.blobs(host.subjects.store);
      assert.equal((await blobs.names()).length, 1);
      await host.close();
      assert.deepEqual(await blobs.names(), []);
    });

    it('that are set aside say why, by whom they came, and how they began', async () => {
      const role = channel(b!, { mostBytes: MOST_BYTES });
      const { heard, refusals, letters } = await hear(role, 'x.*');
      const others = channel(a!, { run: 'other' });
      others.send(act, 'x.run', answer(0));
      channel(a!).send(hello, 'x.kind', {
        fields: { role: 'r', name: 'n', version: 0, isThere: true, received: 0, sent: 0, round: 0 },
      });
      a!.publish('x.json', bytes('\u0002\0\0\0{]'));
      a!.publish('x.oversized', new Uint8Array(MOST_BYTES + 1).fill(7));
      await eventually(() => letters.length === 4);
      for (const { reason, from } of letters) assert.equal(from, `x.${reason}`);
      assert.deepEqual(
        refusals.map(({ reason, from, kind, size }) => ({ reason, from, kind, size })),
        letters.map(({ reason, from, kind, size }) => ({ reason, from, kind, size })),
      );
      assert.deepEqual(
        letters.map(({ size, data }) => [size > 16_384, data.length <= 16_384]),
        [
          [false, true],
          [false, true],
          [false, true],
          [true, true],
        ],
      );
      assert.ok(letters[3]!.data.every((byte) => byte === 7));
      assert.equal(heard.length, 0);
    });

    it('that are set aside are not set aside again, by nobody who listens to everything', async () => {
      const [mine, others] = [channel(a!), channel(b!, { run: `${run} too` })];
      const counts: number[] = [];
      for (const listener of [mine, others]) {
        listener.receive(act, '>').subscribe();
        listener.deadLetters().subscribe(() => counts.push(1));
      }
      await Promise.all([a!.flush(), b!.flush()]);
      a!.publish('x', bytes('bad'));
      a!.publish('lightbulb.dead', bytes('of a batch'));
      await eventually(() => counts.length === 2);
      for (let i = 0; i < 5; i++) await Promise.all([a!.flush(), b!.flush()]);
      assert.equal(counts.length, 2);
      assert.equal(mine.counters.received, 1);
    });
  });

  describe('hostile messages', () => {
    it('10,000 of them are all counted and set aside, and a good one still comes through', async function () {
      this.timeout(60_000);
      const role = channel(b!, {
        mostBytes: MOST_BYTES,
        deadLetters: { burst: 20_000, perSecond: 0 },
        blobTimeout: 2000,
      });
      const { heard, refusals, letters } = await hear(role, 'x');
      const hostile = new Hostile(run, stream(7, 'hostile'));
      const sent = 10_000;
      for (let i = 1; i <= sent; i++) {
        a!.publish('x', hostile.next());
        if (i % 500 === 0) {
          await a!.flush();
          await b!.flush();
        }
      }
      const counted = (): number => role.counters.accepted + total(role.counters.refused);
      await eventually(() => counted() === sent, 20_000);
      const { received, accepted, refused, deadLetters } = role.counters;
      assert.equal(received, sent);
      assert.equal(heard.length, accepted);
      assert.equal(refusals.length, total(refused));
      assert.ok(accepted > sent / 100 && total(refused) > sent / 2, `${accepted} accepted`);
      assert.equal(refused.internal, 0);
      for (const reason of ['oversized', 'truncated', 'header', 'json', 'keys', 'envelope', 'run', 'kind'] as const) {
        assert.ok(refused[reason] > 10, `${reason}: ${refused[reason]}`);
      }
      for (const reason of ['version', 'schema', 'arrays', 'length'] as const) {
        assert.ok(refused[reason] > 10, `${reason}: ${refused[reason]}`);
      }
      assert.deepEqual(deadLetters, { published: total(refused), withheld: 0 });
      await eventually(() => letters.length === total(refused), 20_000);
      for (const [reason, count] of Object.entries(refused)) {
        assert.equal(letters.filter((letter) => letter.reason === reason).length, count, reason);
      }
      channel(a!).send(act, 'x', answer(77_777));
      await eventually(() => heard.some(({ fields }) => fields.round === 77_777));
    });

    it('fill the dead letters no faster than they may', async () => {
      const role = channel(b!, { deadLetters: { burst: 50, perSecond: 10 } });
      const began = performance.now();
      const { letters } = await hear(role, 'x');
      for (let i = 0; i < 2000; i++) a!.publish('x', bytes(`bad ${i}`));
      await eventually(() => total(role.counters.refused) === 2000);
      const { published, withheld } = role.counters.deadLetters;
      assert.equal(published + withheld, 2000);
      assert.ok(published >= 50 && published <= 51 + ((performance.now() - began) / 1000) * 10, `${published}`);
      await eventually(() => letters.length === published);
      await sleep(250);
      a!.publish('x', bytes('later'));
      await eventually(() => role.counters.deadLetters.published > published);
    });

    it('that name blobs cost a few fetches, not many', async () => {
      const role = channel(b!, { blobTimeout: 1000 });
      await hear(role, 'x');
      const header = {
        version: 1,
        run,
        kind: 'act',
        fields: answer(0).fields,
        arrays: { action: { dtype: 'i32', shape: [2, 1, 1] }, logProbability: { dtype: 'f32', shape: [2, 1] } },
        blob: { name: 'missing', sha256: 'a'.repeat(64), size: 16 },
      };
      for (let i = 0; i < 300; i++) a!.publish('x', bytesOf({ ...header, id: `${i}` }));
      await eventually(() => total(role.counters.refused) === 300, 15_000);
      const { blob, busy } = role.counters.refused;
      assert.equal(blob + busy, 300);
      assert.ok(blob >= 4, `${blob}`);
    });
  });

  describe('requests', () => {
    it('are answered, whatever the size', async () => {
      const [host, role] = [channel(a!), channel(b!)];
      role.answer(observe, observe, 'x', ({ fields, arrays }) => ({ fields, arrays }), { queue: 'writer' });
      await b!.flush();
      const replies = await Promise.all(
        [2, LARGE, 3].map((B, round) => host.ask(observe, observe, 'x', question(round, B), { timeout: 10_000 })),
      );
      for (const [round, B] of [2, LARGE, 3].entries()) {
        assert.deepEqual(replies[round]!.fields, question(round, B).fields);
        assert.deepEqual(replies[round]!.arrays, question(round, B).arrays);
      }
      assert.equal(role.counters.sent, 3);
      assert.equal(host.counters.accepted, 3);
    });

    it('say when nobody is there, or nobody answers', async () => {
      const host = channel(a!);
      const ask = (): Promise<unknown> => host.ask(observe, act, 'x', question(1), { timeout: 100 });
      await assert.rejects(ask(), failsWith('no_responder'));
      b!.subscribe('x').subscribe();
      await b!.flush();
      await assert.rejects(ask(), failsWith('timeout'));
    });

    it('with bad answers fail, and the answer is set aside', async () => {
      const host = channel(a!);
      const { refusals } = await hear(host, 'y');
      b!.subscribe('x').subscribe((message) => message.respond(bytes('nonsense')));
      await b!.flush();
      await assert.rejects(host.ask(observe, act, 'x', question(1), { timeout: 1000 }), failsWith('corrupt'));
      assert.equal(refusals[0]?.from, 'answer to x');
    });

    it('that are refused, or that a handler fails at, say so at once', async () => {
      const [host, role, stranger] = [channel(a!), channel(b!), channel(a!, { run: 'another' })];
      const failures: unknown[] = [];
      role.failures.subscribe(({ error }) => failures.push(error));
      role.answer(observe, act, 'x', ({ fields: { round } }) => {
        if (round === 1) throw new Error('boom');
        if (round === 2) return { ...answer(2), fields: { ...answer(2).fields, round: -1 } };
        return answer(round);
      });
      await b!.flush();
      const ask = (from: Channel, round: number) => from.ask(observe, act, 'x', question(round), { timeout: 2000 });
      await assert.rejects(ask(host, 1), /refused.*failed, boom/);
      await assert.rejects(ask(host, 2), failsWith('contract'));
      assert.equal((await ask(host, 3)).fields.round, 3);
      assert.equal(failures.length, 2);
      assert.equal(role.counters.failed, 2);
      // Of another run: refused there; the refusal is of another run as well, so it is set aside here.
      await assert.rejects(ask(stranger, 3), failsWith('corrupt'));
      assert.equal(role.counters.refused.run, 1);
    });
  });

  describe('tasks', () => {
    const lived = (round: number, B: number) => {
      const shape = (T: number, last: number): number[] => [T, B, 1, last];
      const floats = (shape: number[]) => ({
        shape,
        data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(round),
      });
      const flags = (shape: number[]) => ({ shape, data: new Uint8Array(shape.reduce((a, b) => a * b, 1)) });
      return {
        id: `writer-${round}`,
        fields: { round, step: 0, role: 'writer', version: 1 },
        arrays: {
          observation: floats(shape(3, 8)),
          mask: flags(shape(3, 0)),
          alive: flags([3, B, 1]),
          action: floats(shape(2, 2)),
          logProbability: floats([2, B, 1]),
          reward: floats([2, B, 1]),
          terminated: flags([2, B, 1]),
          truncated: flags([2, B, 1]),
          ended: { shape: [1, 2], data: Int32Array.of(1, 0) },
          finalObservation: floats([1, 1, 8]),
        },
      };
    };

    it('are each taken until done, of any size, once for each id', async () => {
      const [host, learner] = [await channel(a!).tasks(experience), await channel(b!).tasks(experience)];
      assert.equal(await host.add('cpu', lived(1, 2)), true);
      assert.equal(await host.add('cpu', lived(2, 20_000)), true);
      assert.equal(await host.add('cpu', lived(2, 20_000)), false);
      assert.equal(await host.add('cpu', lived(1, 2)), false);
      const blobs = await b!.blobs(channel(b!).subjects.store);
      assert.equal((await blobs.names()).length, 1);
      for (const [round, B] of [
        [1, 2],
        [2, 20_000],
      ] as const) {
        const task: Task<typeof experience> | undefined = await learner.take('cpu', { wait: 2000 });
        assert.ok(task !== undefined);
        assert.equal(task.id, `writer-${round}`);
        assert.deepEqual(task.arrays, lived(round, B).arrays);
        assert.deepEqual({ ...task.sizes }, { T: 2, B, n: 1, D: 8, M: 0, A: 2, E: 1 });
        assert.equal(task.deliveries, 1);
        await task.acknowledge();
      }
      assert.deepEqual(await blobs.names(), []);
      assert.equal(await learner.take('cpu', { wait: 10 }), undefined);
      assert.equal(await learner.size(), 0);
    });

    it('that are none are set aside for good, and the next one comes', async () => {
      const learning = channel(b!);
      const [host, learner] = [await channel(a!).tasks(experience), await learning.tasks(experience)];
      const raw = await a!.workQueue(learning.subjects.store);
      await raw.add({ lane: 'cpu', id: 'bad', data: bytes('nonsense') });
      await host.add('cpu', lived(1, 2));
      const task = await learner.take('cpu', { wait: 2000 });
      assert.equal(task?.id, 'writer-1');
      await task.acknowledge();
      assert.equal(await raw.size(), 0);
      assert.equal(total(learning.counters.refused), 1);
    });

    it('whose arrays are late come later', async () => {
      const host = channel(a!);
      const [queue, learner] = [await host.tasks(experience), await channel(b!).tasks(experience)];
      await queue.add('cpu', lived(1, 20_000));
      const blobs = await a!.blobs(host.subjects.store);
      const [name] = await blobs.names();
      const data = (await blobs.get(name!, { timeout: 1000 }))!;
      await blobs.delete(name!);
      const taking = learner.take('cpu', { wait: 10_000 });
      await sleep(200);
      await blobs.put(name!, data);
      const task = await taking;
      assert.deepEqual(task?.arrays, lived(1, 20_000).arrays);
      assert.ok(task!.deliveries > 1);
      await task!.giveBack();
      const again = await learner.take('cpu', { wait: 2000 });
      await blobs.put(
        name!,
        data.map((byte) => byte ^ 1),
      );
      await again!.giveBack();
      assert.equal(await learner.take('cpu', { wait: 500 }), undefined, 'another content than was meant');
      assert.equal(await learner.size(), 0);
    });
  });

  describe('latest values', () => {
    it('are got, watched and compared; what is none is set aside', async () => {
      const [learner, role] = [channel(a!), channel(b!)];
      const weights = new Uint8Array(3_000_000).map((_, i) => i);
      const blob = await learner.putBlob('policy-1', weights);
      const [mine, theirs] = [await learner.latest(policy), await role.latest(policy)];
      assert.equal(await theirs.get('policy'), undefined);
      const seen: number[] = [];
      theirs.watch('policy').subscribe(({ fields }) => seen.push(fields.version));
      const revision = await mine.put('policy', { fields: { version: 1, step: 10, blob } }, 0);
      await assert.rejects(mine.put('policy', { fields: { version: 9, step: 10, blob } }, 0), failsWith('conflict'));
      const got = await theirs.get('policy');
      assert.equal(got?.revision, revision);
      assert.deepEqual(await role.fetchBlob(got.fields.blob), weights);
      await (await a!.latest(learner.subjects.store)).put('policy', bytes('nonsense'));
      assert.equal(await theirs.get('policy'), undefined);
      await mine.put('policy', { fields: { version: 2, step: 20, blob } });
      await eventually(() => seen.length === 2);
      assert.deepEqual(seen, [1, 2]);
      assert.ok(total(role.counters.refused) >= 1);
      await assert.rejects(role.fetchBlob({ ...blob, size: 5 }), failsWith('too_large'));
      await assert.rejects(role.fetchBlob({ ...blob, sha256: 'b'.repeat(64) }), failsWith('corrupt'));
      await learner.deleteBlob('policy-1');
      await assert.rejects(role.fetchBlob(blob, { timeout: 1000 }), failsWith('unavailable'));
      await learner.destroy();
      await assert.rejects(mine.get('policy'), failsWith('unavailable'));
    });
  });

  it('feedback of one agent reaches all who listen', async () => {
    const [writer, summariser] = [channel(a!), channel(b!)];
    const said: Received<typeof feedback>[] = [];
    summariser.receive(feedback, summariser.subjects.feedback).subscribe((message) => said.push(message));
    await b!.flush();
    writer.send(feedback, writer.subjects.feedback, {
      fields: { round: 1, step: 2, from: 'writer', about: 'summariser', meaning: 'share of the notes that were used' },
      arrays: {
        copy: { shape: [2], data: Int32Array.of(0, 1) },
        score: { shape: [2], data: Float32Array.of(0.5, 1) },
        vector: { shape: [2, 3], data: new Float32Array(6) },
      },
    });
    await eventually(() => said.length === 1);
    assert.deepEqual([...said[0]!.arrays.score.data], [0.5, 1]);
    assert.deepEqual(said[0]!.arrays.vector?.shape, [2, 3]);
  });
}
