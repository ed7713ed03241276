import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Cursor, ThinnedSeries } from '../../../reports/live/thinned-series.ts';

/** Keeps what it is sent, as the browser does. */
class Reader {
  points: (readonly [number, number])[] = [];
  last: readonly [number, number] | undefined;
  private cursor: Cursor | undefined;
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  read(series: ThinnedSeries): void {
    const fresh = series.since(this.cursor, this.most);
    if (fresh === undefined) return;
    this.points = fresh.replace ? [...fresh.points] : [...this.points, ...fresh.points];
    this.last = fresh.last;
    this.cursor = fresh.cursor;
  }
}

describe('a thinned series', () => {
  it('leaves a reader who follows with what one gets who comes late', () => {
    const deed = fc.oneof(
      { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 300 }) }) },
      { weight: 3, arbitrary: fc.constant('read' as const) },
      { weight: 1, arbitrary: fc.record({ back: fc.integer({ min: 0, max: 200 }) }) },
    );
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), fc.integer({ min: 64, max: 512 }), (deeds, most) => {
        const series = new ThinnedSeries();
        const follower = new Reader(most);
        let step = 0;
        for (const each of deeds) {
          if (each === 'read') follower.read(series);
          else if ('add' in each) for (let i = 0; i < each.add; i++) series.add(++step, -step);
          else {
            step = Math.max(0, step - each.back);
            series.cutAfter(step);
          }
        }
        follower.read(series);
        const late = new Reader(most);
        late.read(series);
        if (late.last !== undefined) assert.deepEqual(follower.points, late.points);
        assert.ok(late.points.length <= most);
        assert.ok(late.points.every(([at, value], i) => value === -at && at > (late.points[i - 1]?.[0] ?? 0)));
        assert.ok(
          late.points.every(([at]) => at <= step),
          'nothing from after a cut',
        );
      }),
      { numRuns: 200 },
    );
  });

  it('holds no more for a million points than for a thousand, evenly, and the newest', () => {
    const series = new ThinnedSeries();
    for (let step = 1; step <= 1_000_000; step++) series.add(step, step / 2);
    const { points, last } = series.since(undefined, 512)!;
    assert.ok(points.length > 200 && points.length <= 512, String(points.length));
    const gaps = new Set(points.slice(1).map(([at], i) => at - points[i]![0]));
    assert.equal(gaps.size, 1);
    assert.deepEqual(last, [1_000_000, 500_000]);
  });
});
