import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LightbulbError, stream } from '../../../core/index.ts';
import { negated, type Pair, pairedDifference, pairedReplicates } from '../../../reports/statistics/index.ts';

const random = () => stream(1, 'test');
const close = (got: number, wanted: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(got - wanted) <= tolerance, `${got} is not ${wanted}`);

/** Pairs with these differences, at levels that lie far apart. */
const differing = (...differences: readonly number[]): Pair[] =>
  differences.map((difference, i) => [1000 * i + difference, 1000 * i]);

describe('the paired difference', () => {
  it('is a point where all pairs differ alike, however far the seeds lie apart', () => {
    for (const pairs of [differing(2), differing(2, 2), differing(2, 2, 2, 2, 2, 2)]) {
      assert.deepEqual(pairedDifference(pairs, { random: random() }), { value: 2, low: 2, high: 2 });
    }
  });

  it('of two pairs has the four draws that there are, and reaches from the one to the other', () => {
    const pairs = differing(-1, 3);
    const replicates = pairedReplicates(pairs, { random: random(), repetitions: 8000 })!;
    const share = (value: number) => replicates.filter((each) => each === value).length / replicates.length;
    // To four standard errors of a share: 4 sqrt(0.25 / 8000).
    for (const [value, wanted] of [
      [-1, 1 / 4],
      [1, 1 / 2],
      [3, 1 / 4],
    ] as const) {
      close(share(value), wanted, 0.0224);
    }
    assert.deepEqual(pairedDifference(pairs, { random: random() }), { value: 1, low: -1, high: 3 });
  });

  it('of four pairs has the ends that counting out all 256 draws gives', () => {
    // Differences 0, 1, 2, 3. Of the sums of four draws 0 has 1 way, 1 has 4 and 2 has 10: 5 of 256 are below 2 %, 15 are
    // above 5 %, so the lower end is the mean 2 / 4; the upper one by symmetry 3 - 2 / 4.
    assert.deepEqual(pairedDifference(differing(0, 1, 2, 3), { random: random() }), {
      value: 1.5,
      low: 0.5,
      high: 2.5,
    });
  });

  it('of many pairs is as wide as theory says, and does not see what seeds do to both arms', () => {
    const noise = stream(3, 'pairs');
    const differences = Array.from({ length: 200 }, () => 0.5 + noise.normal());
    const { value, low, high } = pairedDifference(differing(...differences), { random: random() });
    const average = differences.reduce((sum, x) => sum + x, 0) / 200;
    const deviation = Math.sqrt(differences.reduce((sum, x) => sum + (x - average) ** 2, 0) / 200);
    const width = (2 * 1.95996 * deviation) / Math.sqrt(200);
    close(value, average, 1e-9);
    close(high - low, width, 0.04 * width);
  });

  it('turns its sign with the arms, the ends change places', () => {
    const grid = fc.integer({ min: -40, max: 40 }).map((n) => n / 8);
    fc.assert(
      fc.property(fc.array(fc.tuple(grid, grid), { minLength: 1, maxLength: 9 }), (pairs) => {
        const there = pairedDifference(pairs, { random: random(), repetitions: 300 });
        const swapped = pairs.map(([first, second]): Pair => [second, first]);
        const back = pairedDifference(swapped, { random: random(), repetitions: 300 });
        for (const end of ['value', 'low', 'high'] as const) close(negated(there)[end], back[end], 1e-9);
        assert.deepEqual(negated(negated(there)), there);
        const differences = pairs.map(([first, second]) => first - second);
        assert.ok(there.low <= there.high);
        assert.ok(Math.min(...differences) - 1e-9 <= there.low && there.high <= Math.max(...differences) + 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses what it cannot be made of', () => {
    for (const pairs of [[], [[1, Number.NaN]], [[1, 2] as const, [Number.POSITIVE_INFINITY, 0]]] as Pair[][]) {
      assert.throws(() => pairedDifference(pairs, { random: random() }), LightbulbError);
    }
  });
});
