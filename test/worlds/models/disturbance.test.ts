import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { stream } from '../../../core/index.ts';
import { Disturbance, type NoiseSpec, RowNoise, shiftDivergence, shifted } from '../../../worlds/models/index.ts';

const kinds = ['normal', 'gumbel', 'uniform'] as const;
const double = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const divergence = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, each, i) => (each > 0 ? sum + each * Math.log(each / q[i]!) : sum), 0);

/** KL of the density of noise moved by d from that of unmoved noise, by the trapezium rule. */
function integrated(density: (x: number) => number, d: number): number {
  const [from, to, count] = [-60, 60, 12_000];
  let sum = 0;
  for (let i = 0; i <= count; i++) {
    const x = from + ((to - from) * i) / count;
    const [p, q] = [density(x - d), density(x)];
    if (p > 1e-300 && q > 1e-300) sum += p * Math.log(p / q);
  }
  return (sum * (to - from)) / count;
}

describe('disturbed noise', () => {
  it('is as far from undisturbed noise as its closed form says, by integrals of the densities', () => {
    const densities = {
      normal: (x: number) => Math.exp(-x * x * 0.5) / Math.sqrt(2 * Math.PI),
      gumbel: (x: number) => Math.exp(-x - Math.exp(-x)),
      // The log-odds of a uniform number are logistic.
      uniform: (x: number) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2,
    };
    for (const kind of kinds)
      for (const d of [-2.5, -0.3, 0, 0.01, 0.7, 3]) {
        const wanted = integrated(densities[kind], d);
        assert.ok(Math.abs(shiftDivergence(kind, d) - wanted) < 1e-5, `${kind} ${d}: ${wanted}`);
      }
  });

  it('moves uniform numbers by their log-odds, and stays uniform where it is not moved', () => {
    fc.assert(
      fc.property(double(0.001, 0.999), double(-5, 5), (u, d) => {
        const moved = shifted('uniform', u, d);
        const odds = (x: number): number => Math.log(x / (1 - x));
        assert.ok(Math.abs(odds(moved) - odds(u) - d) < 1e-6);
      }),
    );
    for (const kind of kinds) assert.equal(shifted(kind, 0.1234567, 0), 0.1234567);
    assert.equal(shifted('uniform', 0, 3), 0);
    assert.ok(Math.fround(shifted('uniform', 0.999999, 80)) < 1);
  });

  it('never takes a transition of any kind of model farther than its radius: exact divergences', () => {
    const spec: NoiseSpec = {
      z: { kind: 'normal', size: 3 },
      g: { kind: 'gumbel', size: 4 },
      u: { kind: 'uniform', size: 3 },
    };
    const numbers = (length: number, min: number, max: number) =>
      fc.array(double(min, max), { minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        double(1e-4, 12),
        fc.constantFrom(2, 6, 10),
        numbers(10, -1, 1),
        numbers(4, -4, 4),
        numbers(5, 0.001, 1),
        fc.nat(1000),
        (radius, directions, action, logits, weights, seed) => {
          const disturbance = new Disturbance({ noise: spec, radius, directions, stream: stream(seed, 'directions') });
          const d = disturbance.of(action, 0);
          // A sum of normals with these weights; the largest of logits plus Gumbels; a class by the sums of its chances.
          const total = weights.slice(0, 3).reduce((sum, w) => sum + w * w, 0);
          const gaussian = weights.slice(0, 3).reduce((sum, w, i) => sum + w * d[i]!, 0) ** 2 / (2 * total);
          const softmax = (x: readonly number[]): number[] => {
            const e = x.map(Math.exp);
            const sum = e.reduce((a, b) => a + b);
            return e.map((each) => each / sum);
          };
          const chosen = divergence(softmax(logits.map((l, i) => l + d[3 + i]!)), softmax(logits));
          const sumOfWeights = weights.reduce((a, b) => a + b);
          const chances = weights.map((w) => w / sumOfWeights);
          const drawn = [7, 8, 9]
            .map((i) => {
              // u moved up passes a sum t exactly if u passes sigmoid(logit t - d).
              let sum = 0;
              const sums = chances.map((p) => {
                sum += p;
                return sum > 1 - 1e-12 ? 1 : 1 / (1 + Math.exp(d[i]!) * (1 / sum - 1));
              });
              const disturbed = sums.map((t, c) => t - (c === 0 ? 0 : sums[c - 1]!));
              return divergence(disturbed, chances);
            })
            .reduce((a, b) => a + b);
          assert.ok(disturbance.divergence() <= radius, `${disturbance.divergence()}`);
          assert.ok(gaussian + chosen + drawn <= radius * (1 + 1e-9) + 1e-12, `${gaussian} ${chosen} ${drawn}`);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reaches the edge by one number of an action alone, and by nothing at all where the radius is 0', () => {
    for (const kind of kinds)
      for (const radius of [0.01, 1, 10]) {
        const noise = { n: { kind, size: 24 } } as const;
        const disturbance = new Disturbance({ noise, radius, directions: 8, stream: stream(3, 'd') });
        assert.equal(disturbance.size, 8);
        disturbance.of([0, 0, 1, 0, 0, 0, 0, 0], 0);
        assert.ok(Math.abs(disturbance.divergence() - radius) < 1e-6 * radius);
        disturbance.of([0, 0, 0.5, 0, 0, 0, 0, 0], 0);
        assert.ok(disturbance.divergence() < radius / 2);
        disturbance.of([1, 1, -1, 1, -1, 1, 1, 1], 0);
        assert.ok(disturbance.divergence() <= radius && disturbance.divergence() > radius * 0.999);
      }
    const noise = { n: { kind: 'uniform', size: 5 } } as const;
    const none = new Disturbance({ noise, radius: 0, directions: 8, stream: stream(3, 'd') });
    assert.equal(none.size, 5);
    const [base, moved] = [new RowNoise(noise, 1), new RowNoise(noise, 1)];
    base.draw(0, stream(1, 'noise'));
    moved.setShifted(0, base, 0, none.of([1, -1, 1, 1, 1], 0));
    assert.deepEqual(moved.block(0)['noise/n']!.data, base.block(0)['noise/n']!.data);
  });

  it('has the divergence that draws show: classes counted', () => {
    const chances = [0.5, 0.2, 0.2, 0.1];
    const noise = { u: { kind: 'uniform', size: 1 } } as const;
    const disturbance = new Disturbance({ noise, radius: 0.3, directions: 1, stream: stream(1, 'd') });
    const [d] = disturbance.of([1], 0);
    const random = stream(5, 'draws');
    const counts = [0, 0, 0, 0];
    const N = 200_000;
    for (let i = 0; i < N; i++) {
      const u = shifted('uniform', random.uniform(), d!);
      counts[u < 0.5 ? 0 : u < 0.7 ? 1 : u < 0.9 ? 2 : 3]!++;
    }
    const found = divergence(
      counts.map((count) => count / N),
      chances,
    );
    assert.ok(found > 0.15 && found < 0.3, `${found}`);
  });

  it('refuses what is no radius and no direction', () => {
    const noise = { u: { kind: 'uniform', size: 1 } } as const;
    for (const wrong of [{ radius: -1 }, { radius: Number.POSITIVE_INFINITY }, { directions: 0 }])
      assert.throws(() => new Disturbance({ noise, radius: 1, directions: 1, stream: stream(1, 'd'), ...wrong }), {
        code: 'invalid_input',
      });
  });
});
