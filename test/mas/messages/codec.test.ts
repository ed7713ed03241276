import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  act,
  decode,
  Encoder,
  feedback,
  hello,
  type MessageKind,
  type NumberArray,
  observe,
  type Reason,
  Refused,
} from '../../../mas/messages/index.ts';
import { failsWith } from '../bus/contract.ts';
import { bytesOf, KINDS, messageOf } from './samples.ts';

const LIMITS = { message: 2 ** 20, blob: 2 ** 24 };
const RUN = 'news 1';
const rawBytes = ({ data }: NumberArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe('messages as bytes', () => {
  const encoder = new Encoder();

  it('are those of the example in docs/bus.md', () => {
    const bytes = encoder.encode(
      feedback,
      { run: 'demo', id: 'f-1' },
      {
        fields: { round: 3, step: 7, from: 'writer', about: 'summariser', meaning: 'used' },
        arrays: {
          copy: { shape: [3], data: Int32Array.of(0, 2, 5) },
          score: { shape: [3], data: Float32Array.of(0.5, -1, 2) },
        },
      },
    );
    const header =
      '{"version":1,"run":"demo","id":"f-1","kind":"feedback","fields":{"round":3,"step":7,"from":"writer",' +
      '"about":"summariser","meaning":"used"},"arrays":{"copy":{"dtype":"i32","shape":[3]},' +
      '"score":{"dtype":"f32","shape":[3]}}}';
    assert.equal(header.length, 221);
    const expected = Buffer.concat([
      Buffer.from('dd000000', 'hex'),
      Buffer.from(header),
      Buffer.alloc(7), // 4 + 221 = 225; the next multiple of 8 is 232
      Buffer.from('000000000200000005000000', 'hex'),
      Buffer.alloc(4),
      Buffer.from('0000003f000080bf00000040', 'hex'),
    ]);
    assert.deepEqual(Buffer.from(bytes), expected);
  });

  for (const { kind, fields } of KINDS) {
    it(`of kind ${kind.kind} come back as they were, wherever they lie in memory`, () => {
      fc.assert(
        fc.property(messageOf(kind, fields), fc.nat(7), ({ fields, arrays }, shift) => {
          const sent = encoder.encode(kind, { run: RUN, id: 'a-1' }, { fields, arrays: arrays as object });
          const place = new Uint8Array(sent.length + shift);
          place.set(sent, shift);
          const opened = decode(kind, RUN, place.subarray(shift), LIMITS);
          assert.ok(opened.blob === undefined);
          const { id, fields: got, arrays: held } = opened.message;
          assert.equal(id, 'a-1');
          assert.deepEqual(got, JSON.parse(JSON.stringify(fields))); // fast-check's have no prototype
          const back = held as unknown as Record<string, NumberArray>;
          assert.deepEqual(
            Object.keys(back),
            kind.plans.map(({ name }) => name).filter((name) => name in arrays),
          );
          for (const [name, array] of Object.entries(arrays)) {
            assert.equal(back[name]!.data.constructor, array.data.constructor);
            assert.deepEqual(back[name]!.shape, array.shape);
            assert.deepEqual(rawBytes(back[name]!), rawBytes(array));
          }
        }),
        { numRuns: 60 },
      );
    });
  }

  it('are read where they lie, if they are aligned', () => {
    const fields = { round: 0, step: 0, version: 0, role: 'writer' };
    const arrays = {
      action: { shape: [2, 1, 1], data: Int32Array.of(1, 2) },
      logProbability: { shape: [2, 1], data: Float32Array.of(-1, -2) },
    };
    const bytes = new Uint8Array(encoder.encode(act, { run: RUN, id: '1' }, { fields, arrays }));
    const opened = decode(act, RUN, bytes, LIMITS);
    assert.ok(opened.blob === undefined);
    assert.equal(opened.message.arrays.logProbability.data.buffer, bytes.buffer);
    assert.deepEqual({ ...opened.message.sizes }, { B: 2, n: 1, A: 1 });
  });

  it('that no receiver would take are not made', () => {
    const envelope = { run: RUN, id: '1' };
    const fields = { round: 0, step: 0, version: 0 };
    const [D, B] = [3, 2];
    const arrays = {
      observation: { shape: [B, 1, D], data: new Float32Array(B * D) },
      mask: { shape: [B, 1, 0], data: new Uint8Array() },
      alive: { shape: [B, 1], data: new Uint8Array(B) },
    };
    const good = { fields, arrays };
    encoder.encode(observe, envelope, good);
    const { mask: _, ...withoutMask } = arrays;
    const alive = (shape: number[], length: number) => ({
      ...good,
      arrays: { ...arrays, alive: { shape, data: new Uint8Array(length) } },
    });
    const bad: unknown[] = [
      { ...good, fields: { ...fields, round: -1 } },
      { ...good, fields: { ...fields, round: Number.NaN } },
      { ...good, fields: { ...fields, more: 1 } },
      { ...good, arrays: withoutMask },
      { ...good, arrays: { ...arrays, more: arrays.alive } },
      { ...good, arrays: { ...arrays, alive: { shape: [B, 1], data: new Int32Array(B) } } },
      alive([B, 1], 1),
      alive([3, 1], 3),
      alive([B, 1, 1], B),
      alive([0, 1], 0),
      alive([1.5, 1], 1),
    ];
    for (const message of bad) {
      assert.throws(() => encoder.encode(observe, envelope, message as typeof good), failsWith('contract'));
    }
    for (const id of ['', ' ', 'a b', 'a..b', 'ä', 'x'.repeat(201)]) {
      assert.throws(() => encoder.encode(observe, { run: RUN, id }, good), failsWith('contract'));
    }
  });
});

describe('bytes that are no message', () => {
  const envelope = { version: 1, run: RUN, id: 'i', kind: 'act' };
  const fields = { round: 0, step: 0, version: 0, role: 'writer' };
  const arrays = { action: { dtype: 'i32', shape: [2, 1, 1] }, logProbability: { dtype: 'f32', shape: [2, 1] } };
  const header = { ...envelope, fields, arrays };
  /** The header, and arrays of these many bytes in their places. */
  const message = (given: unknown, length = 16): Uint8Array => {
    const start = 4 + Buffer.byteLength(typeof given === 'string' ? given : JSON.stringify(given));
    return bytesOf(given, new Uint8Array(Math.ceil(start / 8) * 8 - start + length));
  };
  const isRefused = (reason: Reason, bytes: Uint8Array, kind: MessageKind = act, limits = LIMITS): void =>
    assert.throws(
      () => decode(kind, RUN, bytes, limits),
      (error: unknown) => {
        assert.ok(error instanceof Refused, `${error}`);
        assert.equal(error.reason, reason, error.detail);
        return true;
      },
    );
  const with_ = (change: object): object => ({ ...header, ...change });
  const shaped = (action: unknown, logProbability: unknown = arrays.logProbability): object =>
    with_({ arrays: { action, logProbability } });

  it('are known from good ones', () => {
    assert.equal(decode(act, RUN, message(header), LIMITS).blob, undefined);
  });

  it('are too many, or too few', () => {
    isRefused('oversized', message(header), act, { message: 100, blob: 100 });
    for (let length = 0; length < 4; length++) isRefused('truncated', new Uint8Array(length));
    isRefused('header', new Uint8Array(4));
    isRefused('header', new Uint8Array([255, 255, 255, 255, 0x7b]));
    isRefused('header', new Uint8Array(100_000).fill(1));
    const good = message(header);
    isRefused('truncated', good.subarray(0, 60));
    isRefused('length', good.subarray(0, good.length - 1));
    isRefused('length', new Uint8Array([...good, 0]));
  });

  it('have headers that are no JSON, or too deep', () => {
    for (const text of ['{', 'null', '[]', '1', '"x"', '{"a":1}}', '\ufeff{}', '{"a":NaN}', "{'a':1}"]) {
      isRefused('json', bytesOf(text));
    }
    isRefused('json', new Uint8Array([3, 0, 0, 0, 0x22, 0xff, 0x22]));
    isRefused('json', bytesOf(`${'['.repeat(30_000)}${']'.repeat(30_000)}`));
    isRefused('json', bytesOf('{"a":'.repeat(10_000)));
  });

  it('have keys twice, foreign ones, or such as reach into prototypes', () => {
    const text = JSON.stringify(header);
    isRefused('keys', message(text.replace('"run":', '"run":"other","run":')));
    isRefused('keys', message(text.replace('"role":', '"role":"a","role":')));
    isRefused('keys', message(text.replace('"round":', '"ro\\u0075nd":9,"round":')));
    isRefused('keys', message(text.replace('"round":', '"__proto__":{"round":9},"round":')));
    isRefused('keys', message(text.replace('"fields":{', '"fields":{"\\u005f_proto__":1,')));
    isRefused('keys', message(text.replace('"arrays":{', '"constructor":1,"arrays":{')));
    isRefused('keys', message(text.replace('"action":', '"prototype":')));
    isRefused('envelope', message(with_({ more: 1 })));
    isRefused('schema', message(with_({ fields: { ...fields, more: 1 } })));
    isRefused('envelope', message(shaped({ ...arrays.action, more: 1 })));
    isRefused('arrays', message(with_({ arrays: { ...arrays, more: arrays.action } })));
    isRefused('arrays', message(with_({ arrays: { ...arrays, toString: arrays.action } })));
    assert.equal((Object.prototype as { round?: number }).round, undefined);
    // Colons, quotes and backslashes in texts are no keys.
    decode(act, RUN, message(with_({ fields: { ...fields, role: '":\\"{[:' } })), LIMITS);
  });

  it('lack what every header has, or have it of another type', () => {
    for (const key of ['version', 'run', 'id', 'kind', 'fields']) {
      isRefused('envelope', message(with_({ [key]: undefined })));
      for (const value of [null, [], 1.5, true]) isRefused('envelope', message(with_({ [key]: value })));
    }
    for (const id of ['', 'a b', 'x'.repeat(201), 'é', 'a\n']) isRefused('envelope', message(with_({ id })));
    isRefused('envelope', message(with_({ arrays: [] })));
    isRefused('envelope', message(with_({ arrays: { action: null, logProbability: 1 } })));
  });

  it('are of another run, kind or version', () => {
    isRefused('run', message(with_({ run: 'news 2' })));
    isRefused('kind', message(with_({ kind: 'observe' })));
    isRefused('kind', message(header), hello);
    isRefused('version', message(with_({ version: 2 })));
    isRefused('schema', message(with_({ fields: { ...fields, round: -1 } })));
    isRefused('schema', message(with_({ fields: { ...fields, role: 'x'.repeat(201) } })));
  });

  it('have arrays of unknown dtypes or shapes', () => {
    for (const dtype of ['f16', 'toString', '__proto__', 1, null])
      isRefused('arrays', message(shaped({ dtype, shape: [1] })));
    isRefused('arrays', message(shaped({ dtype: 'u8', shape: [2, 1, 1] })));
    for (const shape of [
      [2, 1],
      [2, 1, 1, 1],
      [-2, 1, -1],
      [2, 1, 0],
      [2, 1, 1.5],
      ['2', 1, 1],
      [1e300, 1, 1],
      [2, 1, 2 ** 53],
      [2, 1, 2 ** 31],
      [2 ** 20, 2 ** 20, 2 ** 20],
      [3, 1, 1],
      'abc',
      null,
      { length: 3 },
      new Array(1000).fill(1),
    ]) {
      isRefused('arrays', message(shaped({ dtype: 'i32', shape })));
    }
    isRefused('arrays', message(with_({ arrays: { action: arrays.action } })));
    isRefused('length', message(shaped({ dtype: 'i32', shape: [2, 1, 2 ** 28] })));
    for (const id of ['i', 'ij', 'ijk']) {
      const holed = message(with_({ id }));
      const start = 4 + Buffer.byteLength(JSON.stringify(with_({ id })));
      if (start % 8 === 0) continue;
      holed[start] = 1;
      isRefused('length', holed);
    }
  });

  it('claim dimensions that no bytes stand behind', () => {
    const empty = (B: number, n: number, D: number): object => ({
      ...envelope,
      kind: 'observe',
      fields: { round: 0, step: 0, version: 0 },
      arrays: {
        observation: { dtype: 'f32', shape: [B, n, D] },
        mask: { dtype: 'u8', shape: [B, n, 0] },
        alive: { dtype: 'u8', shape: [B, n] },
      },
    });
    isRefused('arrays', message(empty(1e9, 0, 5), 0), observe);
    isRefused('arrays', message(empty(1e9, 1e9, 0), 0), observe);
    isRefused('arrays', message(empty(0, 1, 1), 0), observe);
    isRefused('length', message(empty(1e6, 1, 1), 0), observe);
  });

  it('refer to blobs that no arrays could lie in', () => {
    const blob = { name: 'b', sha256: 'a'.repeat(64), size: 16 };
    const opened = decode(act, RUN, bytesOf(with_({ blob })), LIMITS);
    assert.deepEqual(opened.blob, blob);
    isRefused('length', message(with_({ blob })));
    isRefused('blob', bytesOf(with_({ blob: { ...blob, size: 17 } })));
    isRefused('oversized', bytesOf(with_({ blob: { ...blob, size: 2 ** 40 } })));
    for (const change of [{ name: '../x y' }, { sha256: 'A'.repeat(64) }, { size: -1 }, { size: 0.5 }, { more: 1 }]) {
      isRefused('envelope', bytesOf(with_({ blob: { ...blob, ...change } })));
    }
    isRefused('envelope', bytesOf(with_({ blob: null })));
    isRefused(
      'blob',
      bytesOf({
        ...envelope,
        kind: 'hello',
        fields: { role: 'a', name: 'b', version: 0, isThere: true, received: 0, sent: 0, round: 0 },
        blob,
      }),
      hello,
    );
  });
});
