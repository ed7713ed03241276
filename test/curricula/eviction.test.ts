import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { Eviction } from '../../curricula/eviction.ts';
import { chancesOf } from '../../curricula/level-buffer.ts';
import type { PriorityOptions } from '../../curricula/priorities.ts';

type Entry = { readonly level: null; readonly best: null; score: number; seen: number };

describe('the level that makes room', () => {
  const entry = fc.record({
    level: fc.constant(null),
    best: fc.constant(null),
    score: fc.integer({ min: -3, max: 3 }),
    seen: fc.integer({ min: 0, max: 5 }),
  });
  const options: fc.Arbitrary<PriorityOptions> = fc.record({
    priority: fc.constantFrom('rank', 'top'),
    temperature: fc.constantFrom(0.1, 0.3, 1),
    top: fc.integer({ min: 1, max: 4 }),
    staleness: fc.constantFrom(0, 0.3, 1),
  });

  it('is the least likely by all chances worked out anew, however many were replaced before', () => {
    const changes = fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 12 }), changes, options, (given, scores, rules) => {
        const entries: Entry[] = given.map((each) => ({ ...each }));
        const eviction = new Eviction(entries, 6, rules);
        for (const score of scores) {
          const chances = chancesOf({ entries, clock: 6 }, rules);
          const place = eviction.leastLikely;
          // Sums in another order differ in their last bits.
          assert.ok(chances[place]! <= Math.min(...chances) + 1e-12, `${place} of ${chances}`);
          eviction.replace(place, score);
          entries[place] = { level: null, best: null, score, seen: 6 };
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is, of equals, the first', () => {
    const rules: PriorityOptions = { priority: 'top', temperature: 1, top: 1, staleness: 0 };
    const entries = [3, 1, 1, 2].map((score) => ({ score, seen: 0 }));
    const eviction = new Eviction(entries, 1, rules);
    assert.equal(eviction.leastLikely, 1);
    eviction.replace(1, 9);
    assert.equal(eviction.leastLikely, 0);
  });
});
