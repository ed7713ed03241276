import assert from 'node:assert/strict';
import { newsroomDesk, rouge } from '../../../worlds/index.ts';
import { generatedArticles } from '../../../worlds/newsroom/generated/index.ts';

describe("the newsroom's generated articles", () => {
  const articles = generatedArticles();
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('are different, whole, and of known facts and tones', () => {
    assert.equal(articles.length, 6000);
    assert.equal(new Set(articles.map(({ title, description }) => title + description)).size, 6000);
    for (const { title, description, facts } of articles) {
      assert.match(title, /^[A-Z0-9][^[\]{}|\n]+$/);
      assert.match(description, /^[A-Z][^[\]{}|\n]+[."]$/);
      assert.doesNotMatch(description, /undefined| {2}| ,/);
      assert.ok(title.toLowerCase().includes(facts.did.toLowerCase()), title);
      for (const fact of [facts.who, facts.where]) assert.ok(description.includes(fact), `${fact}: ${description}`);
    }
    for (const tone of [0, 1, 2]) {
      const share = articles.filter((article) => article.tone === tone).length / articles.length;
      assert.ok(share > 0.3 && share < 0.37, `${tone}: ${share}`);
    }
  });

  it('are the same in each process', () => {
    assert.equal(articles[0]!.title, 'Leeds City Council Hailed for Breakthrough in Batteries');
  });

  it('hold most words of their titles, but not in front', () => {
    const copied = mean(articles.map(({ title, description }) => rouge(1, description, title).recall));
    const lead = mean(
      articles.map(({ title, description }) => rouge(1, description.split(' ').slice(0, 10).join(' '), title).f1),
    );
    assert.ok(copied > 0.93 && copied < 0.99, `${copied}`);
    assert.ok(lead > 0.45 && lead < 0.62, `${lead}`);
  });

  it('come with their tones, which AFINN finds in most', () => {
    const desk = newsroomDesk({ split: 'all' });
    assert.deepEqual(
      desk.articles.map(({ tone, isLabelled }) => (isLabelled ? tone : null)),
      articles.map(({ tone }) => tone),
    );
    assert.deepEqual(desk.articles[3]!.facts, articles[3]!.facts);
  });
});
