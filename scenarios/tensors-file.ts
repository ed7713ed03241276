/** TEMPORARY until nn's safetensors stand: then this file goes. */
import type { DType, Value } from '../nn/index.ts';

const names = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

export function writeSafetensors(tensors: Readonly<Record<string, Value>>): Uint8Array {
  let offset = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: names[dtype], shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  const parts = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([length, Buffer.from(text), ...parts]);
}

export function readSafetensors(bytes: Uint8Array): Record<string, Value> {
  const buffer = Buffer.from(bytes);
  const length = Number(buffer.readBigUInt64LE(0));
  const header = JSON.parse(buffer.toString('utf8', 8, 8 + length)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return Object.fromEntries(
    Object.entries(header).map(([name, entry]) => {
      const dtype = (Object.keys(names) as DType[]).find((key) => names[key] === entry.dtype)!;
      const part = new Uint8Array(
        bytes.subarray(8 + length + entry.data_offsets[0], 8 + length + entry.data_offsets[1]),
      ); // a copy, aligned
      return [
        name,
        {
          dtype,
          shape: entry.shape,
          data: new arrays[dtype](part.buffer, 0, part.byteLength / (dtype === 'bool' ? 1 : 4)),
        },
      ];
    }),
  );
}
