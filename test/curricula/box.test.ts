import assert from 'node:assert/strict';
import { stream } from '../../core/index.ts';
import { BoxPlaces, radicalInverse } from '../../curricula/box.ts';
import { createCurriculum, wakerMDefaults } from '../../curricula/index.ts';
import { box, requireDistribution } from './spaces.ts';

describe('places of a continuous box', () => {
  const places = new BoxPlaces(box.box!, 16);

  it("are Halton's points, each in its own part", () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((i) => radicalInverse(i, 2)),
      [0.5, 0.25, 0.75, 0.125],
    );
    assert.ok(Math.abs(radicalInverse(5, 3) - 7 / 9) < 1e-12);
    const { x, y } = places.level(0) as { x: number; y: number };
    assert.ok(Math.abs(x - 5) < 1e-12 && Math.abs(y - (-1 + 2 / 3)) < 1e-12);
    for (let i = 0; i < 16; i++) assert.equal(places.placeOf(places.level(i)), i);
  });

  it('are drawn from uniformly, and nowhere else', () => {
    const random = stream(3, 'draw');
    const corner = (level: { x: number; y: number }) => (level.x < 2 ? 0 : 1) + (level.y < 0 ? 0 : 2);
    // What falls into the part in draws from the whole box is uniform in it.
    const [drawn, sifted] = [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    for (let i = 0; i < 4000; i++) {
      const level = places.draw(4, random) as { x: number; y: number };
      assert.equal(places.placeOf(level), 4);
      drawn[corner(level)]!++;
    }
    for (let i = 0; i < 400_000; i++) {
      const level = { x: random.between(0, 10), y: random.between(-1, 1) };
      if (places.placeOf(level) === 4) sifted[corner(level)]!++;
    }
    const total = sifted.reduce((sum, count) => sum + count, 0);
    requireDistribution(
      drawn,
      sifted.map((count) => count / total),
    );
  });

  it('that nobody played have an estimate from their neighbours, between those known', () => {
    const known = Array.from({ length: 16 }, (_, i) => (i === 3 ? 1 : i === 12 ? 5 : null));
    const smooth = places.smooth(known)!;
    for (const value of smooth) assert.ok(value >= 1 && value <= 5);
    assert.ok(smooth[3]! < 2 && smooth[12]! > 4);
    assert.equal(places.smooth(known.map(() => null)), null);
    const even = places.smooth(known.map(() => 2))!;
    assert.ok(even.every((value) => Math.abs(value - 2) < 1e-12));
  });

  it('are drawn by WAKER-M as the smoothed errors say (chi-squared)', () => {
    const waker = createCurriculum({ ...wakerMDefaults, places: 16, errorDecay: 0 });
    const outcomes = [
      { level: { x: 1, y: -0.9 }, samples: 1, error: 1 },
      { level: { x: 9, y: 0.9 }, samples: 1, error: 4 },
    ];
    const state = waker.report(waker.initial(box), box, outcomes, 1);
    const known = new Array<number | null>(16).fill(null);
    for (const { level, error } of outcomes) known[places.placeOf(level)] = error;
    const smooth = [...places.smooth(known)!];
    const mean = smooth.reduce((sum, value) => sum + value, 0) / 16;
    const deviation = Math.sqrt(smooth.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 16) + 1e-6;
    const weights = smooth.map((value) => Math.exp((value - mean) / deviation));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    // How much of the box each part is, by many points.
    const random = stream(4, 'volume');
    const volume = new Array<number>(16).fill(0);
    const points = 400_000;
    for (let i = 0; i < points; i++) {
      volume[places.placeOf({ x: random.between(0, 10), y: random.between(-1, 1) })]! += 1 / points;
    }
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 20_000; i++) counts[places.placeOf(waker.propose(state, box, random))]!++;
    requireDistribution(
      counts,
      weights.map((weight, i) => 0.2 * volume[i]! + (0.8 * weight) / total),
    );
  });
});
