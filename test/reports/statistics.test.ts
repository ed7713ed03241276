import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { LightbulbError, stream } from '../../core/index.ts';
import {
  type Aggregates,
  aggregate,
  aggregateReplicates,
  Band,
  compare,
  interquartileMean,
  mean,
  median,
  optimalityGap,
  percentileInterval,
  probabilityOfImprovement,
  quantile,
  reversed,
  type Scores,
} from '../../reports/statistics/index.ts';
import { Duel, Resampled } from '../../reports/statistics/resampled.ts';

const FILE = new URL('../../../shared/fixtures/statistics/rliable.json', import.meta.url);

interface Recorded {
  readonly scores_a: number[][];
  readonly scores_b: number[][];
  readonly mean: number;
  readonly median: number;
  readonly iqm: number;
  readonly optimality_gap: number;
  readonly interval_95: Readonly<Record<'mean' | 'median' | 'iqm' | 'optimality_gap', [number, number]>>;
  readonly reps: number;
  readonly probability_of_improvement_a_over_b: number;
}

/** `[run][task]` as rliable has it to `[task][run]`. */
const byTask = (runs: readonly number[][]): number[][] => runs[0]!.map((_, task) => runs.map((run) => run[task]!));
const close = (got: number, wanted: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(got - wanted) <= tolerance, `${got} is not ${wanted}`);
const random = () => stream(1, 'test');

describe("rliable's recorded statistics", () => {
  let cases: readonly Recorded[] = [];
  before(function () {
    if (!existsSync(FILE)) {
      console.log('      skipped: no recordings in ../shared/fixtures/statistics');
      this.skip();
    }
    cases = (JSON.parse(readFileSync(FILE, 'utf8')) as { cases: Recorded[] }).cases;
    assert.ok(cases.length > 0);
  });

  it('are reproduced to 1e-6', () => {
    for (const recorded of cases) {
      const [a, b] = [byTask(recorded.scores_a), byTask(recorded.scores_b)];
      close(mean(a), recorded.mean, 1e-6);
      close(median(a), recorded.median, 1e-6);
      close(interquartileMean(a), recorded.iqm, 1e-6);
      close(optimalityGap(a), recorded.optimality_gap, 1e-6);
      close(probabilityOfImprovement(a, b), recorded.probability_of_improvement_a_over_b, 1e-6);
    }
  });

  /**
   * A recorded end is the q-quantile of `reps` random replicates. The part of the replicates below it has a standard
   * error of sqrt(q (1 - q) / reps), ours likewise. So the recorded end must lie between our own quantiles at q - d and
   * q + d, with d four standard errors of the difference: no assumption on the distribution, however lumpy. There are
   * 32 ends; all are inside with probability 0.998 for correct code.
   */
  it('have the intervals that our bootstrap finds, to the error of both', () => {
    const repetitions = 20_000;
    for (const recorded of cases) {
      const replicates = aggregateReplicates(byTask(recorded.scores_a), { random: random(), repetitions })!;
      const pairs: [keyof Aggregates<unknown>, [number, number]][] = [
        ['mean', recorded.interval_95.mean],
        ['median', recorded.interval_95.median],
        ['interquartileMean', recorded.interval_95.iqm],
        ['optimalityGap', recorded.interval_95.optimality_gap],
      ];
      const d = 4 * Math.sqrt(0.025 * 0.975 * (1 / repetitions + 1 / recorded.reps));
      for (const [name, ends] of pairs) {
        [0.025, 0.975].forEach((q, i) => {
          const [low, high] = [quantile(replicates[name], q - d), quantile(replicates[name], q + d)];
          const end = ends[i]!;
          assert.ok(low - 1e-9 <= end && end <= high + 1e-9, `${name}: ${end} is not in [${low}, ${high}]`);
        });
      }
    }
  });
});

describe('statistics of final scores', () => {
  it('worked by hand', () => {
    // Two tasks of three runs: task means 2 and 20; pooled 1 2 3 10 20 30, of which floor(6 / 4) = 1 goes at each end.
    const scores = [
      [1, 2, 3],
      [30, 10, 20],
    ];
    assert.equal(mean(scores), 11);
    assert.equal(median(scores), 11);
    assert.equal(interquartileMean(scores), (2 + 3 + 10 + 20) / 4);
    assert.equal(optimalityGap(scores, 15), 15 - (1 + 2 + 3 + 10 + 15 + 15) / 6);
    assert.equal(median([...scores, [5, 5, 5]]), 5);
  });

  it('cut whole scores only: floor(n / 4) at each end', () => {
    assert.equal(interquartileMean([[0, 0, 100]]), 100 / 3); // n = 3: none
    assert.equal(interquartileMean([[-50, 1, 2, 100]]), 1.5); // n = 4: one
    assert.equal(interquartileMean([[-50, 1, 2, 3, 4, 5, 100]]), 3); // n = 7: one
    assert.equal(interquartileMean([[-50, -50, 1, 2, 3, 4, 100, 100]]), 2.5); // n = 8: two
  });

  it('count a tie half', () => {
    // Pairs: 1<2, 1<3, 2=2 (half), 2<3, 4>2, 4>3.
    assert.equal(probabilityOfImprovement([[1, 2, 4]], [[2, 3]]), 2.5 / 6);
    // Averaged over tasks, not pairs: 1 of 1 pair, and 0 of 6.
    const several = [[9], [0, 0, 0]];
    assert.equal(probabilityOfImprovement(several, [[1], [1, 1]]), 0.5);
  });

  it('of one run have an interval without width', () => {
    const one = aggregate([[3], [5]], { random: random() });
    assert.deepEqual(one.mean, { value: 4, low: 4, high: 4 });
    const { probability, difference } = compare([[3]], [[5]], { random: random() });
    assert.deepEqual(probability, { value: 0, low: 0, high: 0 });
    assert.deepEqual(difference, { value: -2, low: -2, high: -2 });
    assert.deepEqual(new Band(1, random()).at(Float64Array.of(7)), { value: 7, low: 7, high: 7 });
  });

  it('refuse what they cannot be made of', () => {
    for (const scores of [[], [[]], [[1], []], [[1, Number.NaN]]]) {
      assert.throws(() => aggregate(scores, { random: random() }), LightbulbError);
    }
    assert.throws(() => compare([[1]], [[1], [2]], { random: random() }), /different tasks/);
  });

  it('draw the same from the same stream', () => {
    const scores = [[1, 4, 2, 8]];
    const [one, two] = [aggregate(scores, { random: random() }), aggregate(scores, { random: random() })];
    assert.deepEqual(one, two);
  });
});

/** Tasks with runs; scores on a grid, so that ties happen. */
const runs = (size: number) =>
  fc.array(
    fc.integer({ min: -40, max: 40 }).map((n) => n / 8),
    { minLength: 1, maxLength: size },
  );
const scores = fc.array(runs(7), { minLength: 1, maxLength: 4 });
const pair = fc.array(fc.tuple(runs(6), runs(6)), { minLength: 1, maxLength: 3 });

describe('statistics, as properties', () => {
  const sides = (tasks: readonly [number[], number[]][]): [Scores, Scores] => [
    tasks.map(([a]) => a),
    tasks.map(([, b]) => b),
  ];

  it('lie between the lowest and the highest score', () => {
    fc.assert(
      fc.property(scores, (each) => {
        const [low, high] = [Math.min(...each.flat()), Math.max(...each.flat())];
        for (const value of [mean(each), median(each), interquartileMean(each)]) {
          assert.ok(low - 1e-9 <= value && value <= high + 1e-9);
        }
        assert.ok(optimalityGap(each, 1) >= -1e-9);
      }),
    );
  });

  it('do not mind the order of runs and tasks', () => {
    fc.assert(
      fc.property(scores, (each) => {
        const other = each.map((task) => [...task].reverse()).reverse();
        for (const statistic of [mean, median, interquartileMean, optimalityGap]) {
          close(statistic(other), statistic(each), 1e-9);
        }
      }),
    );
  });

  it('give both sides of a comparison probabilities that add up to 1', () => {
    fc.assert(
      fc.property(pair, (tasks) => {
        const [a, b] = sides(tasks);
        close(probabilityOfImprovement(a, b) + probabilityOfImprovement(b, a), 1);
        close(probabilityOfImprovement(a, a), 0.5);
      }),
    );
  });

  it('move and stretch with the scores', () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 5 }), fc.integer({ min: -5, max: 5 }), (each, factor, shift) => {
        const moved = each.map((task) => task.map((x) => factor * x + shift));
        for (const statistic of [mean, median, interquartileMean]) {
          close(statistic(moved), factor * statistic(each) + shift, 1e-9);
        }
        close(optimalityGap(moved, factor + shift), factor * optimalityGap(each, 1), 1e-9);
      }),
    );
  });

  it('have replicates that are statistics of a draw: of equal scores all are the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 2, max: 9 }), (score, size) => {
        const { mean, median, interquartileMean, optimalityGap } = aggregate(
          [new Array(size).fill(score), new Array(size + 1).fill(score)],
          { random: random(), repetitions: 50 },
        );
        for (const each of [mean, median, interquartileMean]) {
          for (const number of Object.values(each)) close(number, score);
        }
        for (const number of Object.values(optimalityGap)) close(number, Math.max(0, 1 - score));
      }),
    );
  });

  it('have intervals around the value where the scores are symmetric', () => {
    fc.assert(
      fc.property(runs(6), (half) => {
        const symmetric = [...half, ...half.map((x) => -x)];
        const all = aggregate([symmetric], { random: random(), repetitions: 400 });
        for (const { value, low, high } of [all.mean, all.median, all.interquartileMean]) {
          close(value, 0, 1e-9);
          assert.ok(low <= 1e-9 && -1e-9 <= high, `[${low}, ${high}]`);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('turn a comparison round exactly', () => {
    fc.assert(
      fc.property(pair, (tasks) => {
        const [a, b] = sides(tasks);
        const there = compare(a, b, { random: random(), repetitions: 200 });
        const back = reversed(there);
        close(back.probability.value, probabilityOfImprovement(b, a));
        close(back.difference.value, interquartileMean(b) - interquartileMean(a), 1e-9);
        for (const { low, high } of Object.values(back)) assert.ok(low <= high);
        assert.deepEqual(reversed(back).difference, there.difference);
      }),
      { numRuns: 40 },
    );
  });

  it('have quantiles as linear interpolation of sorted values gives them', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (each, q) => {
        const sorted = Float64Array.from(each).sort();
        const place = q * (each.length - 1);
        const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
        close(quantile(Float64Array.from(each), q), below + (place - Math.floor(place)) * (above - below), 1e-6);
      }),
    );
  });
});

describe('a bootstrap', () => {
  it('of a mean is as wide as theory says', () => {
    // The bootstrap distribution of a mean of n has the standard deviation sd / sqrt(n), sd with n below the sum.
    const noise = stream(3, 'scores');
    const runs = Array.from({ length: 200 }, () => noise.normal());
    const average = runs.reduce((sum, x) => sum + x, 0) / runs.length;
    const deviation = Math.sqrt(runs.reduce((sum, x) => sum + (x - average) ** 2, 0) / runs.length);
    const { low, high } = aggregate([runs], { random: random() }).mean;
    const width = (2 * 1.95996 * deviation) / Math.sqrt(runs.length);
    // Each end has a standard error of 0.7 % of the width; four of the two together.
    close(high - low, width, 0.04 * width);
    const band = new Band(200, random(), 10_000).at(Float64Array.from(runs));
    close(band.value, average);
    close(band.high - band.low, width, 0.04 * width);
  });

  it('draws within tasks: a task without spread adds none', () => {
    const { low, high } = aggregate(
      [
        [0, 0, 0],
        [100, 100, 100, 100],
      ],
      { random: random() },
    ).mean;
    assert.deepEqual([low, high], [50, 50]);
  });

  it('of two points has the four draws that there are', () => {
    const replicates = aggregateReplicates([[0, 1]], { random: random(), repetitions: 8000 })!.mean;
    const share = (value: number) => replicates.filter((x) => x === value).length / replicates.length;
    // 1/4, 1/2, 1/4, to four standard errors: 4 sqrt(0.25 / 8000).
    for (const [value, wanted] of [
      [0, 0.25],
      [0.5, 0.5],
      [1, 0.25],
    ] as const)
      close(share(value), wanted, 0.0224);
    assert.deepEqual(percentileInterval(replicates), { low: 0, high: 1 });
  });

  it('has the statistics of each draw that counting it out gives', () => {
    fc.assert(
      fc.property(pair, fc.integer(), (tasks, seed) => {
        const [a, b] = [new Resampled(tasks.map(([ours]) => ours)), new Resampled(tasks.map(([, theirs]) => theirs))];
        const duel = new Duel(a, b);
        const noise = stream(seed, 'draws');
        for (let r = 0; r < 5; r++) {
          a.draw(noise);
          b.draw(noise);
          const [ours, theirs] = [drawn(a), drawn(b)];
          assert.deepEqual(
            ours.map((runs) => runs.length),
            tasks.map(([runs]) => runs.length),
          );
          close(duel.probability(), probabilityOfImprovement(ours, theirs));
          close(a.mean(), mean(ours), 1e-9);
          close(a.interquartileMean(), interquartileMean(ours), 1e-9);
          close(a.optimalityGap(0.5), optimalityGap(ours, 0.5), 1e-9);
          close(a.median(), median(ours), 1e-9);
        }
      }),
    );
  });
});

/** The scores of the present draw, by task. */
function drawn({ ranks, counts, sorted }: Resampled): number[][] {
  return ranks.map((runs) => Array.from(runs).flatMap((rank) => new Array(counts[rank]).fill(sorted[rank])));
}
