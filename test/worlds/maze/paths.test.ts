import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { stream } from '../../../core/index.ts';
import { randomMaze } from '../../../worlds/maze/generate.ts';
import {
  distancesToGoal,
  fewestActions,
  HELD_OUT_MAZES,
  isSolvable,
  type MazeLevel,
  mutateMaze,
  optimalReturn,
  PERFECT_MAZE_SIZES,
  parseMaze,
  perfectMaze,
  printMaze,
  shortestPath,
} from '../../../worlds/maze/index.ts';

const scattered = (size: number, walls: number, seed: number) =>
  randomMaze({ size, layout: 'walls', walls, fewestWalls: walls }, stream(seed, 'test'));

describe('paths through mazes', () => {
  it('are counted as by hand, turns as actions', () => {
    // Two forward, one turn, two forward.
    const corner = parseMaze(['>..', '##.', '##G']);
    assert.equal(shortestPath(corner), 4);
    assert.equal(fewestActions(corner), 5);
    assert.equal(optimalReturn(corner, 250), 1 - (0.9 * 5) / 250);
    // Looking the other way costs two turns.
    assert.equal(fewestActions(parseMaze(['<..', '##.', '##G'])), 7);
    assert.deepEqual([...distancesToGoal(corner)], [4, 3, 2, -1, -1, 1, -1, -1, 0]);
  });

  it('are not there where walls close the goal off, or time is too short', () => {
    const closed = parseMaze(['>.#.', '..#.', '..##', '...G'].map((row, y) => (y === 3 ? '..#G' : row)));
    assert.equal(shortestPath(closed), -1);
    assert.equal(fewestActions(closed), -1);
    assert.equal(isSolvable(closed), false);
    assert.equal(optimalReturn(closed, 250), 0);
    assert.equal(optimalReturn(parseMaze(['>..', '##.', '##G']), 4), 0);
  });

  it('agree with what a plain search over single actions finds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 7 }), fc.nat(1000), (size, seed) => {
        const maze = scattered(size, Math.floor((size * size) / 3), seed);
        // Sets of states after t actions, all at once.
        const [dx, dy] = [
          [1, 0, -1, 0],
          [0, 1, 0, -1],
        ];
        let states = new Set([`${maze.agent % size},${Math.floor(maze.agent / size)},${maze.direction}`]);
        const seen = new Set(states);
        let found = -1;
        for (let t = 1; t <= 4 * size * size && found < 0 && states.size > 0; t++) {
          const next = new Set<string>();
          for (const state of states) {
            const [x, y, d] = state.split(',').map(Number) as [number, number, number];
            const [u, v] = [x + dx![d]!, y + dy![d]!];
            const inside = u >= 0 && v >= 0 && u < size && v < size && maze.walls[v * size + u] === 0;
            const moves = [`${x},${y},${(d + 1) % 4}`, `${x},${y},${(d + 3) % 4}`, inside ? `${u},${v},${d}` : state];
            if (inside && v * size + u === maze.goal) found = t;
            for (const move of moves) if (!seen.has(move)) next.add(move);
          }
          for (const state of next) seen.add(state);
          states = next;
        }
        assert.equal(fewestActions(maze), found);
        assert.equal(isSolvable(maze), found >= 0);
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe('mazes as levels', () => {
  it('are written and read as text', () => {
    const text: MazeLevel = ['>.#G', '..#.', '....', '#..#'];
    assert.deepEqual(printMaze(parseMaze([...text])), text);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(1000), (size, seed) => {
        const maze = scattered(size, Math.min(5, size * size - 2), seed);
        assert.deepEqual(parseMaze(printMaze(maze)), maze);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('are refused with row and column where they are wrong', () => {
    const says = (level: unknown, text: RegExp): void => {
      assert.throws(() => parseMaze(level as string[], 3), text);
    };
    says(['>..', '...', '..x'], /"x", row 3, column 3/);
    says(['>..', '..', '..G'], /row 2 has another length/);
    says(['>..', '...'], /another size/);
    says(['...', '...', '..G'], /no agent/);
    says(['>..', '...', '...'], /no goal/);
    says(['>.G', '...', '..G'], /two goals/);
    says(['>.v', '...', '..G'], /two agents/);
    says({ rows: [] }, /a list of rows/);
  });

  it('have as many walls as asked for, every cell as often, and agent and goal apart', () => {
    const count = new Int32Array(36);
    const wallsOf = new Map<number, number>();
    const draws = 4000;
    for (let seed = 0; seed < draws; seed++) {
      const maze = randomMaze({ size: 6, layout: 'walls', walls: 9, fewestWalls: 5 }, stream(seed, 'walls'));
      const walls = maze.walls.reduce((sum, wall) => sum + wall, 0);
      wallsOf.set(walls, (wallsOf.get(walls) ?? 0) + 1);
      maze.walls.forEach((wall, cell) => {
        count[cell]! += wall;
      });
      assert.ok(maze.agent !== maze.goal && maze.walls[maze.agent] === 0 && maze.walls[maze.goal] === 0);
    }
    assert.deepEqual([...wallsOf.keys()].sort(), [5, 6, 7, 8, 9]);
    // Pearson's statistic against equal shares: 4 degrees of freedom, 18.5 is passed once in a thousand times.
    const expected = draws / 5;
    assert.ok([...wallsOf.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0) < 18.5);
    // 7 walls of 36 cells in the mean; each count is nearly binomial, six deviations are never passed.
    const mean = (draws * 7) / 36;
    for (const each of count) assert.ok(Math.abs(each - mean) < 6 * Math.sqrt(mean * (1 - 7 / 36)), `${each}, ${mean}`);
  });

  it('that are perfect have one way between any two cells', () => {
    for (const size of [3, 7, 13]) {
      for (let seed = 0; seed < 20; seed++) {
        const { walls, ...maze } = randomMaze(
          { size, layout: 'perfect', walls: 0, fewestWalls: 0 },
          stream(seed, 'perfect'),
        );
        const side = (size + 1) / 2;
        const free = walls.reduce((sum, wall) => sum + 1 - wall, 0);
        // A tree of side^2 cells has one passage fewer.
        assert.equal(free, 2 * side * side - 1);
        assert.equal(distancesToGoal({ ...maze, walls }).filter((each) => each >= 0).length, free);
        assert.notEqual(maze.agent, maze.goal);
      }
    }
  });

  it('that are mutated differ in at most as many places, and agent and goal stay in the open', () => {
    const kinds = { walls: 0, goal: 0, agent: 0, same: 0 };
    for (let seed = 0; seed < 400; seed++) {
      const maze = scattered(6, 12, seed);
      const mutated = mutateMaze(maze, stream(seed, 'mutate'), 1);
      const flipped = mutated.walls.filter((wall, cell) => wall !== maze.walls[cell]).length;
      const moved = Number(mutated.goal !== maze.goal) + Number(mutated.agent !== maze.agent);
      assert.equal(flipped + moved, 1);
      if (flipped > 0) kinds.walls++;
      else if (mutated.goal !== maze.goal) kinds.goal++;
      else kinds.agent++;
      const far = mutateMaze(maze, stream(seed, 'far'), 50);
      assert.ok(far.walls[far.goal] === 0 && far.walls[far.agent] === 0 && far.goal !== far.agent);
    }
    // Six edits of eight are flips, one each moves goal and agent.
    assert.ok(kinds.walls > 260 && kinds.goal > 25 && kinds.agent > 25, JSON.stringify(kinds));
  });

  it('that are held out are 13 x 13, named as in the literature, and can be solved', () => {
    assert.equal(Object.keys(HELD_OUT_MAZES).length, 12);
    for (const [name, level] of Object.entries(HELD_OUT_MAZES)) {
      const maze = parseMaze([...level], 13);
      assert.ok(isSolvable(maze), name);
      assert.ok(fewestActions(maze) < 100, name);
    }
    assert.equal(new Set(Object.values(HELD_OUT_MAZES).map((level) => level.join())).size, 12);
    for (const size of Object.values(PERFECT_MAZE_SIZES))
      assert.ok(isSolvable(parseMaze([...perfectMaze(size, 1)], size)));
    assert.notDeepEqual(perfectMaze(19, 1), perfectMaze(19, 2));
  });
});
