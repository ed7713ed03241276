import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { byteTokenizer, learnBytePairs, loadTokenizer, tokenizerOf } from '../../../agents/tokens/index.ts';
import type { Json, JsonObject } from '../../../core/index.ts';
import { newsTexts } from '../../../worlds/index.ts';

/** What Python's tokenizers learned from the first 300 generated articles, and the ids that it gives to texts. */
interface Recorded {
  readonly size: number;
  readonly merges: readonly string[];
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

const recorded = JSON.parse(readFileSync(new URL('./fixtures/byte-pairs.json', import.meta.url), 'utf8')) as Recorded;
const articles = newsTexts({ split: 'all' })
  .slice(0, 300)
  .map(({ text }) => text);
const learned = learnBytePairs(articles, recorded.size);
const model = learned.model as { readonly vocab: JsonObject; readonly merges: readonly (readonly string[])[] };

/** Any text that has UTF-8. */
const anyText = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.replaceAll(/\p{Cs}/gu, ''));

describe('the byte tokenizer', () => {
  const bytes = byteTokenizer();

  it('gives UTF-8, and reads every text back', () => {
    assert.equal(bytes.size, 256);
    assert.deepEqual(bytes.encode('a\0é🚀'), [0x61, 0, 0xc3, 0xa9, 0xf0, 0x9f, 0x9a, 0x80]);
    assert.deepEqual(bytes.encode(''), []);
    assert.equal(bytes.decode([]), '');
    assert.equal(bytes.decode(bytes.encode('\ufeffmark')), '\ufeffmark');
    fc.assert(fc.property(anyText, (text) => assert.equal(bytes.decode(bytes.encode(text)), text)));
  });

  it('replaces what is no UTF-8, and refuses ids that it does not have', () => {
    assert.equal(bytes.decode([0x61, 0xff, 0xc3]), 'a\ufffd\ufffd');
    assert.equal(bytes.decode(bytes.encode('\ud83d')), '\ufffd');
    for (const id of [256, -1, 0.5, Number.NaN])
      assert.throws(() => bytes.decode([1, id]), { code: 'invalid_input', message: /id 1 of 2.*0 to 255/ });
  });
});

describe('byte pairs', () => {
  it("are learned as by Hugging Face's trainer, ties included", () => {
    assert.deepEqual(
      model.merges.map((merge) => merge.join(' ')),
      recorded.merges,
    );
    assert.equal(Object.keys(model.vocab).length, recorded.size);
  });

  it('give the ids that the library for Python gives', () => {
    const tokenizer = tokenizerOf(learned, 'news');
    for (const { text, ids } of recorded.texts) assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
  });

  it('are learned by hand: the most frequent pair, of equals the one with the smaller ids', () => {
    const merges = (texts: readonly string[], size: number) =>
      (learnBytePairs(texts, size).model as unknown as typeof model).merges;
    // l is before o is before w: of "lo" and "ow", 4 times each, "lo" has the smaller ids.
    assert.deepEqual(merges(['lowlow lowlow'], 258), [
      ['l', 'o'],
      ['lo', 'w'],
    ]);
    // Pairs overlap: "aaa" counts "aa" twice and holds it once.
    assert.deepEqual(merges(['aaa', 'aaa'], 300), [
      ['a', 'a'],
      ['aa', 'a'],
    ]);
    assert.deepEqual(merges(['ab'], 300), [], 'what occurs once is not merged');
    assert.deepEqual(merges([], 300), []);
  });

  it('read every text back, whatever they were learned from', () => {
    const tokenizer = tokenizerOf(learned, 'news');
    assert.equal(tokenizer.size, recorded.size);
    fc.assert(fc.property(anyText, (text) => assert.equal(tokenizer.decode(tokenizer.encode(text)), text)));
    for (const text of articles) assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 5 }), fc.integer({ min: 256, max: 300 }), (texts, size) => {
        const own = tokenizerOf(learnBytePairs(texts, size), 'own');
        assert.ok(own.size <= size);
        for (const text of texts) assert.equal(own.decode(own.encode(text)), text);
      }),
      { numRuns: 30 },
    );
  });

  it('may spell the names of what objects inherit', () => {
    const odd = tokenizerOf(learnBytePairs(['constructor', 'constructor', 'toString', 'toString'], 400), 'odd');
    for (const word of ['constructor', 'toString']) assert.equal(odd.encode(word).length, 1);
    assert.equal(odd.decode(odd.encode('__proto__ constructor')), '__proto__ constructor');
  });

  it('are the same from the same texts, and refuse sizes without room for bytes', () => {
    assert.deepEqual(learnBytePairs(articles, recorded.size), learned);
    for (const size of [255, 256.5, Number.NaN])
      assert.throws(() => learnBytePairs(articles, size), { code: 'invalid_input', message: /from 256/ });
    assert.equal(tokenizerOf(learnBytePairs(articles, 256), 'bytes').size, 256);
  });
});

describe('a tokenizer.json', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tokenizers-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const put = (content: string): string => {
    const path = join(folder, 'tokenizer.json');
    writeFileSync(path, content);
    return path;
  };

  it('is read from its file, with the tokens that were added', () => {
    const size = recorded.size;
    const added = [{ id: size + 4, content: '<end>', special: true, normalized: false }];
    // Its post-processor would put a token around every text.
    const post_processor = {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '<end>', type_id: 0 } }],
      pair: [],
      special_tokens: { '<end>': { id: '<end>', ids: [size + 4], tokens: ['<end>'] } },
    };
    const path = put(JSON.stringify({ ...learned, added_tokens: added, post_processor }));
    const tokenizer = loadTokenizer(path);
    assert.deepEqual([tokenizer.name, tokenizer.size], [path, size + 5]);
    const [first] = recorded.texts;
    assert.deepEqual(tokenizer.encode(first!.text), first!.ids, 'nothing is put around a text');
    assert.deepEqual(tokenizer.encode(`${first!.text}<end>`), [...first!.ids, size + 4]);
    assert.equal(tokenizer.decode([...first!.ids, size + 4]), `${first!.text}<end>`);
    assert.equal(tokenizer.decode(tokenizer.encode("it is n't so , he said .")), "it is n't so , he said .");
    assert.equal(tokenizer.decode([]), '');
    assert.throws(() => tokenizer.decode([0, size + 5]), { code: 'invalid_input', message: /id 1 of 2/ });
    assert.throws(() => tokenizer.decode([size + 1]), { code: 'invalid_input', message: /no token/ });
  });

  it('reads the other kinds of models', () => {
    const words = tokenizerOf(
      {
        pre_tokenizer: { type: 'Whitespace' },
        decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
        model: {
          type: 'WordPiece',
          unk_token: '[UNK]',
          continuing_subword_prefix: '##',
          max_input_chars_per_word: 100,
          vocab: { '[UNK]': 0, play: 1, '##ing': 2, games: 3 },
        },
      },
      'words',
    );
    assert.deepEqual(words.encode('playing games now'), [1, 2, 3, 0]);
    assert.equal(words.decode([1, 2, 3]), 'playing games');
  });

  it('is refused by name where it is none', () => {
    const missing = join(folder, 'missing.json');
    assert.throws(
      () => loadTokenizer(missing),
      (error: Error & { code?: string }) => {
        return (
          error.code === 'invalid_input' && error.message.startsWith(`${missing}: `) && /ENOENT/.test(error.message)
        );
      },
    );
    assert.throws(() => loadTokenizer(folder), { code: 'invalid_input', message: /cannot be read/ });
    assert.throws(() => loadTokenizer(put('{"model":')), { code: 'invalid_input', message: /is JSON/ });
    const vocab = { a: 0 };
    const wrong: readonly [Json, RegExp][] = [
      [[], /: this is no tokenizer/],
      [null, /: this is no tokenizer/],
      [{}, / \/model:/],
      [{ model: 3 }, / \/model:/],
      [{ model: { type: 'BPE' } }, / \/model\/vocab:/],
      [{ model: { type: 'BPE', vocab: { a: -1 }, merges: [] } }, / \/model\/vocab\/a:/],
      [{ model: { type: 'BPE', vocab: { a: 'b' }, merges: [] } }, / \/model\/vocab\/a:/],
      [{ model: { type: 'BPE', vocab } }, / \/model\/merges:/],
      [{ model: { type: 'BPE', vocab, merges: ['a a', 'a'] } }, / \/model\/merges\/1:/],
      [{ model: { type: 'Unigram', vocab: [['a', 0], 'b'] } }, / \/model\/vocab\/1:/],
      [{ model: { type: 'BPE', vocab, merges: [] }, added_tokens: [{ id: 1 }] }, / \/added_tokens\/0:/],
      [{ model: { type: 'BPE', vocab, merges: [] }, decoder: { type: 'Telepathy' } }, /Telepathy/],
    ];
    for (const [json, message] of wrong)
      assert.throws(() => loadTokenizer(put(JSON.stringify(json))), { code: 'invalid_input', message });
  });

  it('says where it has no tokens for a text', () => {
    const tokenizer = tokenizerOf({ model: { type: 'Legacy', vocab: { a: 0 } } }, 'few');
    assert.throws(() => tokenizer.encode('b'), { code: 'invalid_input', message: /few.*"b"/ });
  });
});
