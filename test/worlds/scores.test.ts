import assert from 'node:assert/strict';
import { batch, type Environment, type Step, unbatch } from '../../worlds/index.ts';
import { END, scoresOf, scripted, start } from './script.ts';

const NAMES = ['hits', 'misses'] as const;

/** The little environment of `script.ts`, which also scores its episodes. */
function scored(steps: readonly Partial<Step>[]): Environment {
  return { ...scripted({ steps }), scoreNames: NAMES };
}

describe('the scores of episodes', () => {
  it('are told of the copies whose episode ended in the last step, and the others’ numbers are left alone', () => {
    const steps = [{}, { ...END, scores: { misses: 0.1, hits: 3 } }];
    let made = 0;
    // The second copy ends one step later than the first.
    const environment = batch(() => scored(made++ === 0 ? steps : [{}, ...steps]), 2);
    assert.equal(environment.scoreNames, NAMES);
    assert.deepEqual(scoresOf(environment), [9, 9, 9, 9], 'before any reset');
    const { step } = start(environment);
    assert.deepEqual(scoresOf(environment), [9, 9, 9, 9], 'before any step');
    step();
    assert.deepEqual(scoresOf(environment), [9, 9, 9, 9]);
    step();
    assert.deepEqual(scoresOf(environment), [3, Math.fround(0.1), 9, 9]);
    const saved = environment.snapshot();
    assert.deepEqual(scoresOf(environment), [3, Math.fround(0.1), 9, 9], 'taking a snapshot changes nothing');
    step();
    assert.deepEqual(scoresOf(environment), [9, 9, 3, Math.fround(0.1)], 'once only');
    environment.restore(saved);
    assert.deepEqual(scoresOf(environment), [9, 9, 9, 9], 'of another step');
    step();
    assert.deepEqual(scoresOf(environment), [9, 9, 3, Math.fround(0.1)]);
    start(environment);
    assert.deepEqual(scoresOf(environment), [9, 9, 9, 9], 'after another reset');
  });

  it('are for whole episodes: none where some are left', () => {
    const someEnd = { terminated: { a: true, b: false } };
    const { step } = start(batch(() => scored([{ ...someEnd, scores: { hits: 1, misses: 0 } }]), 1));
    assert.throws(step, {
      code: 'contract',
      message: /copy 0, step 1: .*\/scores: wanted none, as the episode goes on/,
    });
  });

  it('are there only where they are declared', () => {
    const { scoreNames, scores } = batch(() => scripted({ steps: [] }), 2);
    assert.deepEqual([scoreNames, scores], [undefined, undefined]);
    const single = unbatch((copies) => batch(() => scripted({ steps: [END] }), copies));
    single.reset({ seed: 1 });
    assert.ok(!('scoreNames' in single) && !('scores' in single.step({ a: 0, b: 1 })));
  });

  it('need names of their own, the same in all copies', () => {
    const named = (scoreNames: unknown) => () => ({ ...scripted({ steps: [] }), scoreNames }) as Environment;
    for (const [names, message] of [
      [[], /scoreNames: .*at least one name, or nothing at all/],
      ['hits', /scoreNames: .*at least one name/],
      [['hits', 7], /scoreNames\/1: .*got 7/],
      [['hits', ''], /scoreNames\/1: .*a name/],
      [['hits', 'misses', 'hits'], /scoreNames\/2: .*"hits" again/],
    ] as const)
      assert.throws(() => batch(named(names), 1), { code: 'contract', message });
    let made = 0;
    const odd = () => named(made++ === 1 ? ['misses', 'hits'] : NAMES)();
    assert.throws(() => batch(odd, 3), {
      code: 'contract',
      message: /copy 1.*\["hits","misses"\].*\["misses","hits"\]/,
    });
    made = 1;
    assert.throws(() => batch(() => (made++ === 2 ? scored([]) : scripted({ steps: [] })), 3), {
      code: 'contract',
      message: /copy 1.*as of copy 0 \(none\)/,
    });
  });

  it('name copy and step where they are not as declared', () => {
    const cases: readonly [unknown, string, RegExp][] = [
      [undefined, 'contract', /copy 0, step 1: .*\/scores: wanted an object.*as the episode ended, got undefined/],
      [[1, 2], 'contract', /a list of 2/],
      [{ hits: 1 }, 'contract', /\/scores\/misses: wanted a number, got nothing/],
      [{ hits: 1, misses: 0, luck: 1 }, 'contract', /\/scores: wanted exactly hits, misses, got "luck" too/],
      [{ hits: 1, misses: undefined }, 'contract', /\/scores\/misses: wanted a finite number, got undefined/],
      [{ hits: 1, misses: Number.NaN }, 'not_finite', /\/scores\/misses/],
      [{ hits: -1e39, misses: 0 }, 'not_finite', /\/scores\/hits/],
    ];
    for (const [scores, code, message] of cases)
      assert.throws(start(batch(() => scored([{ ...END, scores } as Partial<Step>]), 2)).step, { code, message });
    const undeclared = start(batch(() => scripted({ steps: [{ ...END, scores: { hits: 1 } }] }), 1)).step;
    assert.throws(undeclared, { code: 'contract', message: /\/scores: wanted none, as there are no scoreNames/ });
  });

  it('may have names that objects know already', () => {
    const names = ['toString', '__proto__', '0'];
    const scores = Object.fromEntries(names.map((name, i) => [name, i + 1]));
    const make = (): Environment => ({ ...scripted({ steps: [{ ...END, scores }] }), scoreNames: names });
    const environment = batch(() => unbatch((copies) => batch(make, copies)), 2);
    start(environment).step();
    assert.deepEqual(scoresOf(environment), [1, 2, 3, 1, 2, 3]);
    const missing = { ...scripted({ steps: [{ ...END, scores: {} }] }), scoreNames: ['toString'] };
    assert.throws(start(batch(() => missing, 1)).step, { code: 'contract', message: /toString: .*got nothing/ });
  });

  it('come with the last step of the single form, as the batch tells them', () => {
    const steps = [{}, { ...END, scores: { hits: -2, misses: 0.1 } }];
    const single = unbatch((copies) => batch(() => scored(steps), copies));
    assert.equal(single.scoreNames, NAMES);
    for (const seed of [1, 2]) {
      assert.ok(!('scores' in single.reset({ seed })));
      const told = [single.step({ a: 0, b: 1 }), single.step({ a: 0, b: 1 })];
      assert.ok(!('scores' in told[0]!));
      assert.deepEqual(told[1]!.scores, { hits: -2, misses: Math.fround(0.1) });
    }
    // And back again.
    const again = batch(() => unbatch((copies) => batch(() => scored(steps), copies)), 1);
    const { step } = start(again);
    step();
    assert.deepEqual(scoresOf(again), [9, 9]);
    step();
    assert.deepEqual(scoresOf(again), [-2, Math.fround(0.1)]);
  });
});
