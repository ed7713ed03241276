import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { stream } from '../../../core/index.ts';
import { createOutputs, type GroupOutput } from '../../../worlds/index.ts';
import { randomMaze } from '../../../worlds/maze/generate.ts';
import {
  fewestActions,
  HELD_OUT_MAZES,
  type Maze,
  maze,
  mazePicture,
  parseMaze,
  printMaze,
} from '../../../worlds/maze/index.ts';

const [LEFT, RIGHT, FORWARD] = [0, 1, 2];
const DX = [1, 0, -1, 0];
const DY = [0, 1, 0, -1];

/** What stands in the cells of a view, told cell by cell from the maze alone. */
function seen({ size, walls, agent, direction, goal }: Maze, view: number): number[] {
  const half = view >> 1;
  const cells: number[] = [];
  for (let far = view - 1; far >= 0; far--) {
    for (let k = -half; k <= half; k++) {
      const right = (direction + 1) % 4;
      const x = (agent % size) + far * DX[direction]! + k * DX[right]!;
      const y = Math.floor(agent / size) + far * DY[direction]! + k * DY[right]!;
      const isInside = x >= 0 && y >= 0 && x < size && y < size;
      cells.push(isInside ? walls[y * size + x]! : 1, isInside && y * size + x === goal ? 1 : 0);
    }
  }
  return cells;
}

const oneHot = (direction: number): number[] => [0, 1, 2, 3].map((each) => (each === direction ? 1 : 0));

function begin(level: readonly string[], options = {}): { step(action: number): GroupOutput; out: GroupOutput } {
  const environment = maze(1, { size: level.length, walls: 0, ...options });
  const outputs = createOutputs(environment.groups, 1);
  environment.setLevel!(0, [...level]);
  environment.reset(1, outputs);
  const out = outputs[0]!;
  return {
    out,
    step: (action) => {
      environment.step([Int32Array.of(action)], outputs);
      return out;
    },
  };
}

describe('maze', () => {
  it('pays 1 - 0.9 t / limit for the goal, and ends there', () => {
    const { step } = begin(['>..', '##.', '##G'], { maximumSteps: 50 });
    for (const action of [FORWARD, FORWARD, RIGHT, FORWARD]) {
      const { reward, terminated } = step(action!);
      assert.deepEqual([reward[0], terminated[0]], [0, 0]);
    }
    const { reward, terminated, truncated } = step(FORWARD!);
    assert.equal(reward[0], Math.fround(1 - (0.9 * 5) / 50));
    assert.deepEqual([terminated[0], truncated[0]], [1, 0]);
  });

  it('is truncated at its limit, unless the goal was reached in that very step', () => {
    const late = begin(['>..', '##.', '##G'], { maximumSteps: 5 });
    for (let t = 1; t <= 5; t++) assert.equal(late.step(LEFT!).truncated[0], t === 5 ? 1 : 0);
    const just = begin(['>..', '##.', '##G'], { maximumSteps: 5 });
    for (const action of [FORWARD, FORWARD, RIGHT, FORWARD]) just.step(action!);
    const { terminated, truncated, reward } = just.step(FORWARD!);
    assert.deepEqual([terminated[0], truncated[0]], [1, 0]);
    assert.ok(Math.abs(reward[0]! - 0.1) < 1e-6);
  });

  it('is stopped by walls and by the border', () => {
    const { step, out } = begin(['v#.', '#..', '..G']);
    const before = [...out.observation];
    for (const action of [FORWARD, LEFT, FORWARD, LEFT, FORWARD, LEFT, FORWARD, LEFT]) step(action!);
    assert.deepEqual([...out.observation], before, 'once round, nowhere to go');
  });

  it('shows what lies ahead, wherever the agent looks, in mazes of all sizes and views', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 3, 6, 13, 19, 30),
        fc.constantFrom(3, 5, 7, 9),
        fc.nat(10_000),
        (size, view, seed) => {
          const walls = Math.floor((size * size - 2) / 3);
          const start = randomMaze({ size, layout: 'walls', walls, fewestWalls: walls }, stream(seed, 'view'));
          const { step, out } = begin(printMaze(start), { view });
          const random = stream(seed, 'actions');
          let now = start;
          for (let t = 0; t < 20; t++) {
            assert.deepEqual([...out.observation], [...oneHot(now.direction), ...seen(now, view)]);
            const action = random.integer(3);
            const { agent, direction } = now;
            if (action === FORWARD) {
              const [x, y] = [(agent % size) + DX[direction]!, Math.floor(agent / size) + DY[direction]!];
              const isFree = x >= 0 && y >= 0 && x < size && y < size && now.walls[y * size + x] === 0;
              now = { ...now, agent: isFree ? y * size + x : agent };
            } else now = { ...now, direction: (direction + (action === LEFT ? 3 : 1)) % 4 };
            step(action);
            if (now.agent === now.goal) {
              assert.deepEqual([...out.finalObservation], [...oneHot(now.direction), ...seen(now, view)]);
              return;
            }
          }
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  it('plays the same, copy by copy, into arrays that cannot be written in pairs', () => {
    // In pairs a 5 x 5 view goes the way that is written out for speed; not in pairs it goes the way of all others.
    const copies = 5;
    const make = () => maze(copies, { size: 5, walls: 6, maximumSteps: 20 });
    const [fast, plain] = [make(), make()];
    const [paired, plainly] = [createOutputs(fast.groups, copies), createOutputs(fast.groups, copies)];
    const length = paired[0]!.observation.length;
    const odd = (): Float32Array => new Float32Array(length + 1).subarray(1);
    const apart = [{ ...plainly[0]!, observation: odd(), finalObservation: odd() }];
    fast.reset(4, paired);
    plain.reset(4, apart);
    const random = stream(4, 'actions');
    const seen = { terminated: 0, truncated: 0 };
    for (let t = 0; t < 600; t++) {
      assert.deepEqual({ ...apart[0] }, { ...paired[0] }, `step ${t}`);
      const actions = [Int32Array.from({ length: copies }, () => Math.min(random.integer(4), 2))];
      fast.step(actions, paired);
      plain.step(actions, apart);
      for (const name of ['terminated', 'truncated'] as const)
        seen[name] += paired[0]![name].reduce((sum, each) => sum + each, 0);
    }
    assert.ok(seen.terminated > 20 && seen.truncated > 20, JSON.stringify(seen));
    assert.deepEqual(plain.snapshot(), fast.snapshot());
  });

  it('is solved in the fewest actions that the search says', () => {
    for (const level of Object.values(HELD_OUT_MAZES)) {
      const start = parseMaze([...level]);
      const { step } = begin(level);
      let now = start;
      let t = 0;
      for (let ended = false; !ended; t++) {
        // Greedy by what is left after each action.
        const moved = (action: number): Maze => {
          if (action !== FORWARD) return { ...now, direction: (now.direction + (action === LEFT ? 3 : 1)) % 4 };
          const [x, y] = [(now.agent % 13) + DX[now.direction]!, Math.floor(now.agent / 13) + DY[now.direction]!];
          const isFree = x >= 0 && y >= 0 && x < 13 && y < 13 && now.walls[y * 13 + x] === 0;
          return { ...now, agent: isFree ? y * 13 + x : now.agent };
        };
        const left = fewestActions(now);
        const action = [LEFT!, RIGHT!, FORWARD!].find((each) => fewestActions(moved(each)) === left - 1)!;
        now = moved(action);
        ended = step(action).terminated[0] === 1;
      }
      assert.equal(t, fewestActions(start));
    }
  });

  it('draws itself as text and as a picture', () => {
    const level = ['>.#', '..G', '#..'];
    const environment = maze(1, { size: 3, walls: 0 });
    environment.setLevel!(0, level);
    environment.reset(1, createOutputs(environment.groups, 1));
    assert.equal(environment.render!(0), level.join('\n'));
    const picture = mazePicture(level);
    assert.match(picture, /^<svg .*<\/svg>$/);
    // Outer wall, floor, two stones, the goal.
    assert.equal(picture.match(/<rect/g)!.length, 5);
    assert.ok(picture.includes('<rect x="60" y="20" width="20" height="20" fill="#3b4252"/>'));
    // The arrow's tip: row 1, column 1, to the right.
    assert.ok(picture.includes('points="37,30 '));
  });

  it('refuses options that cannot be', () => {
    assert.throws(() => maze(1, { size: 3, walls: 8 }), /at most 7/);
    assert.throws(() => maze(1, { view: 4 }), /3, 5, 7 or 9/);
    assert.throws(() => maze(1, { layout: 'perfect', size: 12 }), /odd/);
    assert.throws(() => maze(1, { walls: 3, fewestWalls: 4 }), /at most walls/);
  });
});
