import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { LightbulbError } from '../../core/index.ts';
import { bool, float32, int32, sizeOf, type Value } from '../../nn/engine/value.ts';
import { readArrays, readSafetensors, writeSafetensors } from '../../nn/safetensors/index.ts';

/** A file from a header, as an object or as text, and the bytes after it. */
function file(header: object | string, data: Uint8Array | number = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const place = (dtype: string, shape: unknown, ...offsets: unknown[]): object => ({
  dtype,
  shape,
  data_offsets: offsets,
});

function refuses(bytes: Uint8Array, message: RegExp, code = 'corrupt'): void {
  assert.throws(
    () => readSafetensors(bytes),
    (error: unknown) => {
      assert.ok(error instanceof LightbulbError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    },
  );
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const values: fc.Arbitrary<Value> = shapes.chain((shape) => {
  const exactly = { minLength: sizeOf(shape), maxLength: sizeOf(shape) };
  return fc.oneof(
    fc.array(fc.float(), exactly).map((data) => float32(shape, data)),
    fc.array(fc.integer(), exactly).map((data) => int32(shape, data)),
    fc.array(fc.boolean(), exactly).map((data) => bool(shape, data)),
  );
});
const names = fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__');
const contents = fc.record({
  tensors: fc.dictionary(names, values, { noNullPrototype: true, maxKeys: 6 }),
  metadata: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true, maxKeys: 3 }),
});

describe('safetensors', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(contents, ({ tensors, metadata }) => {
        const read = readSafetensors(writeSafetensors(tensors, metadata));
        assert.deepEqual(read, { tensors, metadata });
      }),
    );
  });

  it('the same tensors give the same bytes in any order, aligned for reading without a copy', () => {
    const [flag, w, b] = [bool([1], [1]), float32([2], [1, 2]), int32([1], [7])];
    const bytes = writeSafetensors({ flag, w, b }, { y: '1', x: '2' });
    assert.deepEqual(writeSafetensors({ b, w, flag }, { x: '2', y: '1' }), bytes);
    const { tensors } = readSafetensors(bytes);
    assert.equal(tensors.w!.data.buffer, bytes.buffer);
    assert.equal(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8, 0);
    // one byte further on nothing is aligned any more, and everything is copied
    const moved = new Uint8Array(bytes.length + 1);
    moved.set(bytes, 1);
    assert.deepEqual(readSafetensors(moved.subarray(1)).tensors, tensors);
  });

  it('keeps bytes as they are, without a copy, for those who ask', () => {
    const picture = { dtype: 'uint8', shape: [2, 2], data: Uint8Array.of(0, 1, 254, 255) } as const;
    const bytes = writeSafetensors({ picture, w: float32([1], [0.5]) });
    const { picture: read, w } = readArrays(bytes).tensors;
    assert.deepEqual(read, picture);
    assert.equal(read!.data.buffer, bytes.buffer);
    assert.deepEqual(w, float32([1], [0.5]));
    assert.deepEqual(readSafetensors(bytes).tensors.picture, int32([2, 2], [0, 1, 254, 255]));
  });

  it('reads the narrow and wide dtypes', () => {
    const read = (dtype: string, data: ArrayBufferView, count: number): Value =>
      readSafetensors(file({ x: place(dtype, [count], 0, data.byteLength) }, bytesOf(data))).tensors.x!;
    // torch.tensor([1, -2.5, 65504, 6e-8, 1e-5, 0.333, inf, -0.0], dtype=float16), its bits and what it holds
    const half = Uint16Array.of(15360, 49408, 31743, 1, 168, 13652, 31744, 32768);
    assert.deepEqual(
      [...read('F16', half, 8).data],
      [1, -2.5, 65504, 2 ** -24, 168 * 2 ** -24, 0.3330078125, Number.POSITIVE_INFINITY, -0],
    );
    assert.ok(Number.isNaN(read('F16', Uint16Array.of(0x7e00), 1).data[0]));
    // torch.tensor([1, -2.5, 3e38, 1e-40, 0.333, -inf], dtype=bfloat16)
    const brain = Uint16Array.of(16256, 49184, 32610, 1, 16042, 65408);
    assert.deepEqual(
      read('BF16', brain, 6).data,
      Float32Array.of(1, -2.5, 3.00405527047391e38, 2 ** -133, 0.33203125, Number.NEGATIVE_INFINITY),
    );
    assert.deepEqual(read('F64', Float64Array.of(0.1, -3), 2).data, Float32Array.of(0.1, -3));
    assert.deepEqual(read('I64', BigInt64Array.of(-5n, 2n ** 31n - 1n), 2).data, Int32Array.of(-5, 2 ** 31 - 1));
    assert.deepEqual(read('U8', Uint8Array.of(0, 255), 2).data, Int32Array.of(0, 255));
    assert.deepEqual(read('BOOL', Uint8Array.of(0, 1), 2), bool([2], [0, 1]));
    const far = BigInt64Array.of(0n, 2n ** 31n);
    refuses(file({ x: place('I64', [2], 0, 16) }, bytesOf(far)), /^x\[1\]: .*got 2147483648/, 'unsupported');
    refuses(file({ x: place('BOOL', [1], 0, 1) }, Uint8Array.of(2)), /^x\[0\]: .*got 2/);
    refuses(file({ x: place('F8_E4M3', [1], 0, 1) }, 1), /^x: .*got F8_E4M3/, 'unsupported');
  });

  it('says where the header lies about its length', () => {
    refuses(new Uint8Array(7), /the length of the header: .*at least 8 bytes, got 7/);
    const long = file({});
    new DataView(long.buffer).setBigUint64(0, 3n, true);
    refuses(long, /past the end of the file; wanted at most 2 bytes, got 3/);
    new DataView(long.buffer).setBigUint64(0, 2n ** 63n, true);
    refuses(long, /no header is that long; wanted at most 2 bytes, got 9223372036854775808/);
    refuses(file(`{}${' '.repeat(100_000_000)}`), /no header is that long; wanted at most 100000000/);
  });

  it('says where the header is malformed', () => {
    refuses(file('{"x":'), /the header: .*cannot be read/);
    refuses(file(' {}'), /the header: .*not an object/);
    refuses(file('[]'), /the header: .*not an object/);
    refuses(file(''), /the header: .*cannot be read/);
    refuses(new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]), /the header: .*got not UTF-8/);
    refuses(file('['.repeat(100_000) + ']'.repeat(100_000)), /the header: /);
    refuses(file({ x: 3 }), /^x: .*got 3/);
    refuses(file({ x: { shape: [], data_offsets: [0, 4] } }, 4), /^x\/dtype: .*got undefined/);
    refuses(file({ x: place('F32', [-1], 0, 4) }, 4), /^x\/shape: .*got \[-1\]/);
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    refuses(file(`{"x":{"dtype":"F32","shape":${nested},"data_offsets":[0,4]}}`, 4), /^x\/shape: .*got \[...\]/);
    refuses(file({ x: place('F32', [1.5], 0, 4) }, 4), /^x\/shape: .*got \[1.5\]/);
    refuses(file({ x: place('F32', '1', 0, 4) }, 4), /^x\/shape: /);
    refuses(file({ x: place('F32', [1], 0) }, 4), /^x\/data_offsets: /);
    refuses(file({ x: place('F32', [1], 4, 0) }, 4), /^x\/data_offsets: .*ascending/);
    refuses(file({ x: place('F32', [1], -4, 0) }, 4), /^x\/data_offsets: /);
    refuses(file({ x: place('F32', [1], 0, 2 ** 60) }, 4), /^x\/data_offsets: /);
    refuses(file({ __metadata__: { format: 1 } }), /^__metadata__\/format: .*got 1/);
    refuses(file({ __metadata__: ['pt'] }), /^__metadata__: /);
  });

  it('says where the places of the tensors do not fit', () => {
    refuses(file({ x: place('F32', [2], 0, 4) }, 4), /^x: .*wanted 8 bytes, got 4/);
    refuses(
      file({ x: place('F32', [2], 0, 8) }, 4),
      /^x: .*past the end of the file; wanted an end at most at 4, got 8/,
    );
    refuses(
      file({ x: place('F32', [1], 0, 4) }, 5),
      /the end of the file: .*belong to no tensor; wanted 4 bytes, got 5/,
    );
    const [a, b] = [place('F32', [1], 0, 4), place('F32', [2], 2, 10)];
    refuses(file({ a, b }, 10), /^b\/data_offsets: .*share bytes; wanted a beginning at 4, got 2/);
    refuses(file({ a, b: place('F32', [1], 5, 9) }, 9), /^b\/data_offsets: .*belong to no tensor; .* at 4, got 5/);
    const overflow = [2 ** 40, 2 ** 40];
    refuses(file({ x: place('F32', overflow, 0, 4) }, 4), /^x\/shape: .*larger than anything/);
    refuses(file({ x: place('F32', [0, ...overflow, 2 ** 40], 0, 4) }, 4), /^x: .*wanted 0 bytes, got 4/);
  });

  it('takes no name twice, which readers would understand differently', () => {
    const entry = JSON.stringify(place('F32', [1], 0, 4));
    refuses(file(`{"x":${entry},"x":${entry}}`, 4), /a name occurs twice.*got "x"/);
    refuses(file(`{"x":${entry},"\\u0078":${entry}}`, 4), /a name occurs twice.*got "x"/);
    refuses(file('{"x":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}', 8), /twice.*got "shape"/);
    const twins = file({ a: place('F32', [1], 0, 4), __metadata__: { a: 'a', b: '"a":' } }, 4);
    assert.deepEqual(Object.keys(readSafetensors(twins).tensors), ['a']);
  });

  it('a tensor called __proto__ is a tensor', () => {
    const { tensors } = readSafetensors(file(`{"__proto__":${JSON.stringify(place('F32', [1], 0, 4))}}`, 4));
    assert.deepEqual(Object.keys(tensors), ['__proto__']);
    assert.equal(Object.getPrototypeOf(tensors), Object.prototype);
  });

  it('damage of any kind is read or refused, never a crash', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(contents, edits, fc.nat(), ({ tensors, metadata }, changes, cut) => {
        const whole = writeSafetensors(tensors, metadata);
        const bytes = whole.slice(0, cut % 3 === 0 ? cut % (whole.length + 1) : whole.length);
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        try {
          readSafetensors(bytes);
        } catch (error) {
          assert.ok(error instanceof LightbulbError, String(error));
          assert.ok(error.code === 'corrupt' || error.code === 'unsupported', error.code);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a file cut short is always refused', () => {
    const whole = writeSafetensors({ w: float32([2, 2], [1, 2, 3, 4]), f: bool([3], [1, 0, 1]) }, { a: 'b' });
    for (let length = 0; length < whole.length; length++) refuses(whole.slice(0, length), /safetensors/);
  });

  it('refuses to write what could not be read', () => {
    const code = (wanted: string) => (error: unknown) => error instanceof LightbulbError && error.code === wanted;
    assert.throws(() => writeSafetensors({ __metadata__: float32([1]) }), code('invalid_input'));
    assert.throws(() => writeSafetensors({ x: { ...float32([2]), shape: [3] } }), code('shape'));
  });

  for (const model of ['gpt2-tiny', 'chameleon-tiny', 'chameleon-tiny-reordered'])
    it(`reads the weights of ${model} as written by the reference library`, function () {
      const folder = new URL(`../../../shared/fixtures/models/${model}/`, import.meta.url);
      if (!existsSync(folder)) this.skip();
      for (const name of ['model.safetensors', 'io.safetensors']) {
        const { tensors, metadata } = readSafetensors(readFileSync(new URL(name, folder)));
        assert.ok(Object.keys(tensors).length > 0);
        assert.deepEqual(readSafetensors(writeSafetensors(tensors, metadata)), { tensors, metadata });
      }
    });
});
