import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { newsroomDesk } from '../../../worlds/index.ts';

const RSS = `<?xml version="1.0"?>
<rss version="2.0"><channel><title>Feed</title><link>http://x.example</link><description>All</description>
<item><title>Oil &amp; gas up</title><description>&lt;p&gt;Prices &lt;b&gt;rose&lt;/b&gt; today.&lt;/p&gt;</description></item>
<item><title>No text</title></item>
<item><title>Probe lands</title><description><![CDATA[A second <i>team</i> cheers.]]></description></item>
</channel></rss>`;

const ATOM = `<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Feed</title><id>urn:x</id><updated>2020-01-01T00:00:00Z</updated>
<entry><title>Cup final</title><id>urn:1</id><updated>2020-01-01T00:00:00Z</updated><summary>A late goal.</summary></entry>
<entry><title type="html">Vote &amp;amp; count</title><id>urn:2</id><updated>2020-01-01T00:00:00Z</updated>
<content type="html">&lt;p&gt;Counting goes on.&lt;/p&gt;</content></entry></feed>`;

describe("the newsroom's sources", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'newsroom-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const put = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const read = (name: string, content: string | Uint8Array) =>
    newsroomDesk({ articles: put(name, content), split: 'all' }).articles.map(
      ({ title, description, tone, isLabelled }) => [title, description, isLabelled ? tone : null],
    );

  it("read CSV in the form of AG's corpus, and with named columns", () => {
    assert.deepEqual(read('ag.csv', '"3","Oil #39;s ""up""","Prices rose\\on Monday."\n1,Vote,Counting goes on.\n'), [
      ['Oil\'s "up"', 'Prices rose on Monday.', null],
      ['Vote', 'Counting goes on.', null],
    ]);
    assert.deepEqual(read('named.csv', 'id,Text,TITLE,tone\n1,b one,a one,Negative\n2,b two,a two,\n3,b,a,2\n'), [
      ['a one', 'b one', 0],
      ['a two', 'b two', null],
      ['a', 'b', 2],
    ]);
  });

  it('read JSON Lines', () => {
    const lines =
      '{"title":"a","body":"b","label":"neutral","id":7}\r\n\n{"headline":"c","description":"d","tone":null}';
    assert.deepEqual(read('x.jsonl', lines), [
      ['a', 'b', 1],
      ['c', 'd', null],
    ]);
    assert.deepEqual(read('x.ndjson', lines).length, 2);
  });

  it('read RSS and Atom, without what has no text', () => {
    const rss = [
      ['Oil & gas up', 'Prices rose today.', null],
      ['Probe lands', 'A second team cheers.', null],
    ];
    assert.deepEqual(read('x.rss', RSS), rss);
    assert.deepEqual(read('x.xml', RSS), rss);
    assert.deepEqual(read('x.atom', ATOM), [
      ['Cup final', 'A late goal.', null],
      ['Vote & count', 'Counting goes on.', null],
    ]);
  });

  it('read Parquet', () => {
    const columns = [
      { name: 'title', data: ['Oil up', 'Vote'], type: 'STRING' as const },
      { name: 'text', data: ['Prices rose.', 'Counting goes on.'], type: 'STRING' as const },
      { name: 'label', data: [0, 2], type: 'INT32' as const },
      { name: 'score', data: [0.5, 1.5], type: 'DOUBLE' as const },
    ];
    const wanted = [
      ['Oil up', 'Prices rose.', 0],
      ['Vote', 'Counting goes on.', 2],
    ];
    for (const codec of ['UNCOMPRESSED', 'SNAPPY'] as const)
      assert.deepEqual(
        read(`${codec}.parquet`, new Uint8Array(parquetWriteBuffer({ columnData: columns, codec }))),
        wanted,
      );
    const other = new Uint8Array(parquetWriteBuffer({ columnData: [columns[0]!, columns[2]!] }));
    assert.throws(() => read('other.parquet', other), {
      code: 'invalid_input',
      message: /other\.parquet: .*wanted title, and description, text or body, got title, label/,
    });
  });

  it('refuse what is something else, naming file and line', () => {
    const wrong: readonly [name: string, content: string, RegExp][] = [
      ['a.csv', '', /a\.csv: this file has no articles/],
      ['a.csv', 'title,text\n', /no articles/],
      ['a.csv', '1,a,b\n2,a\n', /a\.csv, line 2: .*2 columns/],
      ['a.csv', 'title,text\na,b\nc\n', /a\.csv, line 3: this article has no description/],
      ['a.csv', 'title,text,label\na,b,3\n', /a\.csv, line 2, "label": there is no such tone.*got "3"/],
      ['a.csv', '1,"a,b\n', /a\.csv, line \d: this is no CSV/],
      ['a.jsonl', '{"title":"a","text":"b"}\n{"title":"a"', /a\.jsonl, line 2: this is no JSON/],
      ['a.jsonl', '[1]', /line 1: this is no article.*an object/],
      ['a.jsonl', '{"title":"a","topic":"b"}', /line 1: .*no description.*description or text or body.*title, topic/],
      ['a.jsonl', '{"title":1,"text":"b"}', /line 1: .*no title.*got 1/],
      ['a.rss', '<html></html>', /a\.rss: this is no feed/],
      ['a.atom', ATOM.replaceAll(/<entry>.*<\/entry>/gs, ''), /no articles/],
      ['a.parquet', 'PAR1 this is none PAR1', /a\.parquet: this is no Parquet/],
      ['a.txt', 'x', /a\.txt: .*cannot be read.*wanted .*\.csv, \.jsonl.*got \.txt/],
      ['a', 'x', /got no ending/],
    ];
    for (const [name, content, message] of wrong)
      assert.throws(() => read(name, content), { code: 'invalid_input', message }, `${name} ${content}`);
    mkdirSync(join(folder, 'folder.csv'));
    assert.throws(() => newsroomDesk({ articles: join(folder, 'folder.csv'), orGenerated: true }), {
      code: 'invalid_input',
      message: /cannot be read/,
    });
  });

  it('may be missing where that was said', () => {
    const articles = join(folder, 'missing.csv');
    assert.throws(() => newsroomDesk({ articles }), {
      code: 'invalid_input',
      message: /no file.*missing\.csv.*orGenerated/s,
    });
    assert.equal(newsroomDesk({ articles, orGenerated: true }).name, 'generated');
    assert.equal(newsroomDesk().name, 'generated');
  });

  it('are split by the hash of the article, wherever it stands', () => {
    const rows = Array.from({ length: 200 }, (_, i) => `1,title ${i},text ${i} of it`);
    const held = (own: readonly string[]) =>
      newsroomDesk({ articles: put('split.csv', own.join('\n')), split: 'all' })
        .articles.filter(({ isHeldOut }) => isHeldOut)
        .map(({ title }) => title)
        .sort();
    const titles = held(rows);
    assert.ok(titles.length > 25 && titles.length < 60, `${titles.length}`);
    assert.deepEqual(held([...rows].reverse()), titles);
    assert.deepEqual(
      held(rows.slice(0, 150)),
      titles.filter((title) => Number(title.slice(6)) < 150),
    );
    const articles = put('split.csv', rows.join('\n'));
    const of = (split: 'train' | 'test' | 'all') => newsroomDesk({ articles, split });
    const indices = [...of('train').split, ...of('test').split].sort((a, b) => a - b);
    assert.deepEqual(indices, [...of('all').split]);
    assert.deepEqual(of('test').ownWords, of('train').ownWords);
    const one = put('one.csv', rows[0]!);
    const missing = newsroomDesk({ articles: one, split: 'all' }).articles[0]!.isHeldOut ? 'train' : 'test';
    assert.throws(() => newsroomDesk({ articles: one, split: missing }), { code: 'invalid_input', message: /too few/ });
  });

  it('are read anew where the file changed', () => {
    assert.equal(read('same.csv', '1,a,b\n')[0]![0], 'a');
    assert.equal(read('same.csv', '1,c,d\n')[0]![0], 'c');
  });
});
