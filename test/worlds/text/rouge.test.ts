import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { rouge, tokensOf } from '../../../worlds/text/index.ts';

const FIXTURE = new URL('../../../../shared/fixtures/text/rouge.json', import.meta.url);
const KINDS = [1, 2, 'L'] as const;

const near = (got: number, wanted: number, what: string) =>
  assert.ok(Math.abs(got - wanted) < 1e-6, `${what}: wanted ${wanted}, got ${got}`);

describe('ROUGE', () => {
  it('counts as worked by hand', () => {
    // Tokens: police killed the gunman / police kill the gunman (Lin 2004, section 3).
    const score = (kind: (typeof KINDS)[number], candidate: string, reference = 'police killed the gunman') =>
      Object.values(rouge(kind, candidate, reference));
    assert.deepEqual(score(1, 'Police kill the gunman.'), [3 / 4, 3 / 4, 3 / 4]);
    assert.deepEqual(score(2, 'police kill the gunman'), [1 / 3, 1 / 3, 1 / 3]);
    assert.deepEqual(score('L', 'police kill the gunman'), [3 / 4, 3 / 4, 3 / 4]);
    assert.deepEqual(score('L', 'the gunman kill police'), [2 / 4, 2 / 4, 2 / 4]);
    // Each word counts as often as the text that has it less.
    assert.deepEqual(score(1, 'the the the'), [1 / 3, 1 / 4, 2 / 7]);
    assert.deepEqual(score(2, 'a b a b a b', 'a b c a b'), [2 / 5, 2 / 4, 4 / 9]);
    assert.deepEqual(score('L', 'a x b y c', 'a b c'), [3 / 5, 1, 6 / 8]);
  });

  it('is 0 where there is nothing to count', () => {
    for (const kind of KINDS)
      for (const [candidate, reference] of [
        ['', ''],
        ['', 'a b'],
        ['a b', ''],
        ['...', 'a b'],
        ['a b', 'c d'],
      ] as const)
        assert.deepEqual(rouge(kind, candidate, reference), { precision: 0, recall: 0, f1: 0 });
    assert.equal(rouge(2, 'one', 'one').f1, 0, 'one word has no pair');
  });

  it('sees runs of a to z and 0 to 9, in lower case', () => {
    assert.deepEqual(tokensOf("U.S. wins 3-2; it's İx"), ['u', 's', 'wins', '3', '2', 'it', 's', 'i', 'x']);
  });

  it('scores as the recorded cases', function () {
    if (!existsSync(FIXTURE)) {
      console.log(`      not here: ${FIXTURE.pathname}`);
      return this.skip();
    }
    const { cases } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as {
      cases: (Record<string, number> & { prediction: string; reference: string })[];
    };
    assert.ok(cases.length >= 10);
    for (const each of cases)
      for (const kind of KINDS) {
        const { precision, recall, f1 } = rouge(kind, each.prediction, each.reference);
        const what = `rouge${kind} of "${each.prediction}"`;
        near(precision, each[`rouge${kind}.precision`]!, what);
        near(recall, each[`rouge${kind}.recall`]!, what);
        near(f1, each[`rouge${kind}.fmeasure`]!, what);
      }
  });

  it('turns round with its texts, and agrees with plain counting', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 9 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(text, text, (one, other) => {
        for (const kind of KINDS) {
          const [there, back] = [rouge(kind, one, other), rouge(kind, other, one)];
          assert.deepEqual([there.precision, there.recall, there.f1], [back.recall, back.precision, back.f1]);
          assert.ok(there.f1 >= 0 && there.f1 <= 1);
        }
        const [said, wanted] = [tokensOf(one), tokensOf(other)];
        const count = (words: string[], word: string) => words.filter((each) => each === word).length;
        const matches = ['a', 'b', 'c', 'd'].reduce((sum, w) => sum + Math.min(count(said, w), count(wanted, w)), 0);
        assert.equal(rouge(1, one, other).precision, said.length === 0 ? 0 : matches / said.length);
        const longest = (i: number, j: number): number =>
          i === said.length || j === wanted.length
            ? 0
            : said[i] === wanted[j]
              ? 1 + longest(i + 1, j + 1)
              : Math.max(longest(i + 1, j), longest(i, j + 1));
        assert.equal(rouge('L', one, other).recall, wanted.length === 0 ? 0 : longest(0, 0) / wanted.length);
      }),
      { numRuns: 100 },
    );
  });
});
