import assert from 'node:assert/strict';
import { closest, internal, LightbulbError, restoreStream, stream, suggest } from '../../core/index.ts';

const many = (draw: () => number, n = 20000): number[] => Array.from({ length: n }, draw);
const mean = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length;
const variance = (x: readonly number[]): number => {
  const centre = mean(x);
  return mean(x.map((value) => (value - centre) ** 2));
};

describe('a named stream', () => {
  it('gives the same numbers for the same seed and name, and others for others', () => {
    const [a, b] = [stream(7, 'x'), stream(7, 'x')];
    assert.deepEqual(
      many(() => a.uniform(), 50),
      many(() => b.uniform(), 50),
    );
    for (const other of [stream(8, 'x'), stream(7, 'y')]) assert.notEqual(stream(7, 'x').uniform(), other.uniform());
  });

  it('goes on from its saved state, JSON in between, half-used pairs of normals included', () => {
    const one = stream(3, 'resume');
    for (let i = 0; i < 5; i++) one.normal();
    const two = restoreStream(JSON.parse(JSON.stringify(one.state())));
    assert.deepEqual(
      many(() => two.normal(), 51),
      many(() => one.normal(), 51),
    );
    assert.equal(two.uniform(), one.uniform());
  });

  it('has the moments of its distributions', () => {
    const source = stream(1, 'moments');
    const fill = (write: (out: Float32Array) => void): number[] => {
      const out = new Float32Array(20000);
      write(out);
      return Array.from(out);
    };
    // Five standard errors of a mean of 20,000: 5 std / sqrt(20000) = 0.0354 std. Variances: within 6 %.
    const cases: [string, number[], number, number][] = [
      ['uniform', many(() => source.uniform()), 1 / 2, 1 / 12],
      ['between', many(() => source.between(-1, 3)), 1, 16 / 12],
      ['normal', many(() => source.normal()), 0, 1],
      ['fillNormal', fill((out) => source.fillNormal(out)), 0, 1],
      // Euler's constant and pi^2 / 6.
      ['fillGumbel', fill((out) => source.fillGumbel(out)), 0.5772157, 1.6449341],
    ];
    for (const [name, values, wantedMean, wantedVariance] of cases) {
      assert.ok(
        Math.abs(mean(values) - wantedMean) < 0.0354 * Math.sqrt(wantedVariance),
        `${name}: mean ${mean(values)}`,
      );
      assert.ok(Math.abs(variance(values) / wantedVariance - 1) < 0.06, `${name}: variance ${variance(values)}`);
    }
  });

  it('draws integers evenly and shuffles into permutations', () => {
    const source = stream(2, 'integers');
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 20000; i++) counts[source.integer(5)]!++;
    // Each is binomial(20000, 1/5): standard deviation 57; five of them.
    for (const count of counts) assert.ok(Math.abs(count - 4000) < 285, counts.join());
    const items = Int32Array.from({ length: 100 }, (_, i) => i);
    source.shuffle(items);
    assert.notDeepEqual(
      Array.from(items),
      Array.from(items).sort((a, b) => a - b),
    );
    assert.deepEqual(
      Array.from(items).sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => i),
    );
    assert.throws(() => source.integer(0), { code: 'invalid_input' });
  });
});

describe('an error', () => {
  it('says where, what was wanted, what was found, and the cure', () => {
    const error = new LightbulbError('unknown_key', 'unknown key', {
      where: '/a',
      wanted: 'b',
      got: 'c',
      cure: 'Write b',
    });
    assert.equal(error.message, '/a: unknown key; wanted b, got c. Write b');
    assert.ok(error.isInput);
  });

  it('of our own is marked as such', () => {
    assert.match(internal('oops').message, /^internal: oops/);
    assert.equal(internal('oops').isInput, false);
  });

  it('suggests what was meant, or lists what is known', () => {
    assert.equal(closest('temprature', ['temperature', 'clip']), 'temperature');
    assert.equal(suggest('temprature', ['temperature', 'clip']), 'Did you mean "temperature"?');
    assert.equal(suggest('zebra', ['temperature', 'clip']), 'Known: temperature, clip');
  });
});
