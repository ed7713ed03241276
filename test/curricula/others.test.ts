import assert from 'node:assert/strict';
import { type LightbulbError, stream } from '../../core/index.ts';
import {
  createCurriculum,
  createLevelFeed,
  gradualExpansionDefaults,
  wakerMDefaults,
  wakerRDefaults,
} from '../../curricula/index.ts';
import { box, counted, generator, grid, numberOf, outcome, requireDistribution } from './spaces.ts';

const levels = [{ n: 2 }, { n: 3 }];

describe('curricula that follow no error', () => {
  it('draw as their names say (chi-squared, 100,000 draws)', () => {
    const cases = [
      [{ name: 'domain-randomisation' }, [0.25, 0.25, 0.25, 0.25]],
      [{ name: 'hardest', levels }, [0, 0, 0.5, 0.5]],
      [{ name: 'reweighting', levels, randomShare: 0.2 }, [0.05, 0.05, 0.45, 0.45]],
      [{ name: 'fixed', level: { n: 1 } }, [0, 1, 0, 0]],
    ] as const;
    for (const [options, chances] of cases) {
      const curriculum = createCurriculum(options);
      const state = curriculum.report(curriculum.initial(grid), grid, [outcome(0, 9)], 1);
      requireDistribution(counted(curriculum, state, grid, 4), chances);
    }
  });

  it('domain randomisation is uniform over a box', () => {
    const any = createCurriculum({ name: 'domain-randomisation' });
    const quarter = (level: unknown) => {
      const { x, y } = level as { x: number; y: number };
      assert.ok(x >= 0 && x <= 10 && y >= -1 && y <= 1);
      return (x < 2 ? 0 : 1) + (y < 0 ? 0 : 2);
    };
    requireDistribution(counted(any, any.initial(box), box, 4, quarter), [0.1, 0.4, 0.1, 0.4]);
  });

  it('gradual expansion keeps to what was played, and now and then leaves it', () => {
    const expansion = createCurriculum(gradualExpansionDefaults);
    let state = expansion.initial(grid);
    requireDistribution(counted(expansion, state, grid, 4), [0.25, 0.25, 0.25, 0.25]);
    state = expansion.report(
      state,
      grid,
      [{ level: { n: 2 }, samples: 1, return: 0 }, outcome(0, 1), outcome(2, 5)],
      1,
    );
    requireDistribution(counted(expansion, state, grid, 4), [0.45, 0.05, 0.45, 0.05]);
  });

  it('refuse levels that a grid does not have, and none at all', () => {
    const start = (options: Parameters<typeof createCurriculum>[0]) => () => createCurriculum(options).initial(grid);
    const refused = (error: LightbulbError) => error.code === 'invalid_input';
    assert.throws(start({ name: 'hardest', levels: [{ n: 9 }] }), refused);
    assert.throws(start({ name: 'reweighting', levels: [], randomShare: 0.2 }), refused);
    assert.throws(start({ name: 'fixed', level: { m: 1 } }), refused);
  });
});

describe('curricula over a generator', () => {
  it('keep the levels of the largest errors, play them again, and change a share of them', () => {
    const waker = createCurriculum({ ...wakerMDefaults, randomShare: 0, places: 2, mutation: 0.25, errorDecay: 0 });
    let state = waker.report(waker.initial(generator), generator, [outcome(5, 1), outcome(6, 2), outcome(7, 0.5)], 1);
    const place = (level: unknown) => [5, 6, 7, 8, 1005, 1006, 1007, 1008].indexOf(numberOf(level as never));
    // Standardised errors are -1 and 1.
    const chance = Math.exp(1) / (Math.exp(1) + Math.exp(-1));
    const wanted = (low: number, high: number) =>
      [5, 6, 7, 8, 1005, 1006, 1007, 1008].map((n) => {
        const share = n % 1000 === low ? 1 - chance : n % 1000 === high ? chance : 0;
        return share * (n > 1000 ? 0.25 : 0.75);
      });
    requireDistribution(counted(waker, state, generator, 8, place), wanted(5, 6));
    state = waker.report(state, generator, [outcome(8, 3)], 2);
    requireDistribution(counted(waker, state, generator, 8, place), wanted(6, 8));
  });

  it('gradual expansion remembers the newest', () => {
    const expansion = createCurriculum({ name: 'gradual-expansion', randomShare: 0, places: 2 });
    const state = expansion.report(
      expansion.initial(generator),
      generator,
      [5, 6, 7].map((n) => outcome(n, 1)),
      1,
    );
    const seen = counted(expansion, state, generator, 8);
    requireDistribution(seen, [0, 0, 0, 0, 0, 0, 0.5, 0.5]);
  });
});

describe('feeds of levels', () => {
  const options = { ...wakerRDefaults, errorDecay: 0.5, interval: 3, patience: 1 };

  for (const [name, space] of Object.entries({ grid, box, generator })) {
    it(`go on exactly from what was saved: ${name}`, () => {
      const start = () => createLevelFeed(createCurriculum(options), space, stream(5, 'curriculum'));
      const play = (feed: ReturnType<typeof start>, from: number) =>
        Array.from({ length: 12 }, (_, i) => {
          const level = feed.next()!;
          const size = Object.values(level as Record<string, number>).reduce((sum, value) => sum + Math.abs(value), 0);
          feed.report([{ level, samples: 2, error: size / (1 + from + i) }], from + i);
          return [level, feed.metrics()];
        });
      const whole = start();
      play(whole, 0);
      const saved = JSON.parse(JSON.stringify(whole.save()));
      const wanted = play(whole, 12);
      const other = start();
      other.next();
      other.load(saved);
      assert.deepEqual(play(other, 12), wanted);
    });
  }

  it('tell of their levels in finite numbers, and refuse the state of another curriculum', () => {
    const feed = createLevelFeed(createCurriculum({ name: 'hardest', levels }), grid, stream(1, 'x'));
    feed.next();
    const { 'curriculum/level/n': mean, ...rest } = feed.metrics();
    assert.ok(mean === 2 || mean === 3);
    assert.deepEqual(rest, { 'curriculum/proposed': 1 });
    const other = createLevelFeed(createCurriculum(options), grid, stream(1, 'x'));
    assert.throws(
      () => other.load(feed.save()),
      (error: LightbulbError) => error.code === 'mismatch',
    );
    assert.throws(
      () => other.load(null),
      (error: LightbulbError) => error.code === 'mismatch',
    );
  });
});
