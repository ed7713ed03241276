import { strict as assert } from 'node:assert';
import { stream } from '../../core/index.ts';
import {
  cartpole,
  checkBatched,
  createActions,
  createOutputs,
  type LevelBuilding,
  levelBuilder,
  mazeLevels,
  parseMaze,
  pendulum,
  printReport,
} from '../../worlds/index.ts';

const ofMazes = mazeLevels({ size: 4, walls: 5, builderNoise: 3 }).building!;
const ofCarts = cartpole(1).levels!.building!;

describe('the building of levels as an environment', () => {
  const buildings: [string, LevelBuilding][] = [
    ['mazes', ofMazes],
    ['carts', ofCarts],
    ['pendulums', pendulum(1).levels!.building!],
  ];
  for (const [name, building] of buildings) {
    it(`keeps the whole contract: ${name}`, async () => {
      const report = await checkBatched((copies) => levelBuilder(copies, building), { enduranceSteps: 1500 });
      assert.ok(report.passed, printReport(report));
    });
  }

  it('hands out the levels of the plans that were just finished, copy by copy', () => {
    const copies = 3;
    const builder = levelBuilder(copies, ofMazes);
    assert.throws(() => builder.level(0), /finished no level/);
    const output = createOutputs(builder.groups, copies);
    const actions = createActions(builder.groups, copies);
    builder.reset(1, output);
    // Copy b: the goal in cell b, the agent in the last row, walls all in the same cell.
    for (let t = 0; t < ofMazes.steps; t++) {
      for (let b = 0; b < copies; b++) actions[0]![b] = t === 0 ? b : t === 1 ? 12 + b : 5 + b;
      assert.equal(output[0]!.terminated[0], 0);
      builder.step(actions, output);
    }
    assert.deepEqual([...output[0]!.terminated], [1, 1, 1]);
    assert.deepEqual([...output[0]!.reward], [0, 0, 0]);
    for (let b = 0; b < copies; b++) {
      const { goal, agent, walls } = parseMaze(builder.level(b), 4);
      assert.deepEqual([goal, agent, walls.indexOf(1), walls.reduce((a, c) => a + c, 0)], [b, 12 + b, 5 + b, 1]);
    }
    // The next plans have begun, and the finished ones can still be had.
    const before = builder.level(0);
    builder.step(actions, output);
    assert.deepEqual(builder.level(0), before);
  });

  it('builds only levels that can be played, whatever is chosen', () => {
    const random = stream(3, 'choices');
    for (const [make, building] of [
      [cartpole, ofCarts],
      [pendulum, pendulum(1).levels!.building!],
    ] as const) {
      const environment = make(1);
      const { box } = environment.levels!;
      for (let i = 0; i < 50; i++) {
        const size = building.action.type === 'box' ? building.action.shape[0]! : 0;
        const action = Array.from({ length: size }, () => Math.fround(random.between(-1.2, 1.2)));
        const level = building.level(building.build(building.begin(i), action)) as Record<string, number>;
        assert.deepEqual(Object.keys(level).sort(), Object.keys(box!).sort());
        for (const [key, [low, high]] of Object.entries(box!)) assert.ok(level[key]! >= low && level[key]! <= high);
        environment.setLevel!(0, level);
        environment.reset(i, createOutputs(environment.groups, 1));
      }
    }
  });

  it('chooses from the low end of a range to its high end, and nothing where it is a point', () => {
    const { building } = cartpole(1, { poleHalfLength: [0.25, 0.75], massPole: [0.2, 0.2] }).levels!;
    const size = building!.action.type === 'box' ? building!.action.shape[0]! : 0;
    const at = (share: number) =>
      building!.level(building!.build(building!.begin(1), new Array(size).fill(share))) as Record<string, number>;
    assert.equal(at(-1).poleHalfLength, 0.25);
    assert.equal(at(0).poleHalfLength, 0.5);
    assert.equal(at(1).poleHalfLength, 0.75);
    assert.equal(at(1).massPole, 0.2);
  });
});
