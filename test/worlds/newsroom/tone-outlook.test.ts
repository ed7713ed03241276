import assert from 'node:assert/strict';
import { newsroomDesk } from '../../../worlds/index.ts';
import { OUTLOOK, type TonedArticle, toneOutlook } from '../../../worlds/newsroom/tone-outlook.ts';

const article = (words: string, tone: number, isCounted = true): TonedArticle => ({
  words: words.split(' '),
  tone,
  isCounted,
});

const rowOf = (outlook: Float32Array, a: number): number[] =>
  Array.from(outlook.subarray(a * OUTLOOK, (a + 1) * OUTLOOK));

const near = (got: readonly number[], wanted: readonly number[]): void => {
  for (const [i, value] of got.entries()) assert.ok(Math.abs(value - wanted[i]!) < 1e-6, `${got} instead of ${wanted}`);
};

describe('what the newsroom knows about the tone of an article', () => {
  it('is what its tokens tell of the tone of other articles', () => {
    const outlook = toneOutlook([article('win again', 2), article('a win', 2), article('Loss', 0), article('win', 1)]);
    // For the last: of three others one is negative and two positive, one more each. "win" is in both positive ones.
    const usual = [2 / 6, 1 / 6, 3 / 6];
    const evidence = [0, 0, 2].map((seen, tone) => Math.log((seen + 4 * usual[tone]!) / (2 + 4) / usual[tone]!));
    near(rowOf(outlook, 3), [
      ...evidence.map((one) => one / 3),
      ...evidence.map((one) => Math.max(0, one)),
      ...evidence.map((one) => Math.min(0, one)),
    ]);
    // Nobody else loses.
    near(rowOf(outlook, 2), new Array<number>(OUTLOOK).fill(0));
  });

  it('does not depend on the own tone, nor on articles that are not counted', () => {
    const others = [article('win again', 2), article('a loss', 0), article('a win', 1)];
    const [one, other] = [0, 2].map((tone) => toneOutlook([...others, article('a win', tone)]));
    near(rowOf(one!, 3), rowOf(other!, 3));
    const uncounted = [0, 2].map((tone) => toneOutlook([...others, article('a win', tone, false)]));
    assert.deepEqual(uncounted[0], uncounted[1]);
    near(rowOf(uncounted[0]!, 0), rowOf(toneOutlook(others), 0));
  });

  it('tells the tone of articles that it did not count better than guessing does', () => {
    const { library, split } = newsroomDesk({ split: 'test' });
    let hits = 0;
    for (const a of split) {
      const sums = rowOf(library.outlook, a).slice(0, 3);
      if (sums.indexOf(Math.max(...sums)) === library.tones[a]) hits++;
    }
    assert.ok(hits > 0.5 * split.length, `${hits} of ${split.length}`);
    for (const value of library.outlook) assert.ok(Math.abs(value) < 100, String(value));
  });
});
