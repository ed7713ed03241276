import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../../core/index.ts';
import {
  type BatchedEnvironment,
  CLEANUP_GRID,
  CLEANUP_TASKS,
  checkBatched,
  cleanup,
  createOutputs,
  type GroupOutput,
  printReport,
  tidyUp,
} from '../../../worlds/index.ts';

const ACTIONS = { '.': 0, u: 1, d: 2, l: 3, r: 4 } as const;

interface Room {
  readonly environment: BatchedEnvironment;
  readonly out: GroupOutput;
  readonly output: readonly GroupOutput[];
  readonly play: (moves: string) => void;
  readonly worth: () => number[];
}

function enter(level: Json, seed = 1, options: Parameters<typeof cleanup>[1] = {}): Room {
  const environment = cleanup(1, options);
  const output = createOutputs(environment.groups, 1);
  environment.setLevel!(0, level);
  environment.reset(seed, output);
  return {
    environment,
    output,
    out: output[0]!,
    play(moves) {
      for (const move of moves) environment.step([Int32Array.of(ACTIONS[move as keyof typeof ACTIONS])], output);
    },
    worth() {
      const worth = new Float32Array(3);
      environment.taskRewards!(worth);
      return [...worth];
    },
  };
}

/** A room that looks as drawn: one square arena, its red blocks before its blue ones. */
function drawn(picture: readonly string[], options: Parameters<typeof cleanup>[1] = {}): Room {
  const cells = (letter: string) =>
    picture.flatMap((row, i) => [...row].flatMap((found, j) => (found === letter ? [7 * i + j] : [])));
  const [red, blue] = [cells('r'), cells('b')];
  const room = enter({ arena: picture.length - 3, red: red.length, blue: blue.length }, 1, options);
  const saved = room.environment.snapshot() as { arrays: Record<string, number[]> };
  saved.arrays.agent = cells('@');
  saved.arrays.block = [...red, ...blue, ...new Array<number>(6 - red.length - blue.length).fill(-1)];
  room.environment.restore(saved);
  return room;
}

function seen({ environment }: Room, size: number): string[] {
  return environment.render!(0)
    .split('\n')
    .slice(0, size)
    .map((row) => row.slice(0, size));
}

describe('cleanup', () => {
  it('pushes one block at a time, never two, never through a wall, and pulls none', () => {
    const room = drawn(['....', '@r..', '....', '....']);
    room.play('r');
    assert.deepEqual(seen(room, 4), ['....', '.@r.', '....', '....'], 'pushed');
    room.play('l');
    assert.deepEqual(seen(room, 4), ['....', '@.r.', '....', '....'], 'not pulled');
    room.play('rrr');
    assert.deepEqual(seen(room, 4), ['....', '..@r', '....', '....'], 'to the wall and no further');
    const two = drawn(['.....', '@rb..', '.....', '.....', '.....']);
    two.play('r');
    assert.deepEqual(seen(two, 5), ['.....', '@rb..', '.....', '.....', '.....'], 'two are too heavy');
    two.play('uldl.');
    assert.deepEqual(seen(two, 5), ['.....', '@rb..', '.....', '.....', '.....'], 'walls hold');
    two.play('urrdd');
    assert.deepEqual(seen(two, 5), ['.....', '.r...', '..@..', '..b..', '.....'], 'one of them, from above');
  });

  it('goes around a pillar and pushes nothing into it', () => {
    const room = enter({ arena: 2, red: 1, blue: 0, shape: 'pillar' });
    const saved = room.environment.snapshot() as { arrays: Record<string, number[]> };
    Object.assign(saved.arrays, { agent: [7 * 2], block: [7 * 2 + 1, -1, -1, -1, -1, -1] });
    room.environment.restore(saved);
    room.play('r');
    assert.deepEqual(seen(room, 5), ['.....', '.....', '@r#..', '.....', '.....']);
    room.play('urd');
    assert.deepEqual(seen(room, 5), ['.....', '.....', '.@#..', '.r...', '.....']);
  });

  it('tells what the room is worth to each task: nearness to the right wall, 1 where all are there', () => {
    // 5 x 5; red at column 1 of 0 to 4, blue at column 3 and row 2.
    const room = drawn(['.....', '.r...', '...b.', '.....', '@....']);
    room.play('.');
    // sort: red 1 from the left, blue 1 from the right, of 4 each. push: rows 1 and 2 of 4.
    assert.deepEqual(room.worth(), [0.75, 0.25, Math.fround(1 - 3 / 8)]);
    assert.equal(room.out.reward[0], 0, 'nobody is paid unless a task is set');
    const sorted = drawn(['....b', 'r....', '.....', '.....', '@....'], { task: 'sort-reversed' });
    sorted.play('.');
    assert.deepEqual(sorted.worth(), [1, 0, Math.fround(1 - 1 / 8)]);
    assert.equal(sorted.out.reward[0], 0);
    const paid = drawn(['....b', 'r....', '.....', '.....', '@....'], { task: 'push' });
    paid.play('.');
    assert.equal(paid.out.reward[0], Math.fround(1 - 1 / 8));
    const empty = enter({ arena: 0, red: 0, blue: 0 });
    empty.play('u');
    assert.deepEqual(empty.worth(), [1, 1, 1], 'where there is nothing to do, all is done');
  });

  it('shows walls, agent and both colours, and nothing else', () => {
    const room = drawn(['....', '.@r.', '....', '....']);
    room.play('.');
    const { observation } = room.out;
    const plane = (k: number) =>
      Array.from({ length: 49 }, (_, cell) => cell).filter((cell) => observation[4 * cell + k] === 1);
    assert.deepEqual([plane(1), plane(2), plane(3)], [[8], [9], []]);
    assert.equal(plane(0).length, 49 - 16);
    assert.ok(plane(0).every((cell) => cell % 7 >= 4 || cell >= 28));
  });

  it('shows what is around the agent, where it is asked to: the same picture wherever the same is around it', () => {
    const options = { view: 'agent', largest: 1 } as const;
    const around = (picture: readonly string[]) => {
      const room = drawn(picture, options);
      room.play('.');
      assert.deepEqual(room.environment.groups[0]!.observation, {
        type: 'box',
        shape: [7, 7, 3],
        low: 0,
        high: 1,
      });
      const { observation } = room.out;
      return Array.from({ length: 7 }, (_, row) =>
        Array.from({ length: 7 }, (_, column) => {
          const [wall, red, blue] = observation.subarray(3 * (7 * row + column));
          assert.ok(wall! + red! + blue! <= 1);
          return wall === 1 ? '#' : red === 1 ? 'r' : blue === 1 ? 'b' : '.';
        }).join(''),
      );
    };
    assert.deepEqual(around(['....', '.r..', '....', '@...']), [
      '###....',
      '###.r..',
      '###....',
      '###....',
      '#######',
      '#######',
      '#######',
    ]);
    const above = ['..b..', '.....', '..@..', '.....', '.....'];
    // A room larger than `largest` is not there whole.
    assert.deepEqual(around(above), ['#######', '#..b..#', '#.....#', '#.....#', '#.....#', '#.....#', '#######']);
    assert.throws(() => cleanup(1, { view: 'below' as 'room' }), { code: 'invalid_input', message: /room, agent/ });
  });

  it('keeps the last worth of an episode when the next one has begun', () => {
    const room = drawn(['r...', '....', '....', '@...'], { maximumSteps: 2, task: 'sort' });
    assert.deepEqual(room.worth(), [0, 0, 0], 'of no step yet');
    room.play('..');
    assert.deepEqual([room.out.truncated[0], room.out.reward[0]], [1, 1]);
    assert.deepEqual(room.worth(), [1, 0, 1]);
    const again = room.environment.snapshot();
    room.environment.restore(again);
    assert.deepEqual(room.worth(), [0, 0, 0]);
  });

  it('has 35 levels, and plays more than it draws', () => {
    assert.equal(CLEANUP_GRID.length, 35);
    const blocks = (level: Json) => (level as { red: number; blue: number }).red + (level as { blue: number }).blue;
    assert.ok(CLEANUP_GRID.every((level) => blocks(level) <= (level as { arena: number }).arena));
    let played = 0;
    for (const shape of ['square', 'pillar', 'wide'])
      for (let arena = 0; arena <= 4; arena++)
        for (let red = 0; red <= 6; red++)
          for (let blue = 0; red + blue <= 6; blue++) {
            try {
              cleanup(1).setLevel!(0, { arena, red, blue, shape });
            } catch {
              continue;
            }
            // Whatever is accepted can be laid out: placing at random comes to an end.
            const picture = enter({ arena, red, blue, shape }, red + 7 * blue).environment.render!(0);
            assert.deepEqual([picture.match(/r/g)?.length ?? 0, picture.match(/b/g)?.length ?? 0], [red, blue]);
            played++;
          }
    assert.ok(played > 35 + 30, `${played} levels`);
    for (const [level, message] of [
      [{ arena: 5, red: 0, blue: 0 }, /0 to 4/],
      [{ arena: 4, red: 4, blue: 3 }, /at most 6/],
      [{ arena: 1, red: 1, blue: 1 }, /at most 1/],
      [{ arena: 1, red: 0, blue: 0, shape: 'pillar' }, /2 to 4/],
      [{ arena: 3, red: 0, blue: 0, shape: 'round' }, /square, pillar, wide/],
      [{ arena: 3, red: 0 }, /blue.*got nothing/],
      [{ arena: 3, red: 0, blue: 0, sise: 3 }, /no "sise"/],
    ] as const)
      assert.throws(() => cleanup(1).setLevel!(0, level), message);
    assert.throws(() => cleanup(1, { task: 'tidy' as 'sort' }), { code: 'invalid_input' });
  });

  it('draws from smaller arenas only where it is told so, and plays the others nevertheless', () => {
    const environment = cleanup(40, { largest: 1 });
    const { grid, generate, mutate } = environment.levels!;
    assert.deepEqual(grid, [
      { arena: 0, red: 0, blue: 0 },
      { arena: 1, red: 0, blue: 0 },
      { arena: 1, red: 0, blue: 1 },
      { arena: 1, red: 1, blue: 0 },
    ]);
    for (let seed = 0; seed < 20; seed++) {
      assert.ok(grid.some((level) => isDeepStrictEqual(level, generate(seed))));
      assert.ok(grid.some((level) => isDeepStrictEqual(level, mutate!(grid[3]!, seed))));
    }
    environment.reset(1, createOutputs(environment.groups, 40));
    // Nothing but wall from the fifth row on.
    for (let copy = 0; copy < 40; copy++) assert.ok(environment.render!(copy).endsWith('#######\n'.repeat(3).trim()));
    environment.setLevel!(0, { arena: 4, red: 2, blue: 2 });
    assert.deepEqual(cleanup(1, { largest: 4 }).levels!.grid, CLEANUP_GRID);
    for (const largest of [-1, 5, 1.5]) assert.throws(() => cleanup(1, { largest }), { code: 'invalid_input' });
  });

  it('begins where every block can be pushed, differently for every seed', () => {
    const pictures = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const room = enter({ arena: 4, red: 2, blue: 2 }, seed);
      const rows = room.environment.render!(0).split('\n');
      pictures.add(rows.join());
      for (const [i, row] of rows.entries())
        for (const [j, letter] of [...row].entries()) {
          if (letter !== 'r' && letter !== 'b') continue;
          assert.ok(i > 0 && i < 6 && j > 0 && j < 6, 'away from walls');
          for (let k = 0; k < 9; k++)
            if (k !== 4) assert.ok(!/[rb]/.test(rows[i + Math.floor(k / 3) - 1]![j + (k % 3) - 1]!), 'and apart');
        }
    }
    assert.equal(pictures.size, 40);
  });

  for (const task of CLEANUP_TASKS)
    it(`is tidied up by hand in every level of the grid, and in the same way whatever the view: ${task}`, () => {
      const policies = [tidyUp(task), tidyUp(task, 'agent')] as const;
      for (const level of CLEANUP_GRID)
        for (let seed = 0; seed < 4; seed++) {
          const rooms = [enter(level, seed, { task }), enter(level, seed, { task, view: 'agent' })] as const;
          let steps = 0;
          do {
            const actions = rooms.map(({ out }, i) => policies[i]!(out.observation, 0, 0, 0));
            assert.equal(actions[0], actions[1]);
            for (const { environment, output } of rooms) environment.step([Int32Array.of(actions[0]!)], output);
          } while (rooms[0].out.reward[0] !== 1 && ++steps < 60);
          assert.ok(steps < 59, `${JSON.stringify(level)}, seed ${seed}\n${rooms[0].environment.render!(0)}`);
        }
    });

  for (const view of ['room', 'agent'] as const)
    it(`keeps the whole contract, seen from the ${view}`, async () => {
      const make = (copies: number) => cleanup(copies, { maximumSteps: 20, view });
      const report = await checkBatched(make, { enduranceSteps: 0 });
      assert.ok(report.passed, printReport(report));
      for (const name of ['batch/task-rewards', 'single/task-rewards', 'single/level-space'])
        assert.equal(report.checks.find((check) => check.name === name)?.outcome, 'pass', name);
    });
});
