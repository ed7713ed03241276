import assert from 'node:assert/strict';
import { newsroomDesk } from '../../../worlds/index.ts';
import { KINDS, looksOf, readingOfWords, stemOf } from '../../../worlds/newsroom/word-looks.ts';
import { type CountedArticle, STATISTICS, wordStatistics } from '../../../worlds/newsroom/word-statistics.ts';

const article = (words: string, title: string, isCounted = true): CountedArticle => ({
  words: words.split(' '),
  title,
  isCounted,
});

/** The numbers about word `i` of all words. */
const rowOf = (statistics: Float32Array, i: number): number[] =>
  Array.from(statistics.subarray(i * STATISTICS, (i + 1) * STATISTICS));

const near = (got: number | undefined, wanted: number): void =>
  assert.ok(Math.abs(got! - wanted) < 1e-6, `${got} instead of ${wanted}`);

describe('what the newsroom knows about words', () => {
  it('is the log-odds of a place in the title, of other articles alone', () => {
    const statistics = wordStatistics([
      article('oil rises', 'Oil up'),
      article('oil falls', 'Markets down'),
      article('rain falls', 'Rain'),
    ]);
    // Of the other two articles' 4 words so many are in their title; one more in two keeps the rate off 0 and 1.
    const rate = (hits: number): number => (hits + 1) / 6;
    const share = (hits: number, seen: number, all: number): number => (hits + 4 * rate(all)) / (seen + 4);
    const logit = (p: number): number => Math.log(p / (1 - p)) / 2 + 1;
    // The first "oil": the second article has it once and not in the title.
    near(rowOf(statistics, 0)[0], logit(share(0, 1, 1)));
    // The second: the first article has it once, and in the title.
    near(rowOf(statistics, 2)[0], logit(share(1, 1, 2)));
    // "rises" stands nowhere else.
    near(rowOf(statistics, 1)[0], logit(share(0, 0, 1)));
    // In one other article and, for the second "oil", in one other title.
    near(rowOf(statistics, 2)[KINDS.length], Math.log(2) / 5);
    near(rowOf(statistics, 2)[KINDS.length + 1], Math.log(2) / 5);
    near(rowOf(statistics, 0)[KINDS.length + 1], 0);
  });

  it('does not depend on the title of a word, but on those of others', () => {
    const others = [article('oil rises', 'Oil up'), article('rain falls', 'Rain')];
    const one = wordStatistics([...others, article('oil falls again', 'Oil falls')]);
    const other = wordStatistics([...others, article('oil falls again', 'Nothing of it')]);
    const words = (statistics: Float32Array): number[][] => [4, 5, 6].map((i) => rowOf(statistics, i));
    assert.deepEqual(words(one), words(other));
    assert.notDeepEqual(rowOf(one, 0), rowOf(other, 0));
  });

  it('is the same for held-out articles whatever their titles', () => {
    const others = [article('oil rises', 'Oil up'), article('rain falls', 'Rain')];
    const one = wordStatistics([...others, article('oil falls', 'Oil falls', false)]);
    const other = wordStatistics([...others, article('oil falls', 'Nothing of it', false)]);
    assert.deepEqual(one, other);
  });

  it('knows forms of a word, its neighbours, and how it is written', () => {
    assert.deepEqual(['shares', 'shared', 'sharing', 'cities', 'running', 'gas', 'us'].map(stemOf), [
      ...['shar', 'shar', 'shar', 'city', 'run', 'gas', 'us'],
    ]);
    const reading = readingOfWords('AP - New York rose. It fell, New York said'.split(' '));
    assert.deepEqual(Array.from(reading.sentence), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    assert.deepEqual(Array.from(reading.place), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    assert.deepEqual(Array.from(reading.inRow), [0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    assert.deepEqual(Array.from(reading.rowLength), [1, 0, 2, 2, 0, 1, 0, 2, 2, 0]);
    assert.equal(reading.shapes.join(''), 'Axaaxaxaax');
    const kinds = (at: number): string[] => KINDS.map((kindOf) => kindOf(reading, at));
    assert.deepEqual(kinds(3).slice(0, 9), [
      ...['york', 'york', 'ork false', 'new', 'rose', 'a a x 0', 'york', 'new york', 'york ros'],
    ]);
    // The first York: capital, fourth of ten, in the first sentence, second in its row, twice; the second not its first.
    const [first, second] = [looksOf(reading, 3), looksOf(reading, 8)];
    near(first[5], 0.3);
    assert.deepEqual([first[1], first[9], first[17], first[21], first[22]], [1, 1, 1, 1, 0]);
    assert.deepEqual([second[17], second[22]], [0, 1]);
    assert.equal(first.length + KINDS.length + 3, STATISTICS);
  });

  it('is finite and small for all articles that come with lightbulb', () => {
    const { statistics, wordStart } = newsroomDesk().library;
    assert.equal(statistics.length, STATISTICS * wordStart.at(-1)!);
    for (const value of statistics) assert.ok(Math.abs(value) < 10, String(value));
  });
});
