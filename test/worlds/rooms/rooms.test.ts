import assert from 'node:assert/strict';
import { type LightbulbError, stream } from '../../../core/index.ts';
import { checkBatched, createActions, createOutputs, requireTabular, rooms } from '../../../worlds/index.ts';
import { goalCell, moved, startCell } from '../../../worlds/rooms/index.ts';

describe('rooms', () => {
  it('are 20 levels, of five sizes and four slips', () => {
    const { grid, generate, mutate } = rooms(1).levels!;
    assert.equal(grid!.length, 20);
    assert.deepEqual(grid![0], { size: 3, slip: 0 });
    assert.deepEqual(grid![19], { size: 7, slip: 0.6 });
    assert.ok(grid!.includes(generate(5)));
    for (let seed = 0; seed < 50; seed++) {
      const changed = mutate!(grid![7]!, seed) as { size: number; slip: number };
      const [size, slip] = [Math.abs(changed.size - 4), Math.abs(changed.slip - 0.6)];
      assert.ok(size + slip <= 1 && grid!.some((level) => JSON.stringify(level) === JSON.stringify(changed)));
    }
  });

  it('place start and goals as said: eight goals, none at the start', () => {
    assert.equal(startCell(3), 4);
    assert.equal(startCell(4), 10);
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((goal) => goalCell(goal, 3)),
      [1, 2, 5, 8, 7, 6, 3, 0],
    );
    for (let size = 3; size <= 7; size++) {
      const cells = new Set([startCell(size), ...[0, 1, 2, 3, 4, 5, 6, 7].map((goal) => goalCell(goal, size))]);
      assert.equal(cells.size, 9);
    }
  });

  it('have walls that hold', () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((direction) => moved(0, direction, 4)),
      [0, 1, 4, 0],
    );
  });

  it('tell their dynamics: rows are chances, and slips go as the hand counts', () => {
    const world = rooms(1);
    for (const level of world.levels!.grid!) {
      const { states, actions, transition } = world.exactModel(level);
      assert.equal(transition.length, states * actions * states);
      for (let row = 0; row < states * actions; row++) {
        const sum = transition.subarray(row * states, (row + 1) * states).reduce((total, chance) => total + chance, 0);
        assert.ok(Math.abs(sum - 1) < 1e-12);
      }
    }
    // North from the corner of a 3 x 3 room stays with 0.6; of the slips, north and west stay too.
    const corner = world.exactModel({ size: 3, slip: 0.4 }).transition;
    assert.ok(Math.abs(corner[0]! - 0.8) < 1e-12 && Math.abs(corner[1]! - 0.1) < 1e-12);
    const windy = world.exactModel({ size: 3, slip: 0.4, wind: 'east' }).transition;
    assert.ok(Math.abs(windy[0]! - 0.6) < 1e-12 && Math.abs(windy[1]! - 0.4) < 1e-12);
    assert.equal(world.exactModel({ size: 3, slip: 0.4 }), world.exactModel({ slip: 0.4, size: 3 }));
  });

  it('move as their dynamics say (chi-squared), and pay tasks where they are', () => {
    const copies = 50;
    const world = rooms(copies);
    const level = { size: 4, slip: 0.4 };
    for (let b = 0; b < copies; b++) world.setLevel!(b, level);
    const out = createOutputs(world.groups, copies);
    const actions = createActions(world.groups, copies);
    const random = stream(2, 'walk');
    const { states, transition } = world.exactModel(level);
    const counts = new Float64Array(transition.length);
    const tasks = new Float32Array(copies * 8);
    const cellOf = (b: number) => out[0]!.observation.subarray(b * 49, (b + 1) * 49).indexOf(1);
    let wrong = 0;
    world.reset(1, out);
    for (let t = 0; t < 400; t++) {
      const before = Array.from({ length: copies }, (_, b) => cellOf(b));
      for (let b = 0; b < copies; b++) actions[0]![b] = random.integer(4);
      world.step(actions, out);
      world.taskRewards!(tasks);
      for (let b = 0; b < copies; b++) {
        if (out[0]!.truncated[b] === 1) continue;
        const now = cellOf(b);
        counts[(before[b]! * 4 + actions[0]![b]!) * states + now]!++;
        for (let goal = 0; goal < 8; goal++) {
          if ((tasks[b * 8 + goal] === 1) !== (goalCell(goal, 4) === now)) wrong++;
        }
        if (out[0]!.reward[b] !== 0) wrong++;
      }
    }
    assert.equal(wrong, 0, 'pays of tasks, and of nothing');
    let [chi, freedom] = [0, 0];
    for (let row = 0; row < states * 4; row++) {
      const total = counts.subarray(row * states, (row + 1) * states).reduce((sum, count) => sum + count, 0);
      for (let s = 0; s < states; s++) {
        const wanted = total * transition[row * states + s]!;
        if (wanted === 0) assert.equal(counts[row * states + s], 0);
        else chi += (counts[row * states + s]! - wanted) ** 2 / wanted;
        if (wanted > 0) freedom++;
      }
      freedom--;
    }
    // Wilson and Hilferty's normal approximation; 4 standard deviations.
    const z = ((chi / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
    assert.ok(Math.abs(z) < 4, `chi-squared ${chi} of ${freedom} degrees of freedom`);
  });

  it('keep the contract of batched environments', async () => {
    const report = await checkBatched((copies) => rooms(copies, { maximumSteps: 9, task: 'east' }));
    assert.deepEqual(
      report.checks.filter(({ outcome }) => outcome === 'fail'),
      [],
    );
  });

  it('refuse levels and options that are none', () => {
    const refused = (text: RegExp) => (error: LightbulbError) => text.test(error.message);
    const world = rooms(1);
    assert.throws(() => world.setLevel!(0, { size: 8 }), refused(/3 to 7/));
    assert.throws(() => world.setLevel!(0, { size: 3.5 }), refused(/whole number/));
    assert.throws(() => world.setLevel!(0, { slip: 2 }), refused(/0 to 1/));
    assert.throws(() => world.setLevel!(0, { wind: 'up' }), refused(/north, east/));
    assert.throws(() => world.setLevel!(0, { sise: 4 }), refused(/sise/));
    assert.throws(() => rooms(1, { task: 'up' }), refused(/no task/));
    assert.throws(() => rooms(1, { largest: 2 }), refused(/largest/));
    assert.equal(requireTabular(world), world);
  });
});
