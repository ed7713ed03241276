import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint, Iteration } from '../../../agents/index.ts';
import { type Bus, type MemoryServer, memoryServer } from '../../../mas/index.ts';
import { act, Channel, feedback, observe } from '../../../mas/messages/index.ts';
import { actionArray } from '../../../mas/team/action-array.ts';
import { createTeam, serveRole, type TeamNews, type TeamSpec } from '../../../mas/team/index.ts';
import { eventually, failsWith } from '../bus/contract.ts';
import { duet } from './duet.ts';
import { FakeLearner, fakePolicy } from './fake-learner.ts';

const SPEC = {
  seed: 7,
  steps: 64,
  copies: 2,
  make: duet(),
  run: 'duet',
  options: { rollout: 4, credit: 'shared' },
} as const;

/** A team and the fake learner in it. */
async function begin(bus: Bus, options: Partial<TeamSpec> = {}) {
  let learner: FakeLearner | undefined;
  const spec = { ...SPEC, ...options, bus };
  const training = await createTeam(spec, ({ groups }) => {
    learner = new FakeLearner(groups, spec.seed);
    return learner;
  });
  return { training, learner: learner! };
}

async function rounds(training: { advance(): Promise<Iteration> }, count: number): Promise<Iteration[]> {
  const done: Iteration[] = [];
  for (let i = 0; i < count; i++) done.push(await training.advance());
  return done;
}

describe('a team', () => {
  let server: MemoryServer;
  let bus: Bus;
  const open: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(it: T): T => {
    open.unshift(it);
    return it;
  };
  beforeEach(() => {
    server = memoryServer();
    bus = keep(server.connect());
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  const team = async (options: Partial<TeamSpec> = {}, on = bus) => {
    const made = await begin(on, options);
    keep(made.training);
    return made;
  };
  /** What another process would start. */
  const role = (name: string, on = bus, sitting = 1) => {
    const environment = duet()(1);
    const index = environment.groups.findIndex((group) => group.name === name);
    const policy = fakePolicy(environment.groups);
    const group = environment.groups[index]!;
    return keep(serveRole({ bus: on, run: 'duet', seed: 7, sitting, group, index, policy, name: `${name}-there` }));
  };

  it('hands the learner what happened, one round at a time', async () => {
    const { training, learner } = await team();
    const [first, second] = await rounds(training, 2);
    assert.equal(training.step, 16);
    assert.equal(first!.step, 8);
    assert.equal(first!.episodes, 2);
    assert.deepEqual(learner.progress, [0, 1 / 8]);
    for (const { T, B, groups, teamReward, feedback, said, difference } of learner.learned) {
      assert.deepEqual([T, B, difference], [4, 2, null]);
      const [singers, pianist] = groups;
      for (let t = 0; t < 4; t++) {
        for (let b = 0; b < 2; b++) {
          const [alto, tenor] = singers!.action.subarray((t * 2 + b) * 2);
          const drawn = pianist!.action[t * 2 + b]!;
          const piano = Math.min(1, Math.max(-1, drawn));
          assert.deepEqual([...singers!.reward.subarray((t * 2 + b) * 2, (t * 2 + b) * 2 + 2)], [alto, tenor]);
          assert.equal(pianist!.reward[t * 2 + b], piano);
          const paid = alto! + 2 * tenor! + alto! * tenor! + piano;
          assert.ok(Math.abs(teamReward[t * 2 + b]! - paid) < 1e-5);
          const words = (t * 2 + b) * 2;
          assert.deepEqual([...said.subarray(words, words + 2)], t % 2 === 0 ? [1, 0] : [0, 1]);
          const score = t % 2 === 0 ? [alto === tenor ? 1 : -1, 0] : [0, alto];
          assert.deepEqual([...feedback.subarray(words, words + 2)], score);
          assert.equal(singers!.observation[(t * 2 + b) * 4], t);
          assert.equal(singers!.actionMask[(t * 2 + b) * 6], t % 2 === 1 ? 0 : 1);
          assert.equal(singers!.finalObservation[(t * 2 + b) * 4], t === 3 ? 4 : 0);
          assert.equal(pianist!.truncated[t * 2 + b], t === 3 ? 1 : 0);
          assert.ok(pianist!.logProbability[t * 2 + b]! <= 0);
        }
      }
    }
    const [one, two] = learner.learned;
    assert.deepEqual(one!.groups[0]!.observation.subarray(4 * 8), two!.groups[0]!.observation.subarray(0, 8));
    const ofTeam = one!.teamReward.reduce((sum, paid) => sum + paid, 0) / 2;
    assert.ok(Math.abs(first!.metrics['return/team']! - ofTeam) < 1e-4);
    assert.equal(
      second!.metrics['loss/value'],
      learner.parameters.reduce((sum, value) => sum + value, 0),
    );
    assert.deepEqual(training.setAside, { answers: 0, tasks: 0, feedback: 0 });
  });

  it('learns the same wherever its roles are played', async () => {
    const alone = await rounds((await team({ run: 'alone' })).training, 4);
    const { training } = await team({ local: ['singer'] });
    role('pianist', keep(server.connect()));
    assert.deepEqual(await rounds(training, 4), alone);
    await training.close();
    const spread = await team({ local: [], run: 'duet' });
    for (const name of ['pianist', 'singer', 'singer', 'singer']) role(name, keep(server.connect()), 2);
    assert.deepEqual(await rounds(spread.training, 4), alone);
  });

  it('gives other numbers for another seed', async () => {
    const [a] = await rounds((await team({ run: 'a' })).training, 1);
    const [b] = await rounds((await team({ run: 'b', seed: 8 })).training, 1);
    assert.notDeepEqual(a, b);
  });

  for (const credit of ['shared', 'difference'] as const) {
    it(`goes on from a checkpoint as if it had never stopped (${credit})`, async () => {
      const options = { rollout: credit === 'shared' ? 3 : 4, credit };
      const whole = await rounds((await team({ options, run: 'whole' })).training, 6);
      const first = await begin(bus, { options });
      const before = await rounds(first.training, 3);
      const saved = JSON.parse(JSON.stringify(first.training.save())) as Checkpoint;
      const tensors = first.training.save().tensors;
      const after = await rounds(first.training, 2);
      await first.training.close();
      assert.equal(first.learner.isClosed, true);
      const second = await team({ options });
      second.training.load({ tensors, state: saved.state });
      assert.equal(second.training.step, before.at(-1)!.step);
      const again = await rounds(second.training, 3);
      assert.deepEqual(again.slice(0, 2), after);
      assert.deepEqual([...before, ...again], whole);
      assert.deepEqual(second.training.save().state, second.training.save().state);
    });
  }

  it('gives the learner exact differences', async () => {
    const { training, learner } = await team({ options: { rollout: 4, credit: 'difference' } });
    await rounds(training, 2);
    for (const { difference, groups } of learner.learned) {
      const piano = groups[1]!.action;
      for (let b = 0; b < 2; b++) {
        let worth = 0;
        for (let t = 0; t < 4; t++) worth += Math.min(1, Math.max(-1, piano[t * 2 + b]!));
        assert.ok(Math.abs(difference![(3 * 2 + b) * 3 + 2]! - worth) < 1e-5);
      }
    }
    await assert.rejects(begin(bus, { options: { rollout: 3, credit: 'difference' } }), failsWith('unsupported'));
  });

  it('waits for roles that nobody plays, says so, and goes on when somebody does', async () => {
    const alone = await rounds((await team({ run: 'alone' })).training, 2);
    const news: TeamNews[] = [];
    const { training } = await team({ local: ['singer'], tell: (each) => news.push(each) });
    const result = rounds(training, 2);
    await eventually(() => news.some(({ kind }) => kind === 'waiting'));
    assert.equal(news[0]!.kind === 'waiting' && news[0]!.role, 'pianist');
    role('pianist');
    assert.deepEqual(await result, alone);
    const kinds = news.map(({ kind }) => kind);
    assert.deepEqual(kinds, ['waiting', 'back', 'trained', 'trained']);
  });

  it('does not mind agents that come and go', async () => {
    const alone = await rounds((await team({ run: 'alone' })).training, 8);
    const { training } = await team({ local: ['singer'], timeout: 20 });
    let isDone = false;
    const coming = (async () => {
      while (!isDone) {
        const own = server.connect();
        const agent = role('pianist', own);
        await sleep(5);
        await agent.close();
        await own.close();
      }
    })();
    const result = await rounds(training, 8);
    isDone = true;
    await coming;
    assert.deepEqual(result, alone);
  });

  it('stops waiting when it is told to', async () => {
    const stop = new AbortController();
    const { training } = await team({ local: ['singer'], signal: stop.signal });
    const result = training.advance();
    await sleep(50);
    stop.abort();
    await assert.rejects(result, failsWith('unavailable'));
  });

  it('ends with its bus', async () => {
    const own = server.connect();
    const { training } = await begin(own, { local: ['singer'] });
    const result = training.advance();
    await sleep(20);
    await own.close();
    await assert.rejects(result, failsWith('unavailable'));
    await training.close();
  });

  it('sets aside what is no answer, and asks on', async () => {
    const alone = await rounds((await team({ run: 'alone' })).training, 2);
    const channel = new Channel(bus, { run: 'duet' });
    let asked = 0;
    const lies = [
      { round: 9 },
      { step: 1 },
      { version: 3 },
      { role: 'pianist' },
      { choice: 3 },
      { choice: -1 },
      { logProbability: Number.NaN },
      { copies: 1 },
      { floats: true },
    ];
    const lying = channel.answer(observe, act, channel.subjects.observe('singer'), ({ fields }) => {
      if (asked >= lies.length) throw new Error('no idea');
      const lie = {
        ...fields,
        role: 'singer',
        choice: 1,
        logProbability: 0,
        copies: 2,
        floats: false,
        ...lies[asked++],
      };
      const { round, step, version, role: name, copies: B } = lie;
      const actions = new Array<number>(B * 2).fill(lie.choice);
      return {
        fields: { round, step, version, role: name },
        arrays: {
          action: actionArray([B, 2, 1], lie.floats ? new Float32Array(actions) : new Int32Array(actions)),
          logProbability: { shape: [B, 2], data: new Float32Array(B * 2).fill(lie.logProbability) },
        },
      };
    });
    const { training } = await team({ local: ['pianist'] });
    const result = rounds(training, 2);
    await eventually(() => asked === lies.length, 10_000);
    role('singer');
    await sleep(100);
    lying.unsubscribe();
    assert.deepEqual(await result, alone);
    assert.equal(training.setAside.answers, lies.length);
    await channel.close();
  });

  it('takes feedback that others send in time, of kinds that there are', async () => {
    const channel = new Channel(bus, { run: 'duet' });
    const say = (fields: object, copy: number[], score: number[]): void => {
      channel.send(feedback, channel.subjects.feedback, {
        fields: { round: 0, step: 0, from: 'piano', about: 'alto', meaning: 'how loud', ...fields },
        arrays: {
          copy: { shape: [copy.length], data: Int32Array.from(copy) },
          score: { shape: [score.length], data: Float32Array.from(score) },
        },
      });
    };
    const { training, learner } = await team({ local: ['singer'] });
    const agent = role('pianist');
    const watching = channel.answer(observe, act, 'nowhere', () => Promise.reject(new Error()));
    const seen = bus.subscribe(channel.subjects.observe('pianist')).subscribe(() => {
      if (agent.round > 0 || training.setAside.feedback > 0) return;
      say({ step: 0 }, [1], [5]);
      say({ step: 0 }, [1], [6]);
      say({ step: 1 }, [0], [9]); // the environment says this one itself
      say({ step: 0 }, [0], [11]); // out of bounds
      say({ step: 0 }, [2], [1]); // no such copy
      say({ step: 9 }, [0], [1]);
      say({ round: 1 }, [0], [1]);
      say({ meaning: 'how fine' }, [0], [1]);
      say({ from: 'tenor' }, [0], [1]);
    });
    await rounds(training, 2);
    seen.unsubscribe();
    watching.unsubscribe();
    const { feedback: score, said } = learner.learned[0]!;
    const at = (t: number, b: number): [number, number] => [said[(t * 2 + b) * 2 + 1]!, score[(t * 2 + b) * 2 + 1]!];
    assert.deepEqual(at(0, 1), [1, 5]);
    assert.deepEqual(at(0, 0), [0, 0]);
    assert.notEqual(at(1, 0)[1], 9);
    assert.ok(training.setAside.feedback >= 6);
    await channel.close();
  });

  it('learns from no task twice, and from none of a former sitting', async () => {
    const alone = await rounds((await team({ run: 'alone' })).training, 4);
    const trained: string[] = [];
    const tell = (news: TeamNews): void => {
      if (news.kind === 'trained') trained.push(...news.tasks);
    };
    const first = await begin(bus, { tell });
    const saved = first.training.save();
    await rounds(first.training, 2);
    // As if it had died after handing a round over.
    const queue = await bus.workQueue(new Channel(bus, { run: 'duet' }).subjects.store);
    assert.equal(await queue.size(), 0);
    const stolen = await (async () => {
      const learning = first.learner.learn.bind(first.learner);
      first.learner.learn = () => Promise.reject(new Error('killed'));
      await assert.rejects(first.training.advance(), /killed/);
      first.learner.learn = learning;
      return queue.size();
    })();
    assert.equal(stolen, 3);
    await first.training.close();
    const second = await team({ tell });
    second.training.load(saved);
    assert.deepEqual(await rounds(second.training, 4), alone);
    assert.equal(new Set(trained).size, trained.length);
    assert.equal(trained.filter((id) => id.startsWith('2.')).length, 12);
  });

  it('keeps two policies on the bus, whatever went before', async () => {
    const blobs = await bus.blobs(new Channel(bus, { run: 'duet' }).subjects.store);
    const first = await begin(bus);
    await rounds(first.training, 5);
    assert.deepEqual([...(await blobs.names())].sort(), ['policy/1/4', 'policy/1/5']);
    await first.training.close();
    const second = await team();
    await rounds(second.training, 2);
    assert.deepEqual([...(await blobs.names())].sort(), ['policy/2/1', 'policy/2/2']);
  });

  it('sends what is larger than a message through blobs', async () => {
    const small = memoryServer({ maximumPayload: 1200 });
    const alone = await rounds((await team({ run: 'alone', copies: 16 })).training, 3);
    const there = keep(small.connect());
    const { training } = await team({ copies: 16 }, there);
    assert.deepEqual(await rounds(training, 3), alone);
  });

  it('evaluates with the present policy, and leaves the training alone', async () => {
    const alone = await rounds((await team({ run: 'alone' })).training, 3);
    const { training } = await team();
    const first = await rounds(training, 1);
    const options = { episodes: 5, seed: 3, deterministic: false };
    const evaluation = await training.evaluate(options);
    assert.deepEqual(await training.evaluate(options), evaluation);
    assert.equal(evaluation.episodes, 5);
    assert.notDeepEqual(await training.evaluate({ ...options, deterministic: true }), evaluation);
    const rest = await rounds(training, 2);
    assert.notDeepEqual(await training.evaluate(options), evaluation);
    assert.deepEqual([...first, ...rest], alone);
  });
});
