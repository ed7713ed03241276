import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { lastValueFrom, take as takeFirst, toArray } from 'rxjs';
import { type ErrorCode, LightbulbError } from '../../../core/index.ts';
import type { Bus, Delivery, Entry, Message } from '../../../mas/index.ts';

/** A place where buses meet, made for one suite. */
export interface Meeting {
  connect(): Promise<Bus>;
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const text = (data: Uint8Array): string => Buffer.from(data).toString();
export const failsWith = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof LightbulbError, `not an error of ours: ${error}`);
  assert.equal(error.code, code, error.message);
  return true;
};

/** Waits until it holds, at most `limit` milliseconds. */
export async function eventually(holds: () => boolean | Promise<boolean>, limit = 5000): Promise<void> {
  const deadline = performance.now() + limit;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `not within ${limit} ms: ${holds}`);
    await sleep(5);
  }
}

let counter = 0;
/** A name that no other test uses. */
export const fresh = (): string => `t${++counter}`;

/** What every bus promises. */
export function busContract(meeting: () => Meeting): void {
  const open: Bus[] = [];
  const connect = async (): Promise<Bus> => {
    const bus = await meeting().connect();
    open.push(bus);
    return bus;
  };
  /** Everything heard, from the moment the server knows of the listener. */
  const hear = async (bus: Bus, pattern: string, options?: { queue: string }): Promise<Message[]> => {
    const heard: Message[] = [];
    bus.subscribe(pattern, options).subscribe((message) => heard.push(message));
    await bus.flush();
    return heard;
  };
  let a: Bus;
  let b: Bus;

  beforeEach(async () => {
    a = await connect();
    b = await connect();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((bus) => bus.close()));
  });

  describe('messages', () => {
    it('reach everybody who listens, with headers and empty bodies, in order', async () => {
      const subject = `${fresh()}.one`;
      const [mine, yours] = [await hear(a, subject), await hear(b, subject)];
      a.publish(subject, bytes('first'), { Kind: 'näws', trace: '1: 2' });
      a.publish(subject, new Uint8Array());
      await eventually(() => mine.length === 2 && yours.length === 2);
      assert.deepEqual(yours[0]!.data, bytes('first'));
      assert.deepEqual(yours[0]!.headers, { Kind: 'näws', trace: '1: 2' });
      assert.deepEqual(yours[1], { ...yours[1], subject, data: new Uint8Array(), headers: {} });
    });

    it('are the reader’s own: changing them or what was sent changes nothing elsewhere', async () => {
      const subject = fresh();
      const [one, other] = [await hear(b, subject), await hear(b, subject)];
      const sent = bytes('abc');
      a.publish(subject, sent);
      sent.fill(0);
      await eventually(() => one.length === 1 && other.length === 1);
      one[0]!.data.fill(1);
      assert.equal(text(other[0]!.data), 'abc');
    });

    it('go to one of each group', async () => {
      const subject = fresh();
      const group = [await hear(a, subject, { queue: 'g' }), await hear(b, `*`, { queue: 'g' })];
      const alone = await hear(b, subject, { queue: 'h' });
      for (let i = 0; i < 40; i++) a.publish(subject, bytes(`${i}`));
      await eventually(() => alone.length === 40);
      await sleep(20);
      const shared = group.flat().map(({ data }) => Number(text(data)));
      assert.deepEqual(
        shared.sort((x, y) => x - y),
        Array.from({ length: 40 }, (_, i) => i),
      );
    });

    it('stop with the subscription', async () => {
      const subject = fresh();
      const heard: Message[] = [];
      const subscription = b.subscribe(subject).subscribe((message) => heard.push(message));
      await b.flush();
      subscription.unsubscribe();
      await b.flush();
      await assert.rejects(a.request(subject, bytes(''), { timeout: 2000 }), failsWith('no_responder'));
      assert.equal(heard.length, 0);
    });

    it('can be awaited one at a time', async () => {
      const subject = fresh();
      const firstTwo = lastValueFrom(b.subscribe(subject).pipe(takeFirst(2), toArray()));
      await b.flush();
      for (const word of ['x', 'y', 'z']) a.publish(subject, bytes(word));
      assert.deepEqual(
        (await firstTwo).map(({ data }) => text(data)),
        ['x', 'y'],
      );
    });

    it('of many publishers all arrive, each publisher’s in order', async () => {
      const subject = fresh();
      const heard = await hear(a, `${subject}.>`);
      const publishers = [a, b, await connect(), await connect()];
      for (let i = 0; i < 200; i++) {
        for (const [p, bus] of publishers.entries()) bus.publish(`${subject}.${p}`, bytes(`${i}`));
      }
      await eventually(() => heard.length === 800);
      for (let p = 0; p < 4; p++) {
        const numbers = heard
          .filter((message) => message.subject === `${subject}.${p}`)
          .map((m) => Number(text(m.data)));
        assert.deepEqual(
          numbers,
          Array.from({ length: 200 }, (_, i) => i),
        );
      }
    });

    it('find exactly the patterns that mean them', async () => {
      const token = fc.constantFrom('a', 'b', 'ab');
      const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
      const pattern = fc
        .tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 3 }), fc.boolean())
        .map(([tokens, hasRest]) => [...tokens, ...(hasRest ? ['>'] : [])].join('.'));
      /** The definition by regular expression, apart from the implementations. */
      const expected = (p: string, s: string): boolean =>
        new RegExp(`^${p.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace('>', '.+')}$`).test(s);
      await fc.assert(
        fc.asyncProperty(pattern, fc.array(subject, { minLength: 1, maxLength: 6 }), async (p, subjects) => {
          const prefix = fresh();
          const heard = await hear(b, `${prefix}.${p}`);
          const end = await hear(b, `${prefix}-end`);
          for (const s of subjects) a.publish(`${prefix}.${s}`, bytes(s));
          a.publish(`${prefix}-end`, bytes(''));
          await eventually(() => end.length === 1);
          assert.deepEqual(
            heard.map(({ data }) => text(data)),
            subjects.filter((s) => expected(p, s)),
          );
        }),
        { numRuns: 40 },
      );
    });

    it('to all who listen to everything leave out what servers say among themselves', async () => {
      const all = await hear(a, '>');
      const queue = await b.workQueue(fresh());
      await queue.add({ lane: 'x', id: '1', data: bytes('x') });
      const store = await b.latest(fresh());
      await store.put('k', bytes('v'));
      b.publish('seen', bytes(''));
      await eventually(() => all.some(({ subject }) => subject === 'seen'));
      assert.deepEqual([...new Set(all.map(({ subject }) => subject))], ['seen']);
      await queue.destroy();
      await store.destroy();
    });
  });

  describe('requests', () => {
    it('get the first answer', async () => {
      const subject = fresh();
      b.subscribe(subject).subscribe((message) => {
        message.respond(bytes(`${text(message.data)}!`));
        message.respond(bytes('late'));
      });
      await b.flush();
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => a.request(subject, bytes(`${i}`), { timeout: 5000 })),
      );
      assert.deepEqual(
        answers.map(({ data }) => text(data)),
        answers.map((_, i) => `${i}!`),
      );
    });

    it('say when nobody listens, and when nobody answers in time', async () => {
      const subject = fresh();
      await assert.rejects(a.request(subject, bytes(''), { timeout: 5000 }), failsWith('no_responder'));
      await hear(b, subject);
      await assert.rejects(a.request(subject, bytes(''), { timeout: 30 }), failsWith('timeout'));
      await assert.rejects(a.request(subject, bytes(''), { timeout: Number.NaN }), failsWith('invalid_input'));
    });

    it('answers to what wants none do nothing', async () => {
      const subject = fresh();
      const heard = await hear(b, subject);
      a.publish(subject, bytes('x'));
      await eventually(() => heard.length === 1);
      heard[0]!.respond(bytes('y'));
    });
  });

  describe('limits', () => {
    const bad = ['', '.', 'a.', '.a', 'a..b', 'a b', 'a\tb', 'a\nb', '$JS.API', '_INBOX.x', 'x'.repeat(600)];

    it('refuses subjects, patterns and names that servers do not take', async () => {
      for (const subject of [...bad, 'a.*', 'a.>', 'a*', '>']) {
        assert.throws(() => a.publish(subject, bytes('')), failsWith('invalid_input'), subject);
        await assert.rejects(a.request(subject, bytes(''), { timeout: 10 }), failsWith('invalid_input'), subject);
      }
      for (const pattern of [...bad, 'a.>.b', 'a*', 'a.>>']) {
        assert.throws(() => a.subscribe(pattern), failsWith('invalid_input'), pattern);
      }
      assert.throws(() => a.subscribe('a', { queue: 'a b' }), failsWith('invalid_input'));
      for (const name of ['', 'a.b', 'a b', 'a/b', '*', 'ä']) {
        await assert.rejects(a.workQueue(name), failsWith('invalid_input'), name);
        await assert.rejects(a.latest(name), failsWith('invalid_input'), name);
        await assert.rejects(a.blobs(name), failsWith('invalid_input'), name);
      }
      for (const headers of [{ 'a b': 'x' }, { 'Nats-Msg-Id': 'x' }, { a: 'x\r\ny' }, { a: ' x' }]) {
        assert.throws(() => a.publish('a', bytes(''), headers as Record<string, string>), failsWith('invalid_input'));
      }
    });

    it('refuses keys and ids that servers do not take', async () => {
      const [store, queue, blobs] = [await a.latest('limits'), await a.workQueue('limits'), await a.blobs('limits')];
      for (const key of ['', 'a b', '.a', 'a.', 'a..b', 'a*', '>', 'ä', 'k'.repeat(600)]) {
        await assert.rejects(store.put(key, bytes('')), failsWith('invalid_input'), key);
        await assert.rejects(store.get(key), failsWith('invalid_input'), key);
        await assert.rejects(queue.add({ lane: 'x', id: key, data: bytes('') }), failsWith('invalid_input'), key);
        await assert.rejects(blobs.put(key, bytes('')), failsWith('invalid_input'), key);
      }
      await assert.rejects(queue.take('a.b', { wait: 0 }), failsWith('invalid_input'));
      await assert.rejects(queue.take('a', { wait: -1 }), failsWith('invalid_input'));
      await assert.rejects(store.update('a', bytes(''), -1), failsWith('invalid_input'));
      assert.throws(() => store.watch('a..b'), failsWith('invalid_input'));
    });

    it('takes messages, tasks and values up to the maximum, headers included, and none above', async () => {
      const most = new Uint8Array(a.maximumPayload).fill(7);
      const more = new Uint8Array(a.maximumPayload + 1);
      const subject = fresh();
      const heard = await hear(b, subject);
      b.subscribe(`${subject}.big`).subscribe((message) => {
        assert.throws(() => message.respond(more), failsWith('too_large'));
        message.respond(most);
      });
      await b.flush();
      a.publish(subject, most);
      assert.throws(() => a.publish(subject, more), failsWith('too_large'));
      assert.throws(() => a.publish(subject, most, { a: 'b' }), failsWith('too_large'));
      assert.equal((await a.request(`${subject}.big`, bytes(''), { timeout: 5000 })).data.length, most.length);
      const [store, queue] = [await a.latest(fresh()), await a.workQueue(fresh())];
      const longest = 'k'.repeat(512);
      await store.put(longest, most);
      assert.equal((await store.get(longest))?.value.length, most.length);
      await assert.rejects(store.put('k', more), failsWith('too_large'));
      assert.equal(await queue.add({ lane: 'x', id: longest, data: most }), true);
      await assert.rejects(queue.add({ lane: 'x', id: 'i', data: more }), failsWith('too_large'));
      const taken = await queue.take('x', { wait: 2000 });
      assert.equal(taken?.data.length, most.length);
      await eventually(() => heard.length === 1);
      assert.deepEqual(heard[0]!.data, most);
    });
  });

  describe('work queues', () => {
    const add = (queue: { add: Awaited<ReturnType<Bus['workQueue']>>['add'] }, id: string, lane = 'cpu') =>
      queue.add({ lane, id, data: bytes(`task ${id}`) });

    it('hand each task of a lane to one taker, oldest first, until it is acknowledged', async () => {
      const name = fresh();
      const [mine, yours] = [await a.workQueue(name), await b.workQueue(name)];
      for (const id of ['1', '2', 'x/3.a=b']) assert.equal(await add(mine, id), true);
      assert.equal(await add(mine, 'gpu', 'cuda'), true);
      assert.equal(await yours.size(), 4);
      const [one, two] = [await yours.take('cpu', { wait: 2000 }), await mine.take('cpu', { wait: 2000 })];
      assert.deepEqual([one?.id, one?.lane, one?.deliveries, text(one!.data)], ['1', 'cpu', 1, 'task 1']);
      assert.equal(two?.id, '2');
      const three = await mine.take('cpu', { wait: 2000 });
      assert.equal(three?.id, 'x/3.a=b');
      assert.equal(await mine.take('cpu', { wait: 0 }), undefined);
      assert.equal(await mine.size(), 4, 'tasks under way count');
      for (const delivery of [one, two, three]) await delivery!.acknowledge();
      await one!.acknowledge();
      await eventually(async () => (await mine.size()) === 1);
      assert.equal((await yours.take('cuda', { wait: 2000 }))?.id, 'gpu');
    });

    it('wait for a task that comes later', async () => {
      const queue = await a.workQueue(fresh());
      const taking = queue.take('cpu', { wait: 5000 });
      await sleep(30);
      await add(queue, 'late');
      assert.equal((await taking)?.id, 'late');
      const start = performance.now();
      assert.equal(await queue.take('cpu', { wait: 80 }), undefined);
      assert.ok(performance.now() - start >= 75, 'came back too early');
    });

    it('take an id once, whatever became of it and whichever lane it is for', async () => {
      const name = fresh();
      const [mine, yours] = [await a.workQueue(name), await b.workQueue(name)];
      assert.equal(await add(mine, 'once'), true);
      assert.equal(await add(yours, 'once'), false);
      assert.equal(await add(yours, 'once', 'cuda'), false);
      await (await mine.take('cpu', { wait: 2000 }))!.acknowledge();
      assert.equal(await add(yours, 'once'), false);
      assert.equal(await yours.take('cpu', { wait: 20 }), undefined);
      assert.equal(await mine.size(), 0);
    });

    it('take an id once of many who add it at the same time', async () => {
      const name = fresh();
      const queues = await Promise.all(Array.from({ length: 4 }, async () => (await connect()).workQueue(name)));
      const added = await Promise.all(queues.flatMap((queue) => ['p', 'q', 'r'].map((id) => add(queue, id))));
      assert.equal(added.filter(Boolean).length, 3);
      assert.equal(await queues[0]!.size(), 3);
    });

    it('give every task to exactly one of many takers', async () => {
      const name = fresh();
      const queue = await a.workQueue(name);
      const ids = Array.from({ length: 60 }, (_, i) => `id-${i}`);
      const takers = await Promise.all(
        [a, b, await connect()].map(async (bus) => {
          const queue = await bus.workQueue(name);
          const done: string[] = [];
          const work = async (): Promise<string[]> => {
            for (
              let task = await queue.take('cpu', { wait: 400 });
              task;
              task = await queue.take('cpu', { wait: 400 })
            ) {
              done.push(task.id);
              await task.acknowledge();
            }
            return done;
          };
          return work;
        }),
      );
      const working = takers.map((work) => work());
      await Promise.all(ids.map((id) => add(queue, id)));
      const done = (await Promise.all(working)).flat();
      assert.deepEqual(done.sort(), [...ids].sort());
      assert.equal(await queue.size(), 0);
    });

    it('hand a task out again when its taker falls silent, and only then', async () => {
      const queue = await a.workQueue(fresh(), { patience: 300 });
      assert.equal(queue.patience, 300);
      await add(queue, 'slow');
      const first = await queue.take('cpu', { wait: 2000 });
      for (let i = 0; i < 5; i++) {
        await sleep(100);
        first!.working();
      }
      assert.equal(await queue.take('cpu', { wait: 50 }), undefined, 'its taker was alive');
      const second = await queue.take('cpu', { wait: 3000 });
      assert.deepEqual([second?.id, second?.deliveries], ['slow', 2]);
      await first!.giveBack(); // too late: it belongs to somebody else
      assert.equal(await queue.take('cpu', { wait: 100 }), undefined);
      await first!.acknowledge(); // done is done, whoever did it
      await eventually(async () => (await queue.size()) === 0);
    });

    it('hand a dead taker’s task to somebody else', async () => {
      const name = fresh();
      const queue = await a.workQueue(name, { patience: 300 });
      await add(queue, 'orphan');
      const doomed = await connect();
      await (await doomed.workQueue(name)).take('cpu', { wait: 2000 });
      await doomed.close();
      const start = performance.now();
      const again = await queue.take('cpu', { wait: 3000 });
      assert.deepEqual([again?.id, again?.deliveries], ['orphan', 2]);
      assert.ok(performance.now() - start < 1500);
    });

    it('take a task back, at once or later', async () => {
      const queue = await a.workQueue(fresh());
      await add(queue, 'x');
      await (await queue.take('cpu', { wait: 2000 }))!.giveBack();
      const second = await queue.take('cpu', { wait: 2000 });
      assert.equal(second?.deliveries, 2);
      const start = performance.now();
      await second!.giveBack(200);
      await second!.giveBack(0);
      assert.equal((await queue.take('cpu', { wait: 3000 }))?.deliveries, 3);
      assert.ok(performance.now() - start >= 190, 'came back too early');
    });

    it('belong to those who agree on their patience', async () => {
      const name = fresh();
      await a.workQueue(name, { patience: 700 });
      assert.equal((await b.workQueue(name)).patience, 700);
      await b.workQueue(name, { patience: 700 });
      await assert.rejects(b.workQueue(name, { patience: 800 }), failsWith('mismatch'));
      await assert.rejects(b.workQueue(fresh(), { patience: 0 }), failsWith('invalid_input'));
    });

    it('forget everything when destroyed', async () => {
      const name = fresh();
      const [queue, other] = [await a.workQueue(name), await b.workQueue(name)];
      await add(queue, 'x');
      await other.take('cpu', { wait: 2000 });
      await queue.destroy();
      await queue.destroy();
      await assert.rejects(other.size(), failsWith('unavailable'));
      await assert.rejects(add(other, 'y'), failsWith('unavailable'));
      await assert.rejects(other.take('cpu', { wait: 50 }), failsWith('unavailable'));
      assert.equal(await add(await b.workQueue(name), 'x'), true);
    });

    it('do every task at least once, whatever takers do in between', async () => {
      type Deed = 'acknowledge' | 'giveBack' | 'forget';
      const deeds = fc.array(fc.constantFrom<Deed>('acknowledge', 'giveBack', 'forget'), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }), deeds, async (ids, plan) => {
          const queue = await a.workQueue(fresh(), { patience: 100 });
          const done = new Map<string, number>(ids.map((id) => [id, 0]));
          for (const id of ids) await add(queue, id);
          let wait = 2000;
          for (let task = await queue.take('cpu', { wait }); task; task = await queue.take('cpu', { wait })) {
            const deed = plan.shift() ?? 'acknowledge';
            if (deed === 'giveBack') await task.giveBack();
            else if (deed === 'acknowledge') {
              done.set(task.id, done.get(task.id)! + 1);
              await task.acknowledge();
              wait = (await queue.size()) === 0 ? 0 : 2000;
            }
          }
          assert.deepEqual(
            [...done],
            ids.map((id) => [id, 1]),
          );
          await queue.destroy();
        }),
        { numRuns: 12 },
      );
    });
  });

  describe('latest values', () => {
    it('are what was put last, with rising revisions', async () => {
      const name = fresh();
      const [mine, yours] = [await a.latest(name), await b.latest(name)];
      assert.equal(await mine.get('k'), undefined);
      const first = await mine.put('k', bytes('1'));
      const second = await yours.put('k', bytes('2'));
      assert.ok(second > first && first > 0);
      assert.deepEqual(await mine.get('k'), { key: 'k', value: bytes('2'), revision: second, isDeleted: false });
      await mine.put('a/b.c=d-e_f', new Uint8Array());
      assert.deepEqual((await yours.get('a/b.c=d-e_f'))?.value, new Uint8Array());
      assert.deepEqual([...(await yours.keys())].sort(), ['a/b.c=d-e_f', 'k']);
      await yours.delete('k');
      await yours.delete('k');
      await yours.delete('never');
      assert.equal(await mine.get('k'), undefined);
      assert.deepEqual(await mine.keys(), ['a/b.c=d-e_f']);
      assert.deepEqual(await (await a.latest(fresh())).keys(), []);
    });

    it('change only from the revision named', async () => {
      const store = await a.latest(fresh());
      const first = await store.update('k', bytes('1'), 0);
      await assert.rejects(store.update('k', bytes('x'), 0), failsWith('conflict'));
      await assert.rejects(store.update('k', bytes('x'), first + 1), failsWith('conflict'));
      await assert.rejects(store.update('other', bytes('x'), first), failsWith('conflict'));
      const second = await store.update('k', bytes('2'), first);
      await assert.rejects(store.update('k', bytes('x'), first), failsWith('conflict'));
      assert.equal(text((await store.get('k'))!.value), '2');
      await store.delete('k');
      await assert.rejects(store.update('k', bytes('x'), second), failsWith('conflict'));
      await store.update('k', bytes('3'), 0);
      assert.equal(text((await store.get('k'))!.value), '3');
    });

    it('let one of many win who change the same revision', async () => {
      const name = fresh();
      const stores = await Promise.all([a, b, await connect(), await connect()].map((bus) => bus.latest(name)));
      const increment = async (store: (typeof stores)[number]): Promise<void> => {
        for (;;) {
          const entry = await store.get('count');
          const count = entry === undefined ? 0 : Number(text(entry.value));
          try {
            await store.update('count', bytes(`${count + 1}`), entry?.revision ?? 0);
            return;
          } catch (error) {
            failsWith('conflict')(error);
          }
        }
      };
      await Promise.all(stores.flatMap((store) => [increment(store), increment(store), increment(store)]));
      assert.equal(text((await stores[0]!.get('count'))!.value), '12');
    });

    it('can be watched: what is there, then each change', async () => {
      const name = fresh();
      const [store, writer] = [await a.latest(name), await b.latest(name)];
      await writer.put('x.b', bytes('old'));
      await writer.put('x.a', bytes('1'));
      await writer.put('x.b', bytes('2'));
      await writer.put('y.a', bytes('no'));
      await writer.put('x.gone', bytes('3'));
      await writer.delete('x.gone');
      const seen: Entry[] = [];
      const watching = store.watch('x.*').subscribe((entry) => seen.push(entry));
      const show = (): string[] => seen.map(({ key, value, isDeleted }) => `${key}=${isDeleted ? '-' : text(value)}`);
      await eventually(() => seen.length === 2);
      await writer.put('x.c', bytes('4'));
      await writer.put('x.c.deeper', bytes('no'));
      await writer.put('x.c', bytes('5'));
      await writer.delete('x.a');
      await writer.put('x.end', new Uint8Array());
      await eventually(() => seen.some(({ key }) => key === 'x.end'));
      assert.deepEqual(show(), ['x.a=1', 'x.b=2', 'x.c=4', 'x.c=5', 'x.a=-', 'x.end=']);
      const revisions = seen.map(({ revision }) => revision);
      assert.deepEqual(
        revisions,
        [...revisions].sort((x, y) => x - y),
      );
      watching.unsubscribe();
      await writer.put('x.more', bytes(''));
      await sleep(50);
      assert.equal(seen.length, 6);
    });

    it('can be watched from before the first', async () => {
      const store = await a.latest(fresh());
      const first = lastValueFrom(store.watch('>').pipe(takeFirst(1)));
      await store.put('a.b', bytes('x'));
      assert.equal((await first).key, 'a.b');
    });

    it('go with their store', async () => {
      const name = fresh();
      const store = await a.latest(name);
      await store.put('k', bytes('x'));
      await store.destroy();
      await store.destroy();
      await assert.rejects(store.get('k'), failsWith('unavailable'));
      await assert.rejects(store.put('k', bytes('x')), failsWith('unavailable'));
      assert.deepEqual(await (await b.latest(name)).keys(), []);
    });
  });

  describe('blobs', () => {
    const hex = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
    const timeout = 20_000;

    it('come back as they were, of any size, with their hash', async () => {
      const name = fresh();
      const [mine, yours] = [await a.blobs(name), await b.blobs(name)];
      for (const size of [0, 1, 128 * 1024, 128 * 1024 + 1, 16 * 2 ** 20]) {
        const data = new Uint8Array(Buffer.alloc(size, 'seven b'));
        assert.deepEqual(await mine.put(`size/${size}`, data), { sha256: hex(data), size });
        const back = await yours.get(`size/${size}`, { timeout });
        assert.equal(back?.length, size);
        assert.equal(hex(back!), hex(data));
      }
    });

    it('are replaced, listed, deleted and destroyed by name', async () => {
      const name = fresh();
      const blobs = await a.blobs(name);
      assert.equal(await blobs.get('none', { timeout }), undefined);
      assert.deepEqual(await blobs.names(), []);
      await blobs.put('x', bytes('old'));
      await blobs.put('x', bytes('new'));
      await blobs.put('y.z', bytes('other'));
      assert.equal(text((await blobs.get('x', { timeout }))!), 'new');
      assert.equal(text((await blobs.get('x', { timeout, atMost: 3 }))!), 'new');
      await assert.rejects(blobs.get('x', { timeout, atMost: 2 }), failsWith('too_large'));
      assert.equal(await blobs.get('none', { timeout, atMost: 2 }), undefined);
      assert.deepEqual([...(await blobs.names())].sort(), ['x', 'y.z']);
      await blobs.delete('x');
      await blobs.delete('x');
      await blobs.delete('never');
      assert.equal(await blobs.get('x', { timeout }), undefined);
      assert.deepEqual(await blobs.names(), ['y.z']);
      await blobs.destroy();
      await blobs.destroy();
      await assert.rejects(blobs.get('y.z', { timeout }), failsWith('unavailable'));
      await assert.rejects(blobs.put('y.z', bytes('')), failsWith('unavailable'));
      assert.deepEqual(await (await b.blobs(name)).names(), []);
    });
  });

  describe('closing', () => {
    it('happens once, ends what waits and refuses what comes later', async () => {
      const seen: string[] = [];
      let isComplete = false;
      a.status.subscribe({ next: (status) => seen.push(status), complete: () => seen.push('complete') });
      a.subscribe('x').subscribe({ complete: () => (isComplete = true) });
      const [queue, store, blobs] = [await a.workQueue(fresh()), await a.latest(fresh()), await a.blobs(fresh())];
      let isWatchOver = false;
      store.watch('>').subscribe({ complete: () => (isWatchOver = true) });
      const taking = queue.take('cpu', { wait: 60_000 });
      const asking = assert.rejects(a.request('x', bytes(''), { timeout: 60_000 }), failsWith('unavailable'));
      await sleep(20);
      await Promise.all([a.close(), a.close()]);
      await a.close();
      assert.equal(await taking, undefined);
      await asking;
      assert.ok(isComplete && isWatchOver);
      assert.deepEqual(seen, ['connected', 'closed', 'complete']);
      assert.throws(() => a.publish('x', bytes('')), failsWith('unavailable'));
      const refused: Promise<unknown>[] = [
        a.request('x', bytes(''), { timeout: 10 }),
        a.flush(),
        a.workQueue('x'),
        a.latest('x'),
        a.blobs('x'),
        queue.size(),
        queue.take('cpu', { wait: 0 }),
        store.get('x'),
        blobs.get('x', { timeout: 10 }),
        lastValueFrom(a.subscribe('x')),
        lastValueFrom(store.watch('x')),
      ];
      for (const each of refused) await assert.rejects(each, failsWith('unavailable'));
    });

    it('lets what was sent arrive', async () => {
      const subject = fresh();
      const heard = await hear(b, subject);
      const last = await connect();
      for (let i = 0; i < 100; i++) last.publish(subject, bytes(`${i}`));
      await last.close();
      await eventually(() => heard.length === 100);
    });

    it('leaves a delivery without an owner', async () => {
      const name = fresh();
      const queue = await a.workQueue(name);
      await add1(queue);
      const delivery = (await queue.take('cpu', { wait: 2000 })) as Delivery;
      await a.close();
      delivery.working();
      await assert.rejects(delivery.acknowledge(), failsWith('unavailable'));
      await assert.rejects(delivery.giveBack(), failsWith('unavailable'));
      assert.equal(await (await b.workQueue(name)).size(), 1);
    });
  });

  const add1 = (queue: Awaited<ReturnType<Bus['workQueue']>>) => queue.add({ lane: 'cpu', id: 'x', data: bytes('') });
}
