import { LightbulbError } from '../../core/index.ts';
import { bool, float32, int32, type Value } from '../engine/value.ts';

/** Bytes of one element, and how elements become a value of ours. `name` is the tensor's, for errors. */
export interface FileType {
  readonly bytes: number;
  decode(bytes: Uint8Array, shape: readonly number[], name: string): Value;
}

/** The dtypes of a file that can be read. Little-endian, as the format is and every machine that runs Node well. */
export const fileTypes: ReadonlyMap<string, FileType> = new Map<string, FileType>([
  ['F32', { bytes: 4, decode: (bytes, shape) => float32(shape, view(bytes, Float32Array)) }],
  ['F64', { bytes: 8, decode: (bytes, shape) => float32(shape, Float32Array.from(view(bytes, Float64Array))) }],
  [
    'F16',
    { bytes: 2, decode: (bytes, shape) => float32(shape, Float32Array.from(view(bytes, Uint16Array), fromHalf)) },
  ],
  ['BF16', { bytes: 2, decode: (bytes, shape) => float32(shape, fromBrain(view(bytes, Uint16Array))) }],
  ['I32', { bytes: 4, decode: (bytes, shape) => int32(shape, view(bytes, Int32Array)) }],
  ['I64', { bytes: 8, decode: (bytes, shape, name) => int32(shape, fromLong(view(bytes, BigInt64Array), name)) }],
  ['U8', { bytes: 1, decode: (bytes, shape) => int32(shape, Int32Array.from(bytes)) }],
  ['BOOL', { bytes: 1, decode: (bytes, shape, name) => bool(shape, checkedFlags(bytes, name)) }],
]);

interface ArrayType<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

/** The bytes as an array of this type: a view where they lie on its boundary, otherwise of a copy. */
function view<A>(bytes: Uint8Array, type: ArrayType<A>): A {
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : Uint8Array.from(bytes);
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / type.BYTES_PER_ELEMENT);
}

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** bfloat16 is the upper half of a float32. */
function fromBrain(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

function fromLong(longs: BigInt64Array, name: string): Int32Array {
  const out = new Int32Array(longs.length);
  for (const [i, long] of longs.entries()) {
    if (long !== BigInt.asIntN(32, long))
      throw new LightbulbError('unsupported', 'an integer of a safetensors file does not fit 32 bits', {
        where: `${name}[${i}]`,
        wanted: '-2^31 to 2^31 - 1',
        got: String(long),
      });
    out[i] = Number(long);
  }
  return out;
}

function checkedFlags(bytes: Uint8Array, name: string): Uint8Array {
  const wrong = bytes.findIndex((byte) => byte > 1);
  if (wrong === -1) return bytes;
  throw new LightbulbError('corrupt', 'a truth value of a safetensors file is neither 0 nor 1', {
    where: `${name}[${wrong}]`,
    wanted: '0 or 1',
    got: String(bytes[wrong]),
  });
}
