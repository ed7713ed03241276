import assert from 'node:assert/strict';
import { type Stream, stream } from '../../../core/index.ts';
import { generatedArticles } from '../../../worlds/newsroom/generated/index.ts';
import { Fluency, tokensOf } from '../../../worlds/text/index.ts';

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

describe('fluency', () => {
  const numbers = new Map<string, number>();
  const numbered = (text: string, isNew: boolean) =>
    Int32Array.from(tokensOf(text), (token) => {
      if (isNew && !numbers.has(token)) numbers.set(token, numbers.size);
      return numbers.get(token) ?? 1e6;
    });
  const titles = generatedArticles().slice(0, 1500);
  let fluency: Fluency;
  let unseen: readonly Int32Array[];
  before(() => {
    const known = titles.slice(0, 1200).map(({ title }) => numbered(title, true));
    fluency = new Fluency(known, numbers.size);
    unseen = titles.slice(1200).map(({ title }) => numbered(title, false));
  });
  const score = (tokens: Int32Array) => fluency.score(tokens, tokens.length);
  const of = (text: string) => score(numbered(text, false));

  it('is about 1 for titles that it has not seen, about 0 for their words in any order', () => {
    const random: Stream = stream(1, 'order');
    const salad = unseen.map((title) => {
      const left = [...title];
      return Int32Array.from(title, () => left.splice(random.integer(left.length), 1)[0]!);
    });
    assert.ok(median(unseen.map(score)) > 0.9, `${median(unseen.map(score))}`);
    assert.ok(median(salad.map(score)) < 0.1, `${median(salad.map(score))}`);
    for (const tokens of [...unseen, ...salad]) assert.ok(score(tokens) >= 0 && score(tokens) <= 1);
    assert.ok(fluency.typical > fluency.salad + 1);
  });

  it('cannot be had with nothing, a word, frequent words or one phrase again and again', () => {
    assert.equal(of(''), 0);
    assert.ok(of('the') <= 1 / fluency.shortest);
    assert.equal(of('the the the the the the'), 0);
    assert.equal(of('of in for the to a'), 0);
    assert.ok(of('City Council') < 0.5);
    assert.ok(of('City Council City Council City Council City Council') <= 0.25);
    assert.ok(of('qwx vbn mlk jhg') < 0.2, 'words that are unknown');
  });

  it('is hardly raised by a set phrase behind a salad, once or again', () => {
    const words = 'of council rain to shares the museum';
    const phrase = 'City Council';
    const [bare, once, twice] = [words, `${words} ${phrase}`, `${words} ${phrase} ${phrase}`].map(of);
    for (const more of [once!, twice!]) assert.ok(more - bare! < 0.1, `${bare} to ${more}`);
  });

  it('can be made of few titles, or of none', () => {
    for (const few of [[], [Int32Array.of(0)], [Int32Array.of(0, 1), Int32Array.of(1, 0)]]) {
      const small = new Fluency(few, 2);
      const value = small.score(Int32Array.of(0, 1), 2);
      assert.ok(value >= 0 && value <= 1 && small.typical > small.salad);
    }
  });
});
