import assert from 'node:assert/strict';
import { createTraining, type PpoOptions, ppoDefaults } from '../../agents/index.ts';
import { makeEnvironment } from '../../worlds/index.ts';

const central: Partial<PpoOptions> = { critic: 'central', valueNormalisation: 'popArt' };
const oneTrunk: Partial<PpoOptions> = {
  network: { ...ppoDefaults.network, hidden: [16], lstm: 8, heads: [8], sharedTrunk: true },
};

const train = async (
  threads: number,
  iterations: number,
  change: Partial<PpoOptions> = central,
): Promise<Record<string, number>[]> => {
  const training = await createTraining({
    seed: 3,
    steps: 4096,
    copies: 4,
    make: (copies) => makeEnvironment('simple_spread', copies, {}),
    learner: {
      ...ppoDefaults,
      ...change,
      rollout: 32,
      minibatches: 2,
      epochs: 2,
    },
    executor: 'onnx',
    device: 'cpu',
    threads,
  });
  const metrics: Record<string, number>[] = [];
  for (let i = 0; i < iterations; i++) metrics.push({ ...(await training.advance()).metrics });
  await training.close();
  return metrics;
};

describe('a training on several threads', () => {
  it('does the same again, bit for bit, on as many threads', async () => {
    assert.deepEqual(await train(2, 6), await train(2, 6));
  });

  for (const [name, change] of [
    ['two networks', central],
    ['one trunk with memory', oneTrunk],
  ] as const) {
    it(`learns what it learns on one thread, but for the rounding of sums: ${name}`, async () => {
      const [[one], [two], [four]] = [await train(1, 1, change), await train(2, 1, change), await train(4, 1, change)];
      agree(one!, [two!, four!]);
    });
  }

  const agree = (one: Record<string, number>, others: readonly Record<string, number>[]): void => {
    for (const other of others) {
      for (const [name, value] of Object.entries(one)) {
        // Sums of 64 rows in another order: a few parts in 10^7 each, after four steps of Adam.
        assert.ok(
          Math.abs(other[name]! - value) <= 1e-4 * Math.max(1, Math.abs(value)),
          `${name}: ${value} and ${other[name]}`,
        );
      }
    }
  };

  it('takes a minibatch that does not split as a whole', async () => {
    assert.equal((await train(3, 1)).length, 1);
  });
});
