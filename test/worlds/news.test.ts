import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  builtin,
  checkBatched,
  createActions,
  createOutputs,
  type NewsOptions,
  newsCorpus,
  newsTexts,
  newsTopics,
  type Text,
  TOPICS,
  unflatten,
} from '../../worlds/index.ts';

const CSV = `"3","Oil ""soars"" again","Prices rose
on Monday."
"4","Probe lands","A second\\team of engineers, cheering."
1,Vote in Lima,Counting goes on.
"2","Cup final","A late goal."
"2","Held out","The fifth, for tests."
"1","Sixth","The sixth."
`;

describe('news_topics', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'news-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const put = (content: string): string => {
    const path = join(folder, 'articles.csv');
    writeFileSync(path, content);
    return path;
  };

  /** One copy, and what it sees as text. */
  const start = (options: NewsOptions, level?: number) => {
    const environment = newsTopics(1, options);
    const output = createOutputs(environment.groups, 1);
    const actions = createActions(environment.groups, 1);
    if (level !== undefined) environment.setLevel!(0, { article: level });
    environment.reset(1, output);
    const space = environment.groups[0]!.observation as Text;
    const [out] = output;
    return {
      environment,
      out: out!,
      seen: () => unflatten(space, out!.observation, 0) as string,
      last: () => unflatten(space, out!.finalObservation, 0) as string,
      choose: (choice: number) => {
        actions[0]!.fill(choice);
        environment.step(actions, output);
      },
    };
  };

  it('shows title and description, pays for the right topic, and ends at once', () => {
    const path = put(CSV);
    const { environment, out, seen, last, choose } = start({ articles: path }, 0);
    assert.deepEqual(environment.groups[0]!.action, { type: 'discrete', n: 4, labels: TOPICS });
    assert.equal(seen(), 'Oil "soars" again\nPrices rose\non Monday.');
    for (const [choice, reward] of [0, 0, 1, 0].entries()) {
      choose(choice);
      assert.deepEqual([out.reward[0], out.terminated[0], out.truncated[0], out.alive[0]], [reward, 1, 0, 1]);
      assert.equal(last(), 'Oil "soars" again\nPrices rose\non Monday.');
    }
    environment.setLevel!(0, { article: 1 });
    choose(2);
    assert.equal(last(), 'Oil "soars" again\nPrices rose\non Monday.');
    assert.equal(seen(), 'Probe lands\nA second team of engineers, cheering.', 'a backslash is a new line');
    assert.equal(environment.render!(0), seen());
  });

  it('cuts articles, but no character in half', () => {
    const path = put('1,Élan 🚀 up,x\n');
    const cut = (maxLength: number) => newsTexts({ articles: path, split: 'all', maxLength })[0]!.text;
    assert.deepEqual([5, 6, 7, 400].map(cut), ['Élan ', 'Élan ', 'Élan 🚀', 'Élan 🚀 up\nx']);
    assert.equal(start({ articles: path, split: 'all', maxLength: 6 }).seen(), 'Élan ');
  });

  it('holds every fifth article out', () => {
    const path = put(CSV);
    const titles = (split: 'train' | 'test' | 'all') =>
      newsTexts({ articles: path, split }).map(({ text }) => text.split('\n')[0]);
    assert.deepEqual(titles('test'), ['Held out']);
    assert.deepEqual(titles('train'), ['Oil "soars" again', 'Probe lands', 'Vote in Lima', 'Cup final', 'Sixth']);
    assert.equal(titles('all').length, 6);
    const seen = (split: 'train' | 'test') => {
      const { choose, last } = start({ articles: path, split });
      return new Set(
        Array.from({ length: 100 }, () => {
          choose(0);
          return last().split('\n')[0];
        }),
      );
    };
    assert.deepEqual([...seen('train')].sort(), titles('train').sort(), 'each is drawn, and no other');
    assert.deepEqual([...seen('test')], ['Held out']);
    assert.throws(() => newsTopics(1, { articles: put('1,a,b\n'), split: 'test' }), {
      code: 'invalid_input',
      message: /at least 5, got 1/,
    });
  });

  it('says which corpus it reads', () => {
    const path = put(CSV);
    const missing = join(folder, 'missing.csv');
    assert.deepEqual(newsCorpus({ articles: path, split: 'test' }), { name: path, articles: 6 });
    assert.deepEqual(newsCorpus(), { name: 'generated', articles: 5000 });
    assert.deepEqual(newsCorpus({ articles: missing, orGenerated: true }), { name: 'generated', articles: 5000 });
    assert.deepEqual(newsCorpus({ articles: path, orGenerated: true }), { name: path, articles: 6 });
    assert.throws(
      () => newsCorpus({ articles: missing }),
      (error: Error & { code?: string }) => {
        return error.code === 'invalid_input' && error.message.includes(missing) && /orGenerated/.test(error.message);
      },
    );
  });

  it('refuses files of something else, naming file and line', () => {
    const wrong: readonly [string, RegExp][] = [
      ['', /articles\.csv: this file has no articles/],
      ['\n\n', /no articles/],
      ['1,a,b\n2,a\n', /articles\.csv, line 2: .*2 columns/],
      ['1,a,b,c\n', /line 1: .*4 columns/],
      ['1,"a\nb",c\n\n5,a,b\n', /line 4: .*1, 2, 3 or 4, got "5"/],
      ['Class Index,Title,Description\n', /line 1: .*got "Class Index"/],
      ['0,a,b\n', /got "0"/],
      ['1,"a,b\n', /articles\.csv, line \d: this is no CSV/],
    ];
    // However long the way to the file is, its name ends in articles.csv.
    for (const [content, message] of wrong) {
      assert.throws(() => newsTopics(1, { articles: put(content), orGenerated: true }), {
        code: 'invalid_input',
        message,
      });
    }
    assert.throws(() => newsTopics(1, { articles: folder, orGenerated: true }), {
      code: 'invalid_input',
      message: /cannot be read/,
    });
  });

  it('refuses levels without such an article, and snapshots of other articles', () => {
    const { environment } = start({ articles: put(CSV) });
    for (const article of [6, -1, 0.5, 'first'])
      assert.throws(() => environment.setLevel!(0, { article }), { code: 'invalid_input', message: /0 to 5/ });
    assert.throws(() => environment.setLevel!(0, { artcle: 1 }), { code: 'unknown_key', message: /"article"/ });
    const saved = start({}).environment.snapshot();
    assert.throws(() => environment.restore(saved), { code: 'mismatch', message: /other articles/ });
    for (const seed of [1, 2, 3])
      for (const level of [environment.levels!.generate(seed), environment.levels!.mutate!({ article: 0 }, seed)])
        assert.ok([0, 1, 2, 3, 5].includes((level as { article: number }).article), 'none that is held out');
  });

  it('passes the contract', async () => {
    const articles = put(CSV);
    const report = await checkBatched((copies) => newsTopics(copies, { articles }));
    assert.deepEqual(
      report.checks.filter(({ outcome }) => outcome === 'fail'),
      [],
    );
  });

  it('has a controller that looks articles up', () => {
    const path = put(CSV);
    const right = (controller: string, played: NewsOptions) => {
      const { out, choose } = start(played);
      const policy = builtin('news_topics').scripted({ articles: controller });
      let sum = 0;
      for (let i = 0; i < 50; i++) {
        choose(policy(out.observation, 0, 0, 0));
        sum += out.reward[0]!;
      }
      return sum;
    };
    assert.equal(right(path, { articles: path }), 50);
    const other = join(folder, 'other.csv');
    writeFileSync(other, '2,unknown,sports\n');
    assert.equal(right(path, { articles: other }), 0, 'what it does not know is World to it');
  });
});

describe('the generated articles', () => {
  const articles = newsTexts({ split: 'all', maxLength: 1000 });

  it('are different from each other, evenly of four topics, and complete', () => {
    assert.equal(new Set(articles.map(({ text }) => text)).size, 5000);
    for (const topic of TOPICS.keys()) {
      const share = articles.filter((article) => article.topic === topic).length / 5000;
      assert.ok(share > 0.22 && share < 0.28, `${topic}: ${share}`);
    }
    for (const { text } of articles) {
      assert.match(text, /^[A-Z][^{}|\n]+\n[A-Z][^{}|\n]+\.$/);
      assert.doesNotMatch(text, /undefined| {2}|\b[Aa] [aeio]/);
    }
  });

  it('are the same in each process', () => {
    assert.equal(articles[0]!.text.split('\n')[0], 'Portugal Stay Unbeaten at Home');
    assert.equal(articles[4999]!.text.split('\n')[0], 'Researchers Find a New Species of Ape');
  });

  it('can be learned from their words, but not all of them', () => {
    const accuracy = naiveBayes(articles);
    assert.ok(accuracy > 0.88 && accuracy < 0.96, `${accuracy}`);
  });
});

/** Accuracy on every fifth article of multinomial naive Bayes (add-one smoothing) learned from the others. */
function naiveBayes(articles: readonly { readonly text: string; readonly topic: number }[]): number {
  const wordsOf = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const isHeldOut = (index: number) => index % 5 === 4;
  const counts = TOPICS.map(() => new Map<string, number>());
  const totals = TOPICS.map(() => 0);
  const known = new Set<string>();
  for (const [i, { text, topic }] of articles.entries()) {
    if (isHeldOut(i)) continue;
    for (const word of wordsOf(text)) {
      counts[topic]!.set(word, (counts[topic]!.get(word) ?? 0) + 1);
      totals[topic]!++;
      known.add(word);
    }
  }
  const tests = articles.filter((_, i) => isHeldOut(i));
  const right = tests.filter(({ text, topic }) => {
    const scores = TOPICS.map((_, k) =>
      wordsOf(text).reduce(
        (sum, word) => sum + Math.log(((counts[k]!.get(word) ?? 0) + 1) / (totals[k]! + known.size)),
        0,
      ),
    );
    return scores.indexOf(Math.max(...scores)) === topic;
  });
  return right.length / tests.length;
}
