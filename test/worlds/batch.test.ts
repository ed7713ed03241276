import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../core/index.ts';
import {
  batch,
  box,
  createActions,
  createOutputs,
  discrete,
  type Environment,
  multiDiscrete,
  type Space,
  type SpaceValue,
  type Step,
  text,
  unbatch,
} from '../../worlds/index.ts';
import couriers from './mutants/couriers.ts';
import { END, scoresOf, scripted, start, tasksOf, toldBy } from './script.ts';

describe('a batch of environments', () => {
  it('groups agents by equal spaces, and names groups after their agents', () => {
    const make = (): Environment => {
      const narrow = { observation: box([1]), action: discrete(2) };
      const wide = { observation: box([2]), action: discrete(2) };
      const environment = scripted({ steps: [] });
      return {
        ...environment,
        agents: ['chaser_0', 'runner_0', 'chaser_1', 'guard'],
        spaces: {
          chaser_0: narrow,
          runner_0: wide,
          chaser_1: structuredClone(narrow),
          guard: { ...wide, action: multiDiscrete([2]) },
        },
        reset: () => ({ observations: {} }),
      };
    };
    const names = batch(make, 1).groups.map(({ name, agents }) => [name, ...agents]);
    assert.deepEqual(names, [
      ['chaser', 'chaser_0', 'chaser_1'],
      ['runner', 'runner_0'],
      ['guard', 'guard'],
    ]);
  });

  it('takes roles instead, and refuses roles that do not fit', () => {
    const make = () => scripted({ steps: [] });
    const roles = batch(make, 1, { groups: { second: ['b'], first: ['a'] } });
    assert.deepEqual(
      roles.groups.map(({ name, agents }) => [name, ...agents]),
      [
        ['second', 'b'],
        ['first', 'a'],
      ],
    );
    for (const groups of [
      { one: ['a'] },
      { one: ['a', 'b'], two: ['b'] },
      { one: ['a', 'b', 'c'] },
      { one: ['a', 'b'], two: [] },
    ])
      assert.throws(() => batch(make, 1, { groups }), { code: 'invalid_input' });
  });

  it('shows the last observation and the first of the next episode in one step', () => {
    const { output, step } = start(batch(() => scripted({ steps: [{}, END] }), 1));
    const [out] = output;
    step();
    assert.deepEqual([...out!.observation, ...out!.alive], [1, 1, 1, 1]);
    step();
    assert.deepEqual([...out!.finalObservation], [2, 2]);
    assert.deepEqual([...out!.observation], [0, 0]);
    assert.deepEqual([...out!.alive], [1, 1]);
    assert.deepEqual(
      [[...out!.terminated], [...out!.truncated]],
      [
        [1, 0],
        [0, 1],
      ],
    );
    assert.deepEqual([...out!.reward], [1, 2]);
    step();
    assert.deepEqual(
      [[...out!.terminated], [...out!.truncated]],
      [
        [0, 0],
        [0, 0],
      ],
    );
    assert.deepEqual([...out!.observation], [1, 1]);
  });

  it('leaves an agent that ended early dead, blind and unpaid until the next episode', () => {
    const alone: Partial<Step> = {
      observations: { b: Float32Array.of(7) },
      rewards: { b: 3 },
      terminated: { b: false },
      truncated: { b: false },
    };
    const steps = [{ terminated: { a: true, b: false } }, alone, { ...alone, truncated: { b: true } }];
    const { output, step } = start(batch(() => scripted({ steps }), 1));
    const [out] = output;
    step();
    assert.deepEqual([...out!.alive, ...out!.terminated, ...out!.observation], [0, 1, 1, 0, 0, 1]);
    assert.equal(out!.finalObservation[0], 1);
    step();
    assert.deepEqual([...out!.alive, ...out!.terminated, ...out!.reward], [0, 1, 0, 0, 0, 3]);
    out!.finalObservation.fill(9);
    step();
    // Everybody is back, and only the one who ended now has a last observation.
    assert.deepEqual([...out!.alive, ...out!.truncated], [1, 1, 0, 1]);
    assert.deepEqual([...out!.finalObservation], [9, 7]);
  });

  it('draws the seeds of each copy from its own stream, and hands levels over', () => {
    const made: ReturnType<typeof scripted>[] = [];
    const environment = batch(() => {
      made.push(scripted({ steps: [END, END, END] }));
      return made.at(-1)!;
    }, 2);
    environment.setLevel!(1, { depth: 3 });
    const { step } = start(environment);
    environment.setLevel!(1, undefined);
    step();
    // The first reset of copy 0 only looks for masks.
    const [zero, one] = [made[0]!.resets.slice(1), made[1]!.resets] as { seed: number; level?: Json }[][];
    assert.deepEqual(
      one!.map(({ level }) => level),
      [{ depth: 3 }, undefined],
    );
    assert.ok(zero!.every((options) => !('level' in options)));
    assert.equal(new Set([...zero!, ...one!].map(({ seed }) => seed)).size, 4);
    assert.throws(() => environment.setLevel!(2, null), { code: 'invalid_input' });
  });

  it('names copy, step and agent of whatever breaks the contract', () => {
    const cases: readonly [Partial<Step>, string, RegExp][] = [
      [{ observations: { a: Float32Array.of(0) } }, 'contract', /copy 0, step 1: observations leave out .*"b"/],
      [{ rewards: { a: 0, b: 0, c: 0 } }, 'contract', /rewards name an agent that was not alive/],
      [{ rewards: { a: 0, b: Number.NaN } }, 'not_finite', /copy 0, step 1, agent "b"/],
      [
        { observations: { a: Float32Array.of(0), b: Float32Array.of(Number.NaN) } },
        'not_finite',
        /agent "b", observation\/0/,
      ],
      [{ observations: { a: Float32Array.of(101), b: Float32Array.of(0) } }, 'contract', /\[0, 100\], got 101/],
      [{ terminated: { a: 1 as unknown as boolean, b: false } }, 'contract', /boolean/],
      [{ terminated: { a: true, b: false }, truncated: { a: true, b: false } }, 'contract', /both/],
      [{ actionMasks: { a: [1, 1] } }, 'contract', /surprise/],
      [{ actionMasks: { a: [0, 0] } }, 'contract', /no legal choice/],
    ];
    for (const [answer, code, message] of cases) {
      const { step } = start(batch(() => scripted({ steps: [answer] }), 2));
      assert.throws(step, { code, message });
    }
  });

  it('stops an episode that goes on after its last step, and an environment that throws', () => {
    const endless = start(batch(() => scripted({ steps: [{}, {}], maximumSteps: 2 }), 1));
    endless.step();
    assert.throws(endless.step, { code: 'contract', message: /step 2.*maximumSteps/ });
    const { step } = start(
      batch(
        () => ({
          ...scripted({ steps: [] }),
          step: () => {
            throw new Error('out of ink');
          },
        }),
        1,
      ),
    );
    assert.throws(step, { code: 'contract', message: /copy 0, step 1: .*out of ink/ });
  });

  it('refuses actions that do not fit, before anyone moves', () => {
    const environment = batch(() => scripted({ steps: [{}] }), 1);
    const output = createOutputs(environment.groups, 1);
    assert.throws(() => environment.step(createActions(environment.groups, 1), output), {
      code: 'contract',
      message: /reset/,
    });
    environment.reset(1, output);
    assert.throws(() => environment.step([Float32Array.of(0, 0)], output), {
      code: 'contract',
      message: /Int32Array of 2/,
    });
    assert.throws(() => environment.step([Int32Array.of(0, 2)], output), { code: 'contract', message: /agent "b"/ });
    assert.throws(() => environment.step(createActions(environment.groups, 1), []), {
      code: 'contract',
      message: /createOutputs/,
    });
  });

  it('fills masks of agents without one with ones', () => {
    const { output } = start(batch(() => scripted({ first: { actionMasks: { a: [0, 1] } }, steps: [] }), 1));
    assert.deepEqual([...output[0]!.actionMask], [0, 1, 1, 1]);
  });

  it('carries texts that are seen, and refuses them in actions and in the state', () => {
    const talk = (observation: Space, action: Space) => () => ({
      ...scripted({ steps: [] }),
      agents: ['a'],
      spaces: { a: { observation, action } },
      reset: () => ({ observations: { a: 'hé' } }),
    });
    const { output } = start(batch(talk(text(4), discrete(2)), 2));
    assert.deepEqual([...output[0]!.observation], [0x69, 0xea, 0, 0, 0x69, 0xea, 0, 0]);
    assert.throws(() => batch(talk(text(4), text(4)), 1), { code: 'unsupported', message: /token/ });
    const state = { stateSpace: text(4), state: () => 'hé' };
    assert.throws(() => batch(() => ({ ...talk(text(4), discrete(2))(), ...state }), 1), {
      code: 'unsupported',
      message: /stateSpace/,
    });
  });

  it('keeps the state at the end of an episode, which state itself no longer shows', () => {
    const environment = batch(() => couriers(), 1);
    const { step } = start(environment);
    const [now, last] = [new Float32Array(5), new Float32Array(5)];
    for (let i = 0; i < 12; i++) step();
    environment.state!(now);
    environment.finalState!(last);
    // The fifth number counts steps: 12 at the end, 0 in the new episode.
    assert.deepEqual([now[4], last[4]], [0, 12]);
  });

  it('goes on from a snapshot as it did, whether environments save themselves or are played again', () => {
    const forgetful = (): Environment => {
      const { agents, spaces, feedbackKinds, scoreNames, taskNames, reset, step } = couriers();
      return {
        agents,
        spaces,
        hasTeamReward: true,
        feedbackKinds: feedbackKinds!,
        scoreNames: scoreNames!,
        taskNames: taskNames!,
        reset,
        step,
      };
    };
    for (const make of [() => couriers(), forgetful])
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 30 }), fc.integer(), (moment, seed) => {
          const one = batch(make, 2);
          const { step, output } = start(one, seed);
          for (let i = 0; i < moment; i++) step();
          const saved = JSON.parse(JSON.stringify(one.snapshot())) as Json;
          const other = batch(make, 2);
          other.restore(saved);
          const rest = createOutputs(other.groups, 2);
          for (let i = 0; i < 15; i++) {
            step();
            other.step(createActions(other.groups, 2), rest);
            for (const [g, { observation, reward, alive }] of output.entries())
              assert.deepEqual([rest[g]!.observation, rest[g]!.reward, rest[g]!.alive], [observation, reward, alive]);
            assert.deepEqual(toldBy(other), toldBy(one));
            assert.deepEqual(scoresOf(other), scoresOf(one));
            assert.deepEqual(tasksOf(other), tasksOf(one));
          }
        }),
        { numRuns: 25 },
      );
  });

  it('refuses snapshots of something else', () => {
    const environment = batch(() => couriers(), 2);
    start(environment);
    const saved = environment.snapshot() as { copies: Json[] };
    const fresh = batch(() => couriers(), 2);
    for (const broken of [null, 7, {}, { copies: [{}, {}] }])
      assert.throws(() => fresh.restore(broken), { code: 'corrupt' });
    assert.throws(() => fresh.restore({ copies: [saved.copies[0]!] }), { code: 'mismatch' });
    const other = batch(() => scripted({ steps: [] }), 2);
    assert.throws(() => other.restore(saved), { code: 'mismatch' });
    assert.throws(() => batch(() => couriers(), 0), { code: 'invalid_input' });
  });
});

describe('a batched environment in the single form', () => {
  it('plays what the batch plays, by name', () => {
    const single = unbatch((copies) => batch(() => couriers(), copies));
    assert.deepEqual(single.agents, ['scout', 'carrier']);
    assert.deepEqual(single.spaces.carrier, couriers().spaces.carrier);
    const batched = batch(() => couriers(), 1);
    const { output, actions, step } = start(batched, 5);
    const first = single.reset({ seed: 5 });
    assert.deepEqual([...(first.observations.carrier as Float32Array)], [...output[1]!.observation]);
    assert.deepEqual(first.actionMasks, { scout: [1, 1, 1, 1] });
    actions[0]![0] = 2;
    step();
    const answer = single.step({ scout: 2, carrier: [0, 0] });
    assert.deepEqual([...(answer.observations.carrier as Float32Array)], [...output[1]!.observation]);
    assert.equal(answer.rewards.scout, output[0]!.reward[0]);
  });

  it('refuses what the environment would refuse, and a mask forbids', () => {
    const single = unbatch((copies) => batch(() => couriers(), copies));
    const legal: Record<string, SpaceValue> = { scout: 0, carrier: [0, 0] };
    assert.throws(() => single.step(legal), { code: 'contract', message: /before reset/ });
    single.reset({ seed: 1 });
    assert.throws(() => single.step({ scout: 0 }), { code: 'contract', message: /"carrier"/ });
    assert.throws(() => single.step({ ...legal, scour: 0 }), { code: 'contract', message: /"scout"/ });
    assert.throws(() => single.step({ ...legal, carrier: [0, 2] }), { code: 'contract', message: /action\/1/ });
    single.step(legal);
    assert.throws(() => single.step({ ...legal, scout: 3 }), { code: 'contract', message: /not legal now/ });
  });

  it('ends its episode and shows the end, though the batch goes on', () => {
    const single = unbatch((copies) => batch(() => scripted({ steps: [END] }), copies));
    single.reset({ seed: 1 });
    const end = single.step({ a: 0, b: 1 });
    assert.deepEqual(end.terminated, { a: true, b: false });
    assert.deepEqual(end.truncated, { a: false, b: true });
    assert.deepEqual(end.observations, { a: Float32Array.of(1), b: Float32Array.of(1) });
    assert.throws(() => single.step({ a: 0, b: 0 }), { code: 'contract', message: /over/ });
  });
});
