import assert from 'node:assert/strict';
import type { Json } from '../../../core/index.ts';
import { stream } from '../../../core/index.ts';
import type { Arena, DreamNews } from '../../../curricula/game/index.ts';
import { checkBatched, createActions, createOutputs, type GroupOutput } from '../../../worlds/index.ts';
import { arenaOfWalks, realPoles } from './walks.ts';

/** Actions of everybody at each step: choices for players, numbers for the adversary. */
type Act = (t: number, group: number, seat: number) => number;

interface Played {
  /** [steps][groups]. */
  readonly outputs: readonly (readonly GroupOutput[])[];
  readonly news: DreamNews;
}

function play(arena: Arena, steps: number, act: Act, seed: number | null = 1): Played {
  const output = createOutputs(arena.groups, arena.batchSize);
  if (seed !== null) arena.reset(seed, output);
  const actions = createActions(arena.groups, arena.batchSize);
  const outputs: GroupOutput[][] = [];
  for (let t = 0; t < steps; t++) {
    for (const [g, array] of actions.entries()) for (let i = 0; i < array.length; i++) array[i] = act(t, g, i);
    arena.step(actions, output);
    outputs.push(structuredClone(output));
  }
  return { outputs, news: arena.take()! };
}

/** The protagonist stands, the antagonist walks, the adversary does all kinds of things. */
const mixed: Act = (t, g, i) => (g === 0 ? 0 : g === 1 ? 1 : Math.sin(3 * t + i));

describe('the arena', () => {
  it('keeps the contract of environments: paired dreams, and reality alone', async () => {
    const settings = { enduranceSteps: 0, repeatSteps: 20 };
    const options = { walk: { end: 2 }, ending: 'drawn' } as const;
    const dreamt = await checkBatched((copies) => arenaOfWalks({ ...options, copies }).arena, settings);
    assert.ok(dreamt.passed, JSON.stringify(dreamt.checks.filter(({ outcome }) => outcome === 'fail')));
    const report = await checkBatched(realPoles, settings);
    assert.ok(report.passed, JSON.stringify(report.checks.filter(({ outcome }) => outcome === 'fail')));
  }).timeout(120_000);

  it('pays the two agents of the adversary together what the antagonist earns above the protagonist', () => {
    const { arena } = arenaOfWalks({ walk: { end: 3 }, horizon: 6, copies: 8 });
    const { outputs, news } = play(arena, 60, mixed);
    const [sums, told] = [
      { protagonist: 0, antagonist: 0, adversary: 0 },
      { protagonist: 0, antagonist: 0 },
    ];
    let [apart, both] = [0, 0];
    const open = new Float64Array(8);
    for (const [protagonist, antagonist, adversary] of outputs as unknown as [
      GroupOutput,
      GroupOutput,
      GroupOutput,
    ][]) {
      for (let b = 0; b < 8; b++) {
        sums.protagonist += protagonist.reward[b]!;
        sums.antagonist += antagonist.reward[b]!;
        sums.adversary += adversary.reward[2 * b]! + adversary.reward[2 * b + 1]!;
        open[b]! += antagonist.reward[b]! - protagonist.reward[b]!;
        const isOver = adversary.terminated[2 * b] === 1 || adversary.truncated[2 * b] === 1;
        if (isOver) open[b] = 0;
        // The adversary stays until both sides are over.
        assert.equal(adversary.alive[2 * b], 1);
        if (protagonist.alive[b] !== antagonist.alive[b]) apart++;
        else both++;
      }
    }
    assert.ok(apart > 0 && both > 0, `${apart} ${both}`);
    assert.ok(Math.abs(sums.adversary - (sums.antagonist - sums.protagonist)) < 1e-3);
    for (const dream of news.dreams) {
      told.protagonist += dream.protagonist;
      told.antagonist += dream.antagonist!;
    }
    const stillOpen = open.reduce((a, b) => a + b);
    assert.ok(Math.abs(told.antagonist - told.protagonist + stillOpen - sums.adversary) < 1e-3);
    assert.ok(Math.abs(news.paid - sums.adversary) < 1e-3);
    assert.equal(news.moves, 2 * 8 * 60);
  });

  it('pays for value what the player of the own dream misses', () => {
    const { arena } = arenaOfWalks({ sides: 1, adversary: { objective: 'value' }, walk: { end: 3 } });
    const { outputs } = play(arena, 20, (t, g, i) => (g === 0 ? 1 : Math.cos(t + i)));
    for (const [protagonist, adversary] of outputs as unknown as [GroupOutput, GroupOutput][]) {
      assert.deepEqual(
        Array.from(adversary.reward),
        Array.from(protagonist.reward, (each) => -each),
      );
      for (const flag of ['alive', 'terminated', 'truncated'] as const)
        assert.deepEqual(adversary[flag], protagonist[flag]);
    }
  });

  it('gives both sides the same start and noise: who do alike see and earn alike', () => {
    const { arena } = arenaOfWalks({ starts: [0, 5, -7], walk: { end: 8 }, ending: 'drawn' });
    const alike: Act = (t, g, i) => (g < 2 ? (t + i) % 2 : Math.sin(t + (i >> 1)));
    for (const [protagonist, antagonist, adversary] of play(arena, 30, alike).outputs as unknown as [
      GroupOutput,
      GroupOutput,
      GroupOutput,
    ][]) {
      assert.deepEqual(protagonist, antagonist);
      assert.ok(adversary.reward.every((each) => each === 0));
    }
  });

  it('is undisturbed by a radius of 0, bit for bit', () => {
    const without = arenaOfWalks({ adversary: { objective: 'none' } });
    const within = arenaOfWalks({ adversary: { radius: 0 } });
    const beyond = arenaOfWalks({ adversary: { radius: 1 } });
    const players = ({ arena }: ReturnType<typeof arenaOfWalks>) =>
      play(arena, 20, mixed).outputs.map((groups) => groups.slice(0, 2));
    assert.deepEqual(players(within), players(without));
    assert.notDeepEqual(players(beyond), players(without));
  });

  it('moves normal noise by what the radius allows, and counts the nats', () => {
    const base = play(arenaOfWalks({ adversary: { objective: 'none' }, sides: 1 }).arena, 4, () => 0).outputs;
    const { arena } = arenaOfWalks({ adversary: { objective: 'value', radius: 2 }, sides: 1 });
    const { outputs, news } = play(arena, 4, (_, g) => (g === 0 ? 0 : -1));
    for (const [t, [protagonist]] of outputs.entries())
      for (let b = 0; b < 4; b++) {
        const moved = protagonist!.reward[b]! - base[t]![0]!.reward[b]!;
        // KL of a normal moved by d is d^2 / 2: the edge of 2 nats is d = 2.
        assert.ok(Math.abs(moved + 2) < 1e-5, `${moved}`);
      }
    assert.equal(news.disturbed, 16);
    assert.ok(Math.abs(news.nats / 16 - 2) < 1e-6);
  });

  it('is disturbed by chance without an adversary: each dream to one side, for both players, to the edge', () => {
    const options = { copies: 16, horizon: 6 } as const;
    const still = arenaOfWalks({ ...options, adversary: { objective: 'random', radius: 0 } });
    const base = play(still.arena, 6, () => 0).outputs;
    const { arena } = arenaOfWalks({ ...options, adversary: { objective: 'random', radius: 2 } });
    assert.deepEqual(
      arena.groups.map(({ name }) => name),
      ['protagonist', 'antagonist'],
    );
    const { outputs, news } = play(arena, 6, () => 0);
    const sides = Array.from({ length: 16 }, (_, b) =>
      outputs.map(([protagonist, antagonist], t) => {
        assert.equal(protagonist!.reward[b], antagonist!.reward[b]);
        return protagonist!.reward[b]! - base[t]![0]!.reward[b]!;
      }),
    );
    // The noise is one normal number: 2 nats move it by 2, up or down.
    for (const moved of sides) {
      for (const each of moved) assert.ok(Math.abs(Math.abs(each) - 2) < 1e-5, `${each}`);
      assert.ok(moved.every((each) => each > 0 === moved[0]! > 0));
    }
    const up = sides.filter(([first]) => first! > 0).length;
    assert.ok(up > 2 && up < 14, `${up} of 16`);
    assert.ok(Math.abs(news.nats / news.disturbed - 2) < 1e-6);
    assert.equal(news.moves, 0);
  });

  it('refuses steps that the model finds too unlikely, and takes the undisturbed ones', () => {
    const floor = { nats: 3, draws: 8 };
    const options = { sides: 1, copies: 64, horizon: 50 } as const;
    const run = (radius: number) => {
      const { arena } = arenaOfWalks({ ...options, adversary: { objective: 'value', radius, floor } });
      return play(arena, 1, (_, g) => (g === 0 ? 0 : -1));
    };
    const base = play(arenaOfWalks({ ...options, adversary: { objective: 'none' } }).arena, 1, () => 0).outputs[0]!;
    const far = run(50);
    // Ten standard deviations away: nearly everything is refused, and what is refused is the step of the base noise.
    assert.ok(far.news.refused > 60, `${far.news.refused}`);
    const same = base[0]!.reward.filter((each, b) => each === far.outputs[0]![0]!.reward[b]).length;
    assert.equal(same, far.news.refused);
    assert.ok(run(0.01).news.refused < 8);
    assert.equal(run(0).news.refused, 0);
  });

  for (const objective of ['regret', 'random'] as const)
    it(`goes on exactly from a snapshot: ${objective}`, () => {
      const options = { walk: { end: 2 }, ending: 'drawn', starts: [0, 1, -1], adversary: { objective } } as const;
      const make = () => arenaOfWalks(options).arena;
      const one = make();
      play(one, 7, mixed, 3);
      const saved = JSON.parse(JSON.stringify(one.snapshot())) as Json;
      const other = make();
      other.restore(saved);
      assert.deepEqual(play(other, 20, mixed, null), play(one, 20, mixed, null));
      assert.throws(() => arenaOfWalks({ copies: 2 }).arena.restore(saved), /another arena/);
    });

  it('draws gumbel and uniform noise inside the same ball', () => {
    for (const kind of ['gumbel', 'uniform'] as const) {
      const { arena } = arenaOfWalks({ walk: { kind }, adversary: { radius: 0.7 } });
      const random = stream(1, 'moves');
      const { news } = play(arena, 30, (_, g) => (g < 2 ? 0 : 4 * random.normal()));
      assert.ok(news.nats / news.disturbed <= 0.7 && news.nats / news.disturbed > 0.3);
    }
  });
});
