import assert from 'node:assert/strict';
import { createTraining, type TabularOptions, type Training, tabularDefaults } from '../../../agents/index.ts';
import { type LightbulbError, stream } from '../../../core/index.ts';
import { createCurriculum, createLevelFeed, wakerMDefaults } from '../../../curricula/index.ts';
import { type BatchedEnvironment, cartpole, rooms } from '../../../worlds/index.ts';
import { throughFile } from '../probes.ts';

const make = (copies: number): BatchedEnvironment =>
  rooms(copies, { largest: 4, slips: 2, mostSlip: 0.4, maximumSteps: 20 });
type Options = Parameters<typeof createCurriculum>[0];

const dr: Options = { name: 'domain-randomisation' };
const waker: Options = { ...wakerMDefaults, errorDecay: 0.9 };

function start(
  curriculum: Options | null,
  change: Partial<TabularOptions> = {},
  seed = 1,
  world = make,
): Promise<Training> {
  const feed =
    curriculum === null
      ? undefined
      : createLevelFeed(createCurriculum(curriculum), world(1).levels!, stream(seed, 'curriculum'));
  const learner = { ...tabularDefaults, rollout: 30, imagined: 32, ...change };
  const rest = { seed, steps: 2000, copies: 2, executor: 'onnx', device: 'cpu', threads: 1 } as const;
  return createTraining({ ...rest, make: world, learner, curriculum: feed });
}

const ask = { episodes: 1, seed: 7, deterministic: true };

async function learned(training: Training, steps: number): Promise<Readonly<Record<string, number>>> {
  while (training.step < steps) await training.advance();
  return (await training.evaluate(ask)).scores!;
}

describe('the tabular learner', () => {
  it('knows nothing at first, and in the end all that there is to plan by', async () => {
    const training = await start(waker);
    const before = (await training.evaluate(ask)).scores!;
    const after = await learned(training, 12_000);
    assert.ok(before['regret/mean']! > 0.2, JSON.stringify(before));
    assert.ok(after['regret/max']! < 0.005 && after['modelError/mean']! < 0.1, JSON.stringify(after));
    assert.ok(after['heldOut/easier/regret']! >= after['heldOut/easier/floor']! - 1e-9);
    for (const scores of [before, after]) {
      assert.ok(
        scores['regret/mean']! <= scores['regret/cvar10']! && scores['regret/cvar10']! <= scores['regret/max']!,
      );
      assert.ok(scores['bound/tightness/max']! <= 1);
      for (const value of Object.values(scores)) assert.ok(Number.isFinite(value));
    }
  });

  for (const exploration of ['random', 'plan2explore'] as const) {
    it(`goes on exactly from a checkpoint: ${exploration}`, async () => {
      const whole = await start(waker, { exploration });
      for (let i = 0; i < 4; i++) await whole.advance();
      const saved = throughFile(whole.save());
      const wanted = [await whole.advance(), await whole.advance(), await whole.evaluate(ask)];
      const other = await start(waker, { exploration });
      other.load(saved);
      assert.deepEqual([await other.advance(), await other.advance(), await other.evaluate(ask)], wanted);
      const third = await start(waker, { exploration }, 2);
      third.load(saved);
      assert.notDeepEqual(await third.evaluate(ask), wanted[2], 'priors are of the seed');
    });
  }

  it('follows the same numbers whatever is looked at in between', async () => {
    const [one, other] = [await start(waker), await start(waker)];
    await one.advance();
    await other.advance();
    await other.evaluate(ask);
    assert.deepEqual(await other.advance(), await one.advance());
  });

  it('estimates its own error by priors of its own, and misleads itself without', async () => {
    const scores = await learned(await start(dr, { exploration: 'random' }), 600);
    const without = await learned(await start(dr, { exploration: 'random', independentPriors: false }), 600);
    assert.ok(scores['estimate/pearson']! > 0.7, `${scores['estimate/pearson']}`);
    assert.ok(without['estimate/pearson']! < scores['estimate/pearson']! - 0.2, `${without['estimate/pearson']}`);
  });

  it('wants an environment that tells its dynamics, and a curriculum', async () => {
    const unsupported = (error: LightbulbError) => error.code === 'unsupported';
    await assert.rejects(start(null), unsupported);
    await assert.rejects(
      start(dr, {}, 1, (copies) => cartpole(copies)),
      unsupported,
    );
  });

  it('refuses the tables of another ensemble', async () => {
    const saved = (await start(dr)).save();
    const other = await start(dr, { members: 3 });
    assert.throws(
      () => other.load(saved),
      (error: LightbulbError) => error.code === 'mismatch',
    );
  });
});
