import { strict as assert } from 'node:assert';
import { createTraining, type FurtherLearners, ppoDefaults } from '../../agents/index.ts';
import type { Json } from '../../core/index.ts';
import { Adversary } from '../../curricula/adversary.ts';
import { adversaryDefaults } from '../../curricula/index.ts';
import { maze, mazeLevels, parseMaze, shortestPath } from '../../worlds/index.ts';

const COPIES = 32;
const ROUNDS = 40;
const OPTIONS = { size: 4, walls: 6, maximumSteps: 100, builderNoise: 4 };
const space = mazeLevels(OPTIONS);
const pathOf = (level: Json): number => shortestPath(parseMaze(level));
/** Agents who do not learn: one plays as well as anybody can, one reaches goals that are at most two moves away. */
const able = (level: Json): number => space.optimum(level);
const weak = (level: Json): number => (pathOf(level) <= 2 ? space.optimum(level) : 0);

/** An adversary alone, and how what it builds changes: shares of solvable levels and mean paths of these, first and last. */
async function learned(worth: (level: Json) => number) {
  let lent: FurtherLearners | undefined;
  const training = await createTraining({
    seed: 1,
    steps: 1000,
    copies: COPIES,
    make: (copies) => maze(copies, OPTIONS),
    learner: { ...ppoDefaults, rollout: 1, minibatches: 1, network: { ...ppoDefaults.network, hidden: [2] } },
    executor: 'onnx',
    device: 'cpu',
    threads: 1,
    rounds(learners) {
      lent = learners;
      return {
        next: () => assert.fail('nobody plays'),
        report() {},
        metrics: () => ({}),
        save: () => ({ tensors: {}, state: null }),
        load() {},
      };
    },
  });
  const adversary = new Adversary(space, { ...adversaryDefaults, learningRate: 1e-2, entropyCoefficient: 0.01 }, lent!);
  try {
    const shares: number[] = [];
    const paths: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const levels = await adversary.build(i);
      const solved = levels.map(pathOf).filter((path) => path >= 0);
      shares.push(solved.length / levels.length);
      paths.push(solved.length === 0 ? 0 : solved.reduce((sum, path) => sum + path, 0) / solved.length);
      await adversary.learn(levels.map(worth));
    }
    const mean = (of: readonly number[]) => of.reduce((sum, each) => sum + each, 0) / of.length;
    const ends = (of: readonly number[]) => ({ first: mean(of.slice(0, 5)), last: mean(of.slice(-5)) });
    return { solvable: ends(shares), path: ends(paths) };
  } finally {
    adversary.close();
    await training.close();
  }
}

// Five rounds at either end: 160 levels, whose share has a standard deviation of 0.04 at most.
describe('an adversary', () => {
  it('makes mazes that nobody can solve, where it is paid what even the best agent is not', async () => {
    const { solvable } = await learned((level) => -able(level));
    assert.ok(solvable.first > 0.6, `${solvable.first}`);
    assert.ok(solvable.last < 0.3, `${solvable.last}`);
  });

  it('keeps to mazes that can be solved, where it is paid the regret against an antagonist who can', async () => {
    const { solvable, path } = await learned((level) => able(level) - weak(level));
    assert.ok(solvable.last > 0.9, `${solvable.last}`);
    // Only goals out of the weak agent's reach pay.
    assert.ok(path.last > path.first, `${path.first} and ${path.last}`);
  });
});
