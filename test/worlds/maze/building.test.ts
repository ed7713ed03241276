import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { Json } from '../../../core/index.ts';
import { flatSize, mazeLevels, parseMaze } from '../../../worlds/index.ts';

const SIZE = 3;
const building = mazeLevels({ size: SIZE, walls: 3, builderNoise: 2 }).building!;
const build = (seed: number, cells: readonly number[], from = building): Json =>
  cells.reduce<Json>((plan, cell) => from.build(plan, [cell]), from.begin(seed));
/** The maze with the agent's direction, which is drawn, left out. */
const drawn = (level: Json): string[] => (level as string[]).map((row) => row.replace(/[>v<^]/, 'A'));

describe('the building of mazes', () => {
  it('places the goal, the agent and then walls, as by hand', () => {
    assert.equal(building.steps, 5);
    assert.deepEqual(drawn(building.level(build(1, [0, 8, 1, 4, 7]))), ['G#.', '.#.', '.#A']);
  });

  it('lets walls change nothing where something stands', () => {
    assert.deepEqual(drawn(building.level(build(1, [0, 8, 0, 8, 4]))), ['G..', '.#.', '..A']);
    assert.deepEqual(drawn(building.level(build(1, [0, 8, 4, 4, 4]))), ['G..', '.#.', '..A']);
  });

  it('puts an agent who was put on the goal on any other cell by lot, and lets it look anywhere', () => {
    const places = new Set<number>();
    const looks = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const { goal, agent, direction } = parseMaze(building.level(build(seed, [4, 4, 4, 4, 4])));
      assert.equal(goal, 4);
      places.add(agent);
      looks.add(direction);
    }
    assert.deepEqual(
      [...places].sort((a, b) => a - b),
      [0, 1, 2, 3, 5, 6, 7, 8],
    );
    assert.equal(looks.size, 4);
  });

  it('shows the plan, how far it is, and numbers of its own', () => {
    const out = new Float32Array(flatSize(building.observation)).fill(9);
    assert.equal(out.length, 9 * 3 + 1 + 2);
    const plan = build(1, [0, 8, 4]);
    building.observe(plan, out);
    const ones = [...out.subarray(0, 27).entries()].filter(([, value]) => value === 1).map(([i]) => i);
    assert.deepEqual(ones, [0 * 3 + 1, 4 * 3 + 0, 8 * 3 + 2]);
    assert.equal(out[27], Math.fround(3 / 5));
    const noise = [...out.subarray(28)];
    assert.ok(noise.every((value) => value >= 0 && value <= 1));
    building.observe(build(1, []), out);
    assert.deepEqual([...out.subarray(28)], noise, 'the same all along');
    building.observe(build(2, []), out);
    assert.notDeepEqual([...out.subarray(28)], noise);
  });

  it('makes mazes that can be read, of at most so many walls, from any choices, and changes no plan', () => {
    const choice = fc.integer({ min: 0, max: 24 });
    const large = mazeLevels({ size: 5, walls: 9 }).building!;
    fc.assert(
      fc.property(fc.nat(), fc.array(choice, { minLength: 11, maxLength: 11 }), (seed, cells) => {
        const early = build(seed, cells.slice(0, 6), large);
        const written = JSON.stringify(early);
        const plan = cells.slice(6).reduce<Json>((now, cell) => large.build(now, [cell]), early);
        assert.equal(JSON.stringify(early), written);
        const maze = parseMaze(large.level(plan), 5);
        const walls = maze.walls.reduce((sum, wall) => sum + wall, 0);
        assert.equal(maze.goal, cells[0]);
        if (cells[1] !== cells[0]) assert.equal(maze.agent, cells[1]);
        const wanted = new Set(cells.slice(2).filter((cell) => cell !== maze.goal && cell !== maze.agent));
        assert.equal(walls, wanted.size);
        assert.deepEqual(large.level(JSON.parse(JSON.stringify(plan)) as Json), large.level(plan));
      }),
      { numRuns: 200 },
    );
  });

  it('is not for perfect mazes', () => {
    assert.equal(mazeLevels({ size: 5, layout: 'perfect' }).building, undefined);
  });
});
