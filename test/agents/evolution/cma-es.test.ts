import { strict as assert } from 'node:assert';
import { CmaEs } from '../../../agents/evolution/cma-es.ts';
import { symmetricEigen } from '../../../agents/evolution/eigen.ts';
import { strategyConstants } from '../../../agents/evolution/strategy-constants.ts';
import { stream } from '../../../core/index.ts';

type Cost = (x: ArrayLike<number>) => number;

const sphere: Cost = (x) => Array.from(x).reduce((sum, each) => sum + each * each, 0);
const ellipsoid: Cost = (x) =>
  Array.from(x).reduce((sum, each, i) => sum + 1e6 ** (i / (x.length - 1)) * each * each, 0);
const rosenbrock: Cost = (x) => {
  let sum = 0;
  for (let i = 0; i + 1 < x.length; i++) sum += 100 * (x[i]! ** 2 - x[i + 1]!) ** 2 + (x[i]! - 1) ** 2;
  return sum;
};

/** Evaluations until the best candidate costs less than `target`; Infinity after `most`. */
function evaluations(cost: Cost, mean: number[], sigma: number, target: number, most: number, seed = 1): number {
  const search = new CmaEs({ mean, sigma, stream: stream(seed, 'search') });
  let count = 0;
  while (count < most) {
    const costs = search.ask().map((x) => cost(x));
    search.tell(costs);
    count += costs.length;
    if (Math.min(...costs) < target) return count;
  }
  return Number.POSITIVE_INFINITY;
}

describe('CMA-ES', () => {
  it('has the constants of the tutorial', () => {
    const c = strategyConstants(10, 10);
    assert.equal(c.parents, 5);
    // ln 5.5 - ln i, i = 1..5, divided by their sum.
    const raw = [1, 2, 3, 4, 5].map((i) => Math.log(5.5) - Math.log(i));
    const gain = raw.reduce((a, b) => a + b);
    for (const [i, w] of raw.entries()) assert.ok(Math.abs(c.weights[i]! - w / gain) < 1e-15);
    const effective = 1 / raw.reduce((sum, w) => sum + (w / gain) ** 2, 0);
    assert.ok(Math.abs(c.effective - effective) < 1e-12);
    assert.ok(Math.abs(c.rankOne - 2 / (11.3 ** 2 + effective)) < 1e-15);
    assert.ok(Math.abs(c.sigmaRate - (effective + 2) / (15 + effective)) < 1e-15);
    assert.ok(c.weights.slice(5).every((w) => w <= 0));
    assert.ok(1 - c.rankOne - c.rankMu * c.weightSum > 0);
  });

  // Hansen's tutorial (figure 6 and section B.3 of earlier editions) has about 1e3 evaluations for the sphere in ten dimensions from 1
  // to 1e-9, and about six times as many for the ellipsoid and Rosenbrock's function; bounds are twice what is usual.
  it('finds the minimum of the sphere, an ellipsoid of condition 1e6 and Rosenbrock', () => {
    const ones = new Array<number>(10).fill(1);
    assert.ok(evaluations(sphere, ones, 0.5, 1e-9, 4000) < 2600);
    assert.ok(evaluations(ellipsoid, ones, 0.5, 1e-9, 16_000) < 10_000);
    assert.ok(evaluations(rosenbrock, new Array<number>(10).fill(0), 0.1, 1e-9, 20_000) < 14_000);
  });

  it('does not mind order-preserving changes of the cost, nor where the origin lies', () => {
    const runs = [
      { cost: sphere, shift: 0 },
      { cost: ((x) => Math.log(sphere(x) + 1e-300)) as Cost, shift: 0 },
      { cost: ((x) => sphere(Array.from(x, (each) => each - 64))) as Cost, shift: 64 },
    ].map(({ cost, shift }) => {
      const search = new CmaEs({ mean: [1 + shift, 2 + shift, -1 + shift], sigma: 0.5, stream: stream(3, 'search') });
      for (let g = 0; g < 30; g++) search.tell(search.ask().map((x) => cost(x)));
      return { sigma: search.sigma, mean: Array.from(search.mean, (each) => each - shift) };
    });
    assert.deepEqual(runs[1], runs[0]);
    for (const [i, each] of runs[2]!.mean.entries()) assert.ok(Math.abs(each - runs[0]!.mean[i]!) < 1e-6);
  });

  it('does not mind rotations: a turned ellipsoid takes about as long', () => {
    const n = 6;
    const random = stream(5, 'turn');
    const symmetric = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) symmetric[i * n + j] = random.normal();
    const { vectors } = symmetricEigen(symmetric, n);
    const turned: Cost = (x) =>
      ellipsoid(Array.from(x, (_, i) => Array.from(x).reduce((sum, each, j) => sum + vectors[i * n + j]! * each, 0)));
    const mean = new Array<number>(n).fill(1);
    const [straight, rotated] = [ellipsoid, turned].map((cost) =>
      [1, 2, 3].reduce((sum, seed) => sum + evaluations(cost, mean, 0.5, 1e-9, 20_000, seed), 0),
    );
    assert.ok(rotated! < 1.3 * straight! && straight! < 1.3 * rotated!, `${straight} and ${rotated}`);
  });

  it('goes on exactly where it was saved', () => {
    const search = new CmaEs({ mean: new Array<number>(7).fill(1), sigma: 0.3, stream: stream(8, 'search') });
    const advance = (each: CmaEs) => each.tell(each.ask().map((x) => rosenbrock(x)));
    for (let g = 0; g < 13; g++) advance(search);
    const saved = search.save();
    const plain = JSON.parse(JSON.stringify(saved.plain));
    const other = new CmaEs({ mean: new Array<number>(7).fill(0), sigma: 1, stream: stream(0, 'other') });
    other.load({ numbers: saved.numbers.slice(), plain });
    for (let g = 0; g < 20; g++) {
      advance(search);
      advance(other);
    }
    assert.deepEqual(other.save(), search.save());
    assert.throws(() => new CmaEs({ mean: [1], sigma: 1, stream: stream(0, 'x') }).load(saved), /another search/);
  });

  it('answers errors out of turn and for costs that are none', () => {
    const search = new CmaEs({ mean: [1, 1], sigma: 0.3, stream: stream(8, 'search') });
    assert.throws(() => search.tell([1, 2, 3, 4, 5, 6]), /not asked for/);
    const costs = search.ask().map(() => Number.NaN);
    assert.throws(() => search.tell(costs), /no finite number/);
    assert.throws(() => new CmaEs({ mean: [1], sigma: 0, stream: stream(8, 'x') }), /no search/);
  });

  it('takes hundreds of dimensions', () => {
    const search = new CmaEs({
      mean: new Float64Array(400).fill(1),
      sigma: 0.3,
      population: 16,
      stream: stream(2, 'n'),
    });
    const before = sphere(search.mean);
    for (let g = 0; g < 6; g++) search.tell(search.ask().map((x) => sphere(x)));
    assert.ok(sphere(search.mean) < before);
  });
});

describe('eigenvalues', () => {
  it('take a symmetric matrix apart and put it together again', () => {
    for (const n of [1, 2, 3, 8, 40]) {
      const random = stream(n, 'matrix');
      const matrix = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++)
          matrix[i * n + j] = matrix[j * n + i] = n === 3 ? Number(i === j) : random.normal();
      const { values, vectors } = symmetricEigen(matrix, n);
      for (let i = 0; i < n; i++) {
        if (i > 0) assert.ok(values[i]! >= values[i - 1]!);
        for (let j = 0; j < n; j++) {
          let [again, square] = [0, 0];
          for (let k = 0; k < n; k++) {
            again += vectors[i * n + k]! * values[k]! * vectors[j * n + k]!;
            square += vectors[i * n + k]! * vectors[j * n + k]!;
          }
          assert.ok(Math.abs(again - matrix[i * n + j]!) < 1e-12 * n, `${n}: ${again} for ${matrix[i * n + j]}`);
          assert.ok(Math.abs(square - Number(i === j)) < 1e-12 * n);
        }
      }
    }
  });
});
