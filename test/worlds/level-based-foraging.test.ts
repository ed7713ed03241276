import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { type Json, type LightbulbError, stream } from '../../core/index.ts';
import {
  type BatchedEnvironment,
  checkBatched,
  type LevelBasedForagingOptions,
  levelBasedForaging,
  unbatch,
} from '../../worlds/index.ts';
import { actionsFor, outputsFor, written } from './play.ts';

const [NONE, NORTH, SOUTH, WEST, EAST, LOAD] = [0, 1, 2, 3, 4, 5] as const;

type Piece = [row: number, column: number, level: number];
interface Level {
  players: Piece[];
  food: Piece[];
}

/** One copy at a level, and what it writes. */
function begin(level: Level, options: LevelBasedForagingOptions = {}) {
  const environment = levelBasedForaging(1, {
    players: level.players.length,
    maxNumFood: Math.max(1, level.food.length),
    ...options,
  });
  const out = outputsFor(environment);
  environment.setLevel!(0, level as unknown as Json);
  environment.reset(1, out);
  return {
    environment,
    out: out[0]!,
    step: (...actions: number[]) => {
      environment.step([Int32Array.from(actions)], out);
      return [...out[0]!.reward];
    },
    /** Where players are, by the first agent's view of the whole field. */
    players: () =>
      [...out[0]!.observation.slice(3 * Math.max(1, level.food.length))].slice(0, 3 * level.players.length),
  };
}

describe('level-based foraging', () => {
  describe('rules', () => {
    const pair: Level = {
      players: [
        [4, 3, 1],
        [4, 5, 2],
      ],
      food: [
        [4, 4, 3],
        [1, 1, 1],
      ],
    };

    it('pay a load together by level, in shares of all food', () => {
      const { step, out } = begin(pair, { maxFoodLevel: 3 });
      assert.deepEqual(
        step(LOAD, LOAD).map((reward) => reward.toFixed(6)),
        ['0.250000', '0.500000'],
      );
      assert.deepEqual([...out.terminated, ...out.truncated], [0, 0, 0, 0]);
    });

    it('pay levels themselves where rewards are not normalised', () => {
      assert.deepEqual(begin(pair, { maxFoodLevel: 3, normalizeReward: false }).step(LOAD, LOAD), [3, 6]);
    });

    it('leave food that is too heavy, at a penalty for those who tried', () => {
      const { step, out } = begin(pair, { maxFoodLevel: 3, penalty: 0.25 });
      assert.deepEqual(step(LOAD, NONE), [-0.25, 0]);
      assert.equal(out.observation[3 + 2], 3, 'still there');
      assert.deepEqual(begin(pair, { maxFoodLevel: 3 }).step(LOAD, NONE), [0, 0]);
    });

    it('pay only those who load, not who stands by', () => {
      const { step, out } = begin({
        players: [
          [4, 3, 1],
          [4, 5, 2],
        ],
        food: [[4, 4, 2]],
      });
      assert.deepEqual(step(NONE, LOAD), [0, 1]);
      assert.deepEqual([...out.terminated, ...out.truncated], [1, 1, 0, 0]);
      assert.deepEqual([...out.finalObservation.slice(0, 3)], [-1, -1, 0]);
    });

    it('end in truncation at the limit, and in termination if the last food goes then', () => {
      const level: Level = { players: [[4, 3, 1]], food: [[4, 4, 1]] };
      const late = begin(level, { maxEpisodeSteps: 2 });
      late.step(NONE);
      late.step(NONE);
      assert.deepEqual([late.out.terminated[0], late.out.truncated[0]], [0, 1]);
      const done = begin(level, { maxEpisodeSteps: 2 });
      done.step(NONE);
      done.step(LOAD);
      assert.deepEqual([done.out.terminated[0], done.out.truncated[0]], [1, 0]);
    });

    it('keep all where two want one cell, let two change places, and nobody enters where one stays', () => {
      const level = (...players: Piece[]): Level => ({ players, food: [] });
      // Without food the first step ends the episode: its final observation shows where they went.
      const moved = (start: Level, ...actions: number[]) => {
        const { step, out } = begin(start);
        step(...actions);
        return [...out.finalObservation.slice(3, 3 + 3 * start.players.length)];
      };
      assert.deepEqual(moved(level([2, 2, 1], [2, 4, 1]), EAST, WEST), [2, 2, 1, 2, 4, 1], 'one cell');
      assert.deepEqual(moved(level([2, 2, 1], [2, 3, 1]), EAST, WEST), [2, 3, 1, 2, 2, 1], 'a swap');
      assert.deepEqual(moved(level([2, 2, 1], [2, 3, 1]), EAST, NONE), [2, 2, 1, 2, 3, 1], 'one stays');
      assert.deepEqual(moved(level([2, 2, 1], [2, 3, 1]), EAST, EAST), [2, 3, 1, 2, 4, 1], 'one behind the other');
      // The first two bump and stay; the third gets the cell that it saw the first leave.
      const three = level([2, 2, 1], [2, 4, 1], [3, 2, 2]);
      assert.deepEqual(moved(three, EAST, WEST, NORTH), [2, 2, 1, 2, 4, 1, 2, 2, 2], 'two in one cell');
    });

    it('keep players within the field and out of food, and the mask says so', () => {
      const run = begin({
        players: [
          [0, 0, 1],
          [7, 7, 1],
        ],
        food: [[5, 5, 1]],
      });
      assert.deepEqual([...run.out.actionMask], [1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0]);
      run.step(NORTH, SOUTH);
      run.step(WEST, EAST);
      assert.deepEqual(run.players(), [0, 0, 1, 7, 7, 1]);
      const beside = begin({ players: [[4, 5, 1]], food: [[5, 5, 1]] });
      assert.deepEqual([...beside.out.actionMask], [1, 1, 0, 1, 1, 1]);
      beside.step(SOUTH);
      assert.deepEqual(beside.players(), [4, 5, 1]);
    });

    it('come without masks where none are wanted', () => {
      const environment = levelBasedForaging(2, { actionMask: false });
      assert.equal(environment.groups[0]!.masked, false);
      assert.equal(outputsFor(environment)[0]!.actionMask.length, 0);
    });
  });

  it('starts episodes as the rules have it', () => {
    const property = fc.record({
      players: fc.integer({ min: 1, max: 5 }),
      rows: fc.integer({ min: 5, max: 12 }),
      cols: fc.integer({ min: 5, max: 12 }),
      maxNumFood: fc.integer({ min: 1, max: 5 }),
      maxPlayerLevel: fc.integer({ min: 1, max: 4 }),
      forceCoop: fc.boolean(),
    });
    fc.assert(
      fc.property(property, fc.nat(), (options, seed) => {
        const environment = levelBasedForaging(1, options);
        const { players, food } = environment.levels!.generate(seed) as unknown as Level;
        assert.equal(players.length, options.players);
        assert.equal(new Set(players.map(([row, column]) => `${row},${column}`)).size, players.length);
        for (const [row, column, level] of players) {
          assert.ok(row >= 0 && row < options.rows && column >= 0 && column < options.cols);
          assert.ok(level >= 1 && level <= options.maxPlayerLevel);
        }
        const lowest = players
          .map(([, , level]) => level)
          .sort((a, b) => a - b)
          .slice(0, 3)
          .reduce((sum, level) => sum + level, 0);
        for (const [i, [row, column, level]] of food.entries()) {
          assert.ok(row >= 1 && row < options.rows - 1 && column >= 1 && column < options.cols - 1, 'off the border');
          assert.ok(options.forceCoop ? level === lowest : level >= 1 && level <= lowest);
          assert.ok(!players.some(([y, x]) => y === row && x === column), 'off players');
          for (const [y, x] of food.slice(0, i)) assert.ok(Math.abs(y - row) + Math.abs(x - column) > 2, 'apart');
        }
        const mutated = environment.levels!.mutate!(environment.levels!.generate(seed), seed + 1);
        environment.setLevel!(0, mutated);
      }),
      { numRuns: 200 },
    );
  });

  it('draws players and food evenly, and both levels', () => {
    const environment = levelBasedForaging(1);
    const cells = new Int32Array(64);
    const levels = new Int32Array(3);
    const heights = new Int32Array(5);
    let food = 0;
    for (let seed = 0; seed < 4000; seed++) {
      const level = environment.levels!.generate(seed) as unknown as Level;
      for (const [row, column, strength] of level.players) {
        cells[row * 8 + column]!++;
        levels[strength]!++;
      }
      for (const [, , heavy] of level.food) heights[heavy]!++;
      food += level.food.length;
    }
    // 8000 draws in 64 cells: 125 each, give or take five standard deviations.
    assert.ok(
      cells.every((count) => Math.abs(count - 125) < 56),
      String(cells),
    );
    assert.ok(Math.abs(levels[1]! - 4000) < 224 && levels[1]! + levels[2]! === 8000);
    assert.equal(food, 8000, 'there is room for two');
    // The sum of two levels is 2, 3, 4 with 1/4, 1/2, 1/4, and food uniform up to it: 1 with 1/8 + 1/6 + 1/16.
    assert.ok(Math.abs(heights[1]! / 8000 - 17 / 48) < 0.04 && Math.abs(heights[4]! / 8000 - 1 / 16) < 0.02);
  });

  it('plays in sight of what is near alone, rows and columns from the corner of what is seen', () => {
    const level: Level = {
      players: [
        [4, 4, 1],
        [4, 7, 2],
      ],
      food: [
        [5, 5, 1],
        [2, 1, 2],
      ],
    };
    const { out } = begin(level, { sight: 2 });
    assert.deepEqual([...out.observation.slice(0, 12)], [3, 3, 1, -1, -1, 0, 2, 2, 1, -1, -1, 0]);
    assert.deepEqual([...out.observation.slice(12)], [3, 0, 1, -1, -1, 0, 2, 2, 2, -1, -1, 0]);
  });

  it('shows a picture with the channels players, food, free', () => {
    const level: Level = {
      players: [
        [0, 1, 2],
        [4, 4, 1],
      ],
      food: [[1, 2, 3]],
    };
    const { out, environment } = begin(level, { gridObservation: true, sight: 1, rows: 5, cols: 5 });
    const { observation } = environment.groups[0]!;
    assert.deepEqual(observation.type === 'box' && observation.shape, [3, 3, 3]);
    const layer = (channel: number) => Array.from({ length: 9 }, (_, cell) => out.observation[cell * 3 + channel]);
    assert.deepEqual(layer(0), [0, 0, 0, 0, 2, 0, 0, 0, 0]);
    assert.deepEqual(layer(1), [0, 0, 0, 0, 0, 0, 0, 0, 3]);
    assert.deepEqual(layer(2), [0, 0, 0, 1, 0, 1, 1, 1, 0]);
  });

  it('refuses levels and options against the rules', () => {
    const environment = levelBasedForaging(1, { rows: 6, cols: 6 });
    const refused = (text: RegExp) => (error: LightbulbError) =>
      error.code === 'invalid_input' && text.test(error.message);
    const set = (level: unknown) => () => environment.setLevel!(0, level as Json);
    const players = [
      [0, 0, 1],
      [1, 1, 1],
    ];
    assert.throws(set({ players, food: [[0, 2, 1]] }), refused(/food\/0/));
    assert.throws(
      set({
        players,
        food: [
          [2, 2, 1],
          [2, 4, 1],
        ],
      }),
      refused(/food\/1/),
    );
    assert.throws(set({ players, food: [[1, 1, 1]] }), refused(/food\/0/));
    assert.throws(set({ players, food: [[2, 2, 5]] }), refused(/food\/0/));
    assert.throws(
      set({
        players: [
          [0, 0, 1],
          [0, 0, 1],
        ],
        food: [],
      }),
      refused(/players\/1/),
    );
    assert.throws(set({ players: [[0, 0, 1]], food: [] }), refused(/players/));
    assert.throws(
      set({
        players: [
          [0, 0, 3],
          [1, 1, 1],
        ],
        food: [],
      }),
      refused(/players\/0/),
    );
    assert.throws(set({ players }), refused(/food/));
    assert.throws(
      set({
        players,
        food: [
          [3, 3, 1],
          [1, 3, 1],
          [3, 1, 1],
        ],
      }),
      refused(/at most 2/),
    );
    assert.throws(() => levelBasedForaging(1, { players: 20, rows: 5, cols: 5 }), refused(/players/));
    assert.throws(() => levelBasedForaging(1, { minPlayerLevel: 3 }), refused(/minPlayerLevel/));
    assert.throws(() => levelBasedForaging(1, { minFoodLevel: 3 }), refused(/minFoodLevel/));
    assert.throws(() => levelBasedForaging(1, { penalty: -1 }), refused(/penalty/));
  });

  it('goes on from a snapshot through JSON, and from it alone', () => {
    const environment = levelBasedForaging(3, { players: 3, maxEpisodeSteps: 11 });
    const out = outputsFor(environment);
    environment.reset(5, out);
    const play = (where: BatchedEnvironment) => {
      const random = stream(1, 'play');
      const [actions, log] = [actionsFor(where), [] as unknown[]];
      for (let t = 0; t < 40; t++) {
        actions[0]!.forEach((_, i) => {
          actions[0]![i] = random.integer(6);
        });
        out[0]!.finalObservation.fill(0);
        where.step(actions, out);
        log.push(written(out));
      }
      return log;
    };
    play(environment);
    const saved = JSON.parse(JSON.stringify(environment.snapshot())) as Json;
    const wanted = play(environment);
    const fresh = levelBasedForaging(3, { players: 3, maxEpisodeSteps: 11 });
    fresh.restore(saved);
    assert.deepEqual(play(fresh), wanted);
  });

  it('draws itself in text', () => {
    const single = unbatch((copies) => levelBasedForaging(copies, { rows: 4, cols: 4 }));
    single.reset({
      seed: 1,
      level: {
        players: [
          [0, 0, 1],
          [2, 3, 2],
        ],
        food: [[1, 2, 3]],
      },
    });
    assert.equal(single.render!(), [' a1  .  .  .', '  .  .  3  .', '  .  .  . b2', '  .  .  .  .'].join('\n'));
  });

  for (const options of [
    {},
    { players: 3, sight: 2, penalty: 0.1, maxEpisodeSteps: 20 },
    { gridObservation: true, sight: 2 },
  ]) {
    it(`keeps the contract with ${JSON.stringify(options)}`, async () => {
      const { passed, checks } = await checkBatched((copies) => levelBasedForaging(copies, options), {
        enduranceSteps: 1500,
      });
      assert.ok(
        passed,
        JSON.stringify(
          checks.filter(({ outcome }) => outcome === 'fail'),
          null,
          2,
        ),
      );
    });
  }
});
