import { LightbulbError } from '../../core/index.ts';
import { sizeOf, type Value } from '../engine/value.ts';
import { METADATA } from './header.ts';
import type { Bytes } from './read.ts';

const WRITTEN = {
  float32: { dtype: 'F32', bytes: 4 },
  int32: { dtype: 'I32', bytes: 4 },
  bool: { dtype: 'BOOL', bytes: 1 },
  uint8: { dtype: 'U8', bytes: 1 },
} as const;

/**
 * The bytes of a safetensors file. The same tensors and notes give the same bytes, in whatever order they come: wide
 * dtypes first, then by name, so that every tensor lies on its boundary and can be read without copying.
 * Errors: `invalid_input` for the name `__metadata__`, `shape` for data that does not fill its shape.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Value | Bytes>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = Object.entries(tensors).sort(
    ([a, { dtype: aType }], [b, { dtype: bType }]) => WRITTEN[bType].bytes - WRITTEN[aType].bytes || (a < b ? -1 : 1),
  );
  let end = 0;
  const places = sorted.map(([name, { dtype, shape, data }]): [string, object] => {
    checkTensor(name, shape, data.length);
    const begin = end;
    end += data.byteLength;
    return [name, { dtype: WRITTEN[dtype].dtype, shape, data_offsets: [begin, end] }];
  });
  const notes = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(
    Object.fromEntries([...(notes.length > 0 ? [[METADATA, Object.fromEntries(notes)] as const] : []), ...places]),
  );
  const header = new TextEncoder().encode(text);
  const headerLength = Math.ceil(header.byteLength / 8) * 8;

  const file = new Uint8Array(8 + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength);
  file.set(header, 8);
  let at = 8 + headerLength;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

function checkTensor(name: string, shape: readonly number[], elements: number): void {
  if (name === METADATA)
    throw new LightbulbError('invalid_input', 'a safetensors file keeps its notes under this name', {
      where: name,
      cure: 'Give the tensor another name',
    });
  if (sizeOf(shape) !== elements)
    throw new LightbulbError('shape', 'data does not fill its shape', {
      where: name,
      wanted: `${sizeOf(shape)} elements for [${shape}]`,
      got: String(elements),
    });
}
