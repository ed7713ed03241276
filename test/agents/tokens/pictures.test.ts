import assert from 'node:assert/strict';
import { type ImageTokenizer, TokenBuffer } from '../../../agents/tokens/index.ts';
import { box } from '../../../worlds/index.ts';
import { CODES, make, observed, settings, vocabulary, written } from './token-settings.ts';

const { separator, patch, beginImage, endImage } = vocabulary;

describe('pictures as tokens', () => {
  it('are filled up at the bottom and on the right, and repeat their last channel', () => {
    const space = box([3, 3, 2], 0, 255, 'uint8');
    const shape = { size: 2, channels: 3 };
    const tokens = make({ observation: space }, { patch: shape });
    const out = new TokenBuffer(shape);
    // What was in the buffer before must not shine through where a patch is filled up.
    observed(tokens, space, new Uint8Array(18).fill(255), { out });
    out.pixels.fill(9);
    out.clear();
    const value = Uint8Array.from({ length: 18 }, (_, i) => 10 * i);
    observed(tokens, space, value, { out });
    assert.deepEqual(written(out).ids, [patch, patch, patch, patch, separator]);
    const colour = (byte: number): number => (byte / 127.5 - 1) / Math.SQRT2;
    const pixel = (y: number, x: number): number[] =>
      y < 3 && x < 3 ? [6 * y + 2 * x, 6 * y + 2 * x + 1, 6 * y + 2 * x + 1].map((i) => colour(10 * i)) : [0, 0, 0];
    const wanted = [
      [0, 0],
      [0, 2],
      [2, 0],
      [2, 2],
    ].flatMap(([y, x]) => [pixel(y!, x!), pixel(y!, x! + 1), pixel(y! + 1, x!), pixel(y! + 1, x! + 1)].flat());
    const got = out.pixels.subarray(0, 48);
    wanted.forEach((each, i) => {
      assert.ok(Math.abs(got[i]! - each) < 1e-6, `${i}: ${got[i]} for ${each}`);
    });
    const [third, one] = [Math.fround(2 / 3), 1];
    assert.deepEqual(
      [...out.intervals.subarray(0, 16)],
      [...[0, third, 0, third], ...[0, third, third, one], ...[third, one, 0, third], ...[third, one, third, one]],
    );
  });

  it('come as bytes too, and with two axes where they are grey', () => {
    const space = box([2, 2], 0, 255, 'uint8');
    const tokens = make({ observation: space });
    const out = new TokenBuffer(settings.patch);
    tokens.observe(Uint8Array.of(7, 0, 255, 0, 255), 1, 0, out);
    assert.deepEqual(
      [...out.pixels.subarray(0, 4)],
      [-Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT1_2].map(Math.fround),
    );
    assert.equal(tokens.layout.segments[0]!.note, '1 x 1 patches of 2 x 2 x 1');
  });

  /** Two codes: the sum of the upper and of the lower row. */
  const images: ImageTokenizer = {
    shape: [2, 2, 1],
    tokens: 2,
    codes: 8,
    encode(pixels, offset, out) {
      for (let i = 0; i < 2; i++) out[i] = pixels[offset + 2 * i]! + pixels[offset + 2 * i + 1]!;
    },
    decode: () => new Float32Array(4),
  };

  it('are codes between the ends of an image, where there is a codebook for their shape', () => {
    const space = box([2, 2, 1], 0, 255, 'uint8');
    const tokens = make({ observation: space, agents: 2 }, { imageCodes: images });
    assert.deepEqual(written(observed(tokens, space, [1, 2, 3, 4], { agent: 1 })), {
      ids: [257, beginImage, CODES + 3, CODES + 7, endImage, separator],
      local: [0, 1, 2, 3, 4, 5],
      target: [0, 0, 0, 0, 0, 0],
      patch: [-1, -1, -1, -1, -1, -1],
    });
    assert.equal(tokens.layout.patches, 0);
    const other = make({ observation: box([2, 4, 1], 0, 255, 'uint8') }, { imageCodes: images });
    assert.equal(other.layout.patches, 2);
  });

  it('are refused where they do not fit the model', () => {
    const rgb = box([2, 2, 3], 0, 255, 'uint8');
    assert.throws(() => make({ observation: rgb }), {
      code: 'invalid_input',
      message: /^observation: a picture has more channels .*; wanted at most 1, got 3\. .*channelsNeeded/,
    });
    const space = box([2, 2, 1], 0, 255, 'uint8');
    assert.throws(() => make({ observation: space }, { imageCodes: { ...images, codes: 9 } }), {
      code: 'invalid_input',
      message: /codebook has more entries than the vocabulary has ids; wanted at most 8, got 9/,
    });
    assert.throws(() => make({ observation: space }).observe(new Uint8Array(4), 0, 0, new TokenBuffer()), {
      code: 'internal',
    });
  });
});
