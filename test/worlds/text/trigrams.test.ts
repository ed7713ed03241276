import assert from 'node:assert/strict';
import fc from 'fast-check';
import { discountsOf } from '../../../worlds/text/followers.ts';
import { TrigramModel } from '../../../worlds/text/index.ts';

const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-12, `wanted ${wanted}, got ${got}`);

describe('the trigram model', () => {
  it('gives what was worked by hand', () => {
    // Sentences 0 1, 0 2, 0 1: all counts are too few for discounts of their own, so that they are 0.5, 1 and 1.5.
    const model = new TrigramModel([Int32Array.of(0, 1), Int32Array.of(0, 2), Int32Array.of(0, 1)], 3);
    const { end, unknown } = model;
    // 0, 1 and 2 come after one word, the end after two; 2.5 of 5 is left for 1 / 5 each: p(0) = 0.5 / 5 + 0.1.
    const unigrams = [0.2, 0.2, 0.2, 0.3, 0.1];
    for (const [w, p] of unigrams.entries()) near(model.probability(unknown, unknown, w), p);
    // After 0: 1 and 2, each after one word: (1 - 0.5) / 2 + 0.5 p(w).
    for (const [w, p] of [0.1, 0.35, 0.35, 0.15, 0.05].entries()) near(model.probability(1, 0, w), p);
    // After start 0: 1 twice, 2 once: (2 - 1) / 3 + 1.5 / 3 p(1 | 0), and (1 - 0.5) / 3 + 1.5 / 3 p(2 | 0).
    near(model.probability(-1, 0, 1), 1 / 3 + 0.175);
    near(model.probability(-1, 0, 2), 1 / 6 + 0.175);
    near(model.probability(-1, 0, end), 0.075);
    // After two starts: (3 - 1.5) / 3 + 0.5 p(0 | start), where p(0 | start) = 0.5 + 0.5 * 0.2.
    near(model.probability(-1, -1, 0), 0.8);
    // How often: 9 tokens, ends included, and one more for each of 5.
    near(model.frequency(0), 4 / 14);
    near(model.frequency(unknown), 1 / 14);
    near(
      model.logRatio(Int32Array.of(0, 7), 2),
      Math.log(0.8 / (4 / 14)) + Math.log(model.probability(-1, 0, 7) / (1 / 14)) + Math.log(0.3 / (4 / 14)),
    );
  });

  it('takes the discounts of Chen and Goodman', () => {
    // n1 = 4, n2 = 2, n3 = 1, n4 = 1: Y = 1/2.
    assert.deepEqual(discountsOf([1, 1, 1, 1, 2, 2, 3, 4, 9]), [0.5, 1.25, 1]);
    assert.deepEqual(discountsOf([1, 1, 2]), [0.5, 1, 1.5]);
    assert.deepEqual(discountsOf([]), [0.5, 1, 1.5]);
  });

  it('sums to one after anything, and leaves nothing at 0', () => {
    const sentence = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(sentence, { maxLength: 20 }), (sentences) => {
        const words = 5;
        const model = new TrigramModel(
          sentences.map((own) => Int32Array.from(own)),
          words,
        );
        const before = [-1, 0, 1, 2, 3, 4, model.unknown];
        for (const u of before)
          for (const v of before) {
            // Nothing stands between two starts.
            if (v === -1 && u !== -1) continue;
            let sum = 0;
            for (let w = 0; w < words + 2; w++) {
              const p = model.probability(u, v, w);
              assert.ok(p > 0 && p <= 1 + 1e-12);
              sum += p;
            }
            assert.ok(Math.abs(sum - 1) < 1e-9, `${u} ${v}: ${sum}`);
          }
      }),
      { numRuns: 60 },
    );
  });
});
