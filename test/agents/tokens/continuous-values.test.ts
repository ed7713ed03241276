import assert from 'node:assert/strict';
import fc from 'fast-check';
import { binCentre, binOf, muLaw, muLawInverse } from '../../../agents/tokens/index.ts';

const BINS = 1024;
const binOfMuLaw = (x: number): number => binOf(muLaw(x), BINS);

describe('mu-law bins', () => {
  it('are those of the formula', () => {
    // floor((F(x) + 1) * 512), F(x) = sgn(x) ln(100 |x| + 1) / ln(256 * 100 + 1), computed apart in Python.
    const vectors = [
      [0, 512],
      [0.01, 546],
      [0.1, 632],
      [0.5, 710],
      [1, 744],
      [2, 779],
      [10, 860],
      [100, 976],
    ] as const;
    for (const [x, bin] of vectors) assert.equal(binOfMuLaw(x), bin, `x = ${x}`);
  });

  it('are clamped to the first and the last, which decoders without a clamp run out of', () => {
    assert.equal(muLaw(256), 1);
    assert.equal(binOfMuLaw(256), 1023);
    assert.equal(binOfMuLaw(3e38), 1023);
    assert.equal(binOfMuLaw(-256), 0);
    assert.equal(binOfMuLaw(-3e38), 0);
    assert.equal(binOf(1, 4), 3);
    assert.equal(binOf(-1, 4), 0);
  });

  it('are fine near 0 and coarse far out', () => {
    const width = (x: number): number => {
      const bin = binOfMuLaw(x);
      return muLawInverse((2 * (bin + 1)) / BINS - 1) - muLawInverse((2 * bin) / BINS - 1);
    };
    assert.ok(Math.abs(width(0.01) - 0.0004) < 0.00005);
    assert.ok(Math.abs(width(1) - 0.02) < 0.0005);
    assert.ok(Math.abs(width(10) - 0.2) < 0.005);
  });

  it('are decoded at their centre, half a bin away at most', () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((bin) => binCentre(bin, 4)),
      [-0.75, -0.25, 0.25, 0.75],
    );
    fc.assert(
      fc.property(fc.double({ min: -256, max: 256, noNaN: true }), fc.integer({ min: 1, max: 2000 }), (x, bins) => {
        const bin = binOf(muLaw(x), bins);
        const decoded = muLawInverse(binCentre(bin, bins));
        assert.ok(Math.abs(muLaw(decoded) - muLaw(x)) <= 1 / bins + 1e-12);
        assert.equal(binOf(muLaw(decoded), bins), bin);
      }),
    );
  });

  it('are undone by the inverse', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (x) => {
        assert.ok(Math.abs(muLawInverse(muLaw(x)) - x) <= 1e-12 * Math.max(1, Math.abs(x)) * 100);
      }),
    );
  });
});
