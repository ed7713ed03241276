import assert from 'node:assert/strict';
import { TokenBuffer, vocabularyOf } from '../../../agents/tokens/index.ts';
import { box, dict, discrete, multiBinary, multiDiscrete, type Space, text, tuple } from '../../../worlds/index.ts';
import { make, settings } from './token-settings.ts';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const picture = box([2, 2, 1], 0, 200, 'uint8');

describe('what is no member of its space', () => {
  const observations: [what: string, space: Space, numbers: number[], message: RegExp][] = [
    [
      'NaN',
      box([2]),
      [1, nan],
      /^observation\/1: outside its space; wanted a finite number in \[-Infinity, Inf.*got NaN/,
    ],
    ['an infinity', box([2]), [-infinity, 1], /^observation\/0: outside its space; .*got -Infinity$/],
    [
      'a number above its bound',
      dict({ b: box([2], 0, [1, 2]), a: discrete(1) }),
      [1, 0.5, 2.1],
      /^observation\/b\/1: .*\[0, 2\], got 2\.09/,
    ],
    [
      'a number below its bound',
      tuple([box([1]), box([1], -1, 1)]),
      [1, -1.01],
      /^observation\/1\/0: .*\[-1, 1\], got -1\.0/,
    ],
    ['a fraction', box([1], 0, 9, 'int32'), [1.5], /^observation\/0: .*a whole number in \[0, 9\], got 1\.5$/],
    ['a fraction in bins', box([1], 0, 99, 'int32'), [1.5], /a whole number in \[0, 99\], got 1\.5$/],
    ['a bit that is none', multiBinary(2), [1, 2], /^observation\/1: .*a whole number in \[0, 1\], got 2$/],
    ['two choices at once', discrete(3), [1, 0, 1], /^observation: .*a one-hot of 3/],
    ['half a choice', discrete(3), [0, 0.5, 0], /^observation: .*a one-hot of 3/],
    ['no choice beside one', multiDiscrete([2, 3]), [0, 1, 0, 0, 0], /^observation\/1: .*a one-hot of 3/],
    [
      'a pixel that is too bright',
      dict({ eye: picture }),
      [0, 9, 201, 9],
      /^observation\/eye\/2: .*\[0, 200\], got 201$/,
    ],
    ['a pixel that is none', dict({ eye: picture }), [0, nan, 2, 9], /^observation\/eye\/1: .*got NaN$/],
    ['a letter behind the end', text(3), [98, 0, 99], /^observation\/2: .*wanted 0, behind the end of a text, got 99$/],
    [
      'a code unit that is none',
      text(3),
      [98, 65537, 99],
      /^observation\/1: .*wanted a code unit \+ 1, or 0, got 65537$/,
    ],
    [
      'a foreign letter',
      dict({ t: text(3, { charset: 'ab' }) }),
      [100, 0, 0],
      /^observation\/t: .*characters of "ab", got "c"$/,
    ],
    ['too short a text', text(3, { minLength: 2 }), [98, 0, 0], /^observation: .*2 to 3 characters, got 1$/],
  ];
  for (const [what, observation, numbers, message] of observations) {
    it(`is refused in observations: ${what}`, () => {
      const tokens = make({ observation });
      const observe = () => tokens.observe(Float32Array.from(numbers), 0, 0, new TokenBuffer(settings.patch));
      assert.throws(observe, { code: 'invalid_input', message });
    });
  }

  it('is not what float32 makes of a bound', () => {
    const tokens = make({ observation: box([2], [0.1, -1], [1, 0.1]) });
    assert.ok(0.1 < Math.fround(0.1));
    tokens.observe(Float32Array.of(0.1, 0.1), 0, 0, new TokenBuffer());
  });

  it('is not a finite number however large where there are no bounds', () => {
    const out = new TokenBuffer();
    make({ observation: box([2], -3.4028234663852886e38, infinity) }).observe(
      Float32Array.of(-3.4e38, 3.4e38),
      0,
      0,
      out,
    );
    assert.deepEqual([...out.ids.subarray(0, 2)], [272, 272 + 1023]);
  });

  it('is refused in actions, but for numbers beyond the bounds of a box', () => {
    const act = (action: Space, ...numbers: number[]) => {
      const out = new TokenBuffer();
      make({ action }).act(numbers, 0, out);
      return out.ids[0]! - 272;
    };
    assert.throws(() => act(discrete(3), 3), { code: 'invalid_input', message: /^action: .*in \[0, 2\], got 3$/ });
    assert.throws(() => act(dict({ a: multiDiscrete([2, 2]) }), 1, -1), { message: /^action\/a\/1: .*got -1$/ });
    assert.throws(() => act(box([1], -1, 1), nan), { message: /^action\/0: .*a finite number, got NaN$/ });
    assert.throws(() => act(box([1], 0, 5, 'int32'), 6), { message: /^action\/0: .*in \[0, 5\], got 6$/ });
    assert.equal(act(box([1], -1, 1), 3), 1023);
    assert.equal(act(box([1], 4, 4), 4), 512);
  });

  it('is an id that stands for no action', () => {
    const tokens = make({ action: multiDiscrete([2, 3]) });
    assert.equal(tokens.number(1, 258), 2);
    for (const id of [0, 255, 258, 272, nan]) {
      assert.throws(() => tokens.number(0, id), { code: 'invalid_input', message: /component 0 .*from 256 to 257/ });
    }
    assert.throws(() => tokens.number(2, 256), { code: 'internal' });
  });
});

describe('tokens that cannot be made', () => {
  const refusals: [what: string, make: () => unknown, code: string, message: RegExp][] = [
    [
      'more choices than discrete values',
      () => make({ action: dict({ hand: multiDiscrete([3, 17]) }) }),
      'invalid_input',
      /^action\/hand: there are more choices .*; wanted at most 16, got 17\. .*discreteNeeded/,
    ],
    ['of observations too', () => make({ observation: discrete(17) }), 'invalid_input', /^observation: there are more/],
    [
      'more agents than discrete values',
      () => make({ agents: 17 }),
      'invalid_input',
      /^the agents of a group: .*got 17/,
    ],
    ['no agents', () => make({ agents: 0 }), 'invalid_input', /^agents: .*a whole number from 1, got 0/],
    [
      'texts as actions',
      () => make({ action: tuple([text(3)]) }),
      'unsupported',
      /^action\/0: a text is not an action/,
    ],
    [
      'texts in a vocabulary that is smaller than the tokenizer',
      () => make({ observation: text(3) }, { vocabulary: vocabularyOf({ text: 255, discrete: 2, bins: 2, codes: 0 }) }),
      'invalid_input',
      /^observation: the tokenizer "bytes" has more tokens than the vocabulary; wanted at most 255, got 256/,
    ],
    ['texts of no tokens', () => make({ observation: text(3) }, { textTokens: 0 }), 'invalid_input', /textTokens/],
    ['patches of no size', () => make({}, { patch: { size: 0, channels: 1 } }), 'invalid_input', /^patch\/size: /],
  ];
  for (const [what, create, code, message] of refusals) {
    it(`are refused: ${what}`, () => assert.throws(create, { code, message }));
  }

  it('are refused where a tokenizer answers with ids that it does not have', () => {
    const tokenizer = { ...settings.tokenizer, encode: () => [1, 300] };
    const tokens = make({ observation: text(3) }, { tokenizer });
    assert.throws(() => tokens.observe(Float32Array.of(98, 0, 0), 0, 0, new TokenBuffer()), {
      code: 'invalid_input',
      message: /tokenizer bytes, id 1 of 2: there is no such text token; .*got 300/,
    });
  });
});

describe('vocabularies', () => {
  it('are ranges side by side, then one id for each special', () => {
    assert.deepEqual(vocabularyOf({ text: 5, discrete: 3, bins: 4, codes: 0 }), {
      text: { start: 0, size: 5 },
      discrete: { start: 5, size: 3 },
      continuous: { start: 8, size: 4 },
      codes: { start: 12, size: 0 },
      separator: 12,
      patch: 13,
      beginImage: 14,
      endImage: 15,
      endText: 16,
      padding: 17,
      size: 18,
    });
  });

  it('are of whole sizes', () => {
    for (const [name, size] of Object.entries({ text: 0, discrete: 1.5, bins: nan, codes: -1 })) {
      const sizes = { text: 1, discrete: 1, bins: 1, codes: 0, [name]: size };
      assert.throws(() => vocabularyOf(sizes), { code: 'invalid_input', message: new RegExp(`^/${name}: `) });
    }
  });
});
