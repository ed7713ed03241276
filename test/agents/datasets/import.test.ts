import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ImportOptions, importTexts, openDataset } from '../../../agents/datasets/index.ts';
import { put, temporaryFolder } from '../../scenarios/files.ts';

describe('importing texts', () => {
  const root = temporaryFolder();
  const out = () => join(root(), 'out');

  const imported = async (options: Partial<ImportOptions> & Pick<ImportOptions, 'files'>) => {
    await importTexts({ format: 'jsonl', text: ['text'], out: out(), ...options });
    const dataset = openDataset(out());
    const actions = [...dataset.tracks()].map(({ action }) => [...action]);
    return { group: dataset.manifest.groups[0]!, manifest: dataset.manifest, texts: [...dataset.texts()], actions };
  };

  it('takes JSON Lines as they are', async () => {
    const lines = ['{"text":"a\\nb"}', '', '{"text":"\u2028 漢字 😀","n":1}\r', '{"text":""}'];
    const { texts, group, manifest, actions } = await imported({
      files: [put(root(), 'a.jsonl', `\ufeff${lines.join('\n')}`)],
    });
    assert.deepEqual(texts, ['a\nb', '\u2028 漢字 😀', '']);
    assert.equal(group.action, null);
    assert.deepEqual(group.observation, { type: 'text', maxLength: 7 });
    assert.deepEqual(actions, [[], [], []]);
    assert.equal(manifest.episodes, 3);
    assert.equal(manifest.return, null);
    assert.equal(manifest.environment, null);
  });

  it('takes CSV with quoted fields, from several files, by number or name', async () => {
    const files = [
      put(root(), 'a.csv', 'class,title,body\r\n10,"said ""yes"", and\nleft",x\n9,b,"y"\n'),
      put(root(), 'b.csv', 'class,title,body\nother,c,z\n'),
    ];
    const byName = { files, format: 'csv', header: true, text: ['title', '3'], label: 'class' } as const;
    const { texts, group, actions } = await imported(byName);
    assert.deepEqual(texts, ['said "yes", and\nleft\nx', 'b\ny', 'c\nz']);
    assert.deepEqual(group.action, { type: 'discrete', n: 3, labels: ['9', '10', 'other'] });
    assert.deepEqual(actions, [[1], [0], [2]]);
  });

  it('takes labels in the order in which they are given', async () => {
    const files = [put(root(), 'a.jsonl', '{"text":"a","good":true}\n{"text":"b","good":false}\n')];
    const { group, actions } = await imported({ files, label: 'good', labels: ['true', 'maybe', 'false'] });
    assert.deepEqual(group.action, { type: 'discrete', n: 3, labels: ['true', 'maybe', 'false'] });
    assert.deepEqual(actions, [[0], [2]]);
  });

  it('cuts long texts between characters', async () => {
    const files = [put(root(), 'a.jsonl', '{"text":"abc😀d"}\n{"text":"abcd"}\n{"text":"\\ud800b"}')];
    const { texts, group } = await imported({ files, maxLength: 4 });
    assert.deepEqual(group.observation, { type: 'text', maxLength: 4 });
    // Half a surrogate pair has no UTF-8.
    assert.deepEqual(texts, ['abc', 'abcd', '\ufffdb']);
  });

  it('takes files longer than a piece and a shard', async () => {
    const count = 20_000;
    const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ text: `text ${i} 漢` }));
    const { texts, manifest } = await imported({ files: [put(root(), 'a.jsonl', lines.join('\n'))] });
    assert.equal(manifest.shards.length, 2);
    assert.equal(texts.length, count);
    assert.ok(texts.every((text, i) => text === `text ${i} 漢`));
  });

  const csv = { format: 'csv', text: ['2'] } as const;
  const refusals: [what: string, content: string | Uint8Array, options: Partial<ImportOptions>, message: RegExp][] = [
    ['a line that is no JSON', '{"text":"a"}\n{"text":', {}, /file:2: not JSON: /],
    ['a line that is no object', '{"text":"a"}\n\n["b"]', {}, /file:3: a line is no JSON object/],
    [
      'a field that is missing',
      '{"text":"a"}\n{"txt":"b"}',
      {},
      /file:2: the field "text" is no text.* There are: txt/,
    ],
    ['a field that is no text', '{"text":null}', {}, /file:1: .*wanted a string, got null/],
    ['a column that is missing', 'a,"b\n"\nc\n', csv, /file:3: there is no column "2"/],
    ['a name without a header', 'a,b', { ...csv, text: ['title'] }, /Names of columns come with --header/],
    ['an unknown name', 'a,b\nc,d', { ...csv, header: true, text: ['title'] }, /file:2: .*one of its columns: a, b/],
    ['a quote that does not end', 'a,b\nc,"d\n', csv, /file:\d: not CSV: Quote Not Closed/],
    [
      'an unknown label',
      '{"text":"a","l":"y"}',
      { label: 'l', labels: ['x'] },
      /file:1: there is no such label; got "y"/,
    ],
    ['a label that is anything', manyLabels(), { label: 'text' }, /file:1025: "text" has too many values for a label/],
    ['nothing', '\n\n', {}, /there is no record in it/],
    ['bytes that are no text', bytes('{"text":"a"}\n{"text":"\xff"}'), {}, /file:2: not UTF-8/],
    ['a length that is none', '{"text":"a"}', { maxLength: 0 }, /maxLength: /],
  ];
  for (const [what, content, options, message] of refusals)
    it(`refuses ${what}`, async () => {
      const file = join(root(), 'file');
      writeFileSync(file, content);
      await assert.rejects(imported({ files: [file], ...options }), { code: 'invalid_input', message });
      assert.deepEqual(readdirSync(root()), ['file']);
    });

  it('refuses a file that is not there, and a folder that is', async () => {
    await assert.rejects(imported({ files: [join(root(), 'none')] }), {
      code: 'invalid_input',
      message: /no such file/,
    });
    await assert.rejects(imported({ files: [root()] }), { code: 'invalid_input', message: /EISDIR/ });
    const files = [put(root(), 'a.jsonl', '{"text":"a"}')];
    await imported({ files });
    await assert.rejects(imported({ files }), { code: 'exists' });
    assert.ok(existsSync(out()));
  });
});

function manyLabels(): string {
  return Array.from({ length: 1100 }, (_, i) => `{"text":"${i}"}`).join('\n');
}

function bytes(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (character) => character.charCodeAt(0));
}
