import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LightbulbError, stream } from '../../core/index.ts';
import * as initialisers from '../../nn/initialisers.ts';
import { assertClose } from './close.ts';

/** Q^T Q of the columns (or rows, if there are fewer) of a row-major matrix. */
function gram(data: ArrayLike<number>, rows: number, columns: number): number[] {
  const count = Math.min(rows, columns);
  const at = (vector: number, k: number): number =>
    data[rows >= columns ? k * columns + vector : vector * columns + k]!;
  return Array.from({ length: count * count }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < Math.max(rows, columns); k++) sum += at(Math.floor(i / count), k) * at(i % count, k);
    return sum;
  });
}

const identity = (n: number, scale: number): number[] =>
  Array.from({ length: n * n }, (_, i) => (Math.floor(i / n) === i % n ? scale : 0));

const moments = (data: ArrayLike<number>): { mean: number; std: number } => {
  const values = Array.from(data);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) };
};

describe('initialisers', () => {
  it('orthogonal matrices are orthogonal, tall, wide and square', () => {
    const size = fc.integer({ min: 1, max: 24 });
    fc.assert(
      fc.property(size, size, fc.double({ min: 0.01, max: 3, noNaN: true }), fc.nat(), (rows, columns, gain, seed) => {
        const { data } = initialisers.orthogonal(gain)(stream(seed, 'orthogonal'), [rows, columns]);
        assertClose(gram(data, rows, columns), identity(Math.min(rows, columns), gain * gain), 2e-6);
      }),
      { numRuns: 50 },
    );
  });

  it('an orthogonal kernel is a matrix of its receptive field by its outputs', () => {
    const { data, shape } = initialisers.orthogonal()(stream(1, 'kernel'), [3, 3, 2, 5]);
    assert.deepEqual(shape, [3, 3, 2, 5]);
    assertClose(gram(data, 18, 5), identity(5, 1), 1e-6);
  });

  it('orthogonal matrices favour no sign', () => {
    // A factorisation without the sign correction always has R's diagonal, and so Q's first element, of one sign.
    let positive = 0;
    for (let seed = 0; seed < 400; seed++) {
      const { data } = initialisers.orthogonal()(stream(seed, 'sign'), [4, 4]);
      if (data[0]! > 0) positive++;
    }
    // four standard deviations of 400 tosses: 40
    assert.ok(Math.abs(positive - 200) < 40, `${positive} of 400`);
  });

  it('a truncated normal has the deviation it was asked for and ends at 2.274 of it', () => {
    const { data } = initialisers.truncatedNormal(0.5)(stream(1, 'truncated'), [40000]);
    const { mean, std } = moments(data);
    assert.ok(Math.abs(mean) < 0.01 && Math.abs(std - 0.5) < 0.006, `mean ${mean}, std ${std}`);
    const edge = (2 * 0.5) / 0.8796256610342398;
    const largest = Array.from(data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    assert.ok(largest <= edge * 1.000001 && largest > edge * 0.98, `largest ${largest}`);
  });

  // Fans of a kernel [3, 3, 20, 50]: in 180, out 450.
  const cases: [name: string, make: initialisers.Initialiser, variance: number][] = [
    ['glorotUniform', initialisers.glorotUniform, 2 / 630],
    ['glorotNormal', initialisers.glorotNormal, 2 / 630],
    ['heUniform', initialisers.heUniform, 2 / 180],
    ['heNormal', initialisers.heNormal, 2 / 180],
    ['lecunUniform', initialisers.lecunUniform, 1 / 180],
    ['lecunNormal', initialisers.lecunNormal, 1 / 180],
  ];
  for (const [name, make, variance] of cases)
    it(`${name} has its variance`, () => {
      const { std } = moments(make(stream(1, name), [3, 3, 20, 50]).data);
      // four standard errors of a deviation from 9000 samples: 4 / sqrt(18000) = 3 %
      assert.ok(Math.abs(std / Math.sqrt(variance) - 1) < 0.03, `std ${std}, wanted ${Math.sqrt(variance)}`);
    });

  it('the same stream gives the same numbers', () => {
    const make = () => initialisers.normal(2)(stream(9, 'same'), [3, 2]);
    assert.deepEqual(make(), make());
    assert.deepEqual([...initialisers.constant(3)(stream(1, 'x'), [2]).data], [3, 3]);
    assert.deepEqual([...initialisers.zeros(stream(1, 'x'), [2]).data], [0, 0]);
  });

  it('refuse a vector where a matrix is needed', () => {
    for (const make of [initialisers.orthogonal(), initialisers.heNormal])
      assert.throws(
        () => make(stream(1, 'x'), [4]),
        (error: unknown) => error instanceof LightbulbError && error.code === 'shape' && /\[4\]/.test(error.message),
      );
  });
});
