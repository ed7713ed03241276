import { LightbulbError, suggest } from '../../core/index.ts';
import type { Value } from '../engine/value.ts';
import { type FileType, fileTypes } from './dtypes.ts';
import { corrupt, type Entry, readHeader } from './header.ts';

/** A tensor of bytes: files hold pictures and texts as such. Programs do not take it. */
export interface Bytes {
  readonly dtype: 'uint8';
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What a safetensors file holds. */
export interface Safetensors<V = Value> {
  /** By name, in the order of the header. */
  readonly tensors: Readonly<Record<string, V>>;
  /** The writer's notes; empty where there are none. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file (github.com/huggingface/safetensors). F32, I32 and BOOL are views of `bytes` where they
 * lie on their boundary, so writing to one writes to the other; F16, BF16 and F64 become float32; U8 and I64 int32.
 *
 * Trusts nothing: every byte must belong to exactly one tensor, and every size must agree. Errors: `corrupt` for a
 * file that breaks the format, with the tensor's name; `unsupported` for another dtype and for an I64 beyond 32 bits.
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  return read(bytes, (data, type, { shape, name }) => type.decode(data, shape, name));
}

/** As `readSafetensors`, but U8 stays bytes: a view of `bytes`. */
export function readArrays(bytes: Uint8Array): Safetensors<Value | Bytes> {
  return read<Value | Bytes>(bytes, (data, type, { dtype, shape, name }) =>
    dtype === 'U8' ? { dtype: 'uint8', shape, data } : type.decode(data, shape, name),
  );
}

function read<V>(bytes: Uint8Array, decode: (data: Uint8Array, type: FileType, entry: Entry) => V): Safetensors<V> {
  const { entries, metadata, dataStart } = readHeader(bytes);
  const data = bytes.subarray(dataStart);
  const types = entries.map(checkSize);
  checkCover(entries, data.byteLength);
  const tensors = entries.map((entry, i): [string, V] => [
    entry.name,
    decode(data.subarray(entry.begin, entry.end), types[i]!, entry),
  ]);
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** The type of a tensor whose bytes are as many as its shape needs. */
function checkSize({ name, dtype, shape, begin, end }: Entry): FileType {
  const type = fileTypes.get(dtype);
  if (type === undefined)
    throw new LightbulbError('unsupported', 'this dtype of a safetensors file cannot be read', {
      where: name,
      got: dtype,
      cure: suggest(dtype, [...fileTypes.keys()]),
    });
  const bytes = shape.reduce((product, n) => product * n, type.bytes);
  if (!Number.isSafeInteger(bytes))
    throw corrupt(
      `${name}/shape`,
      'a tensor is larger than anything',
      'fewer than 2^53 bytes',
      `[${shape.slice(0, 8)}]`,
    );
  if (bytes !== end - begin)
    throw corrupt(name, 'the bytes of a tensor do not fill its shape', `${bytes} bytes`, String(end - begin));
  return type;
}

/** Laid end to end from the first byte to the last: nothing shared, nothing hidden between, nothing missing. */
function checkCover(entries: readonly Entry[], length: number): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== reached) {
      const problem = begin < reached ? 'two tensors share bytes' : 'there are bytes that belong to no tensor';
      throw corrupt(`${name}/data_offsets`, problem, `a beginning at ${reached}`, String(begin));
    }
    if (end > length)
      throw corrupt(name, 'a tensor goes on past the end of the file', `an end at most at ${length}`, String(end));
    reached = end;
  }
  if (reached !== length)
    throw corrupt(
      'the end of the file',
      'there are bytes that belong to no tensor',
      `${reached} bytes`,
      String(length),
    );
}
