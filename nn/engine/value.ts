import { LightbulbError } from '../../core/index.ts';

/** The dtypes that programs speak. `bool` is held as bytes, 0 or 1. */
export type DType = 'float32' | 'int32' | 'bool';

export type Data = Float32Array | Int32Array | Uint8Array;

/** A tensor on the host: row-major data and its shape. float32: Float32Array, int32: Int32Array, bool: Uint8Array. */
export interface Value {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Data;
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** A float32 value of this shape, of `data` (kept, not copied; numbers are) or zeros. */
export function float32(shape: readonly number[], data?: Float32Array | readonly number[]): Value {
  const held =
    data instanceof Float32Array
      ? data
      : data === undefined
        ? new Float32Array(sizeOf(shape))
        : Float32Array.from(data);
  return checked({ dtype: 'float32', shape, data: held });
}

/** An int32 value of this shape, of `data` (kept, not copied; numbers are) or zeros. */
export function int32(shape: readonly number[], data?: Int32Array | readonly number[]): Value {
  const held =
    data instanceof Int32Array ? data : data === undefined ? new Int32Array(sizeOf(shape)) : Int32Array.from(data);
  return checked({ dtype: 'int32', shape, data: held });
}

/** A bool value of this shape, of `data` (0 or 1; a Uint8Array is kept, not copied) or zeros. */
export function bool(shape: readonly number[], data?: Uint8Array | readonly (boolean | number)[]): Value {
  const held =
    data instanceof Uint8Array
      ? data
      : data === undefined
        ? new Uint8Array(sizeOf(shape))
        : Uint8Array.from(data, Number);
  return checked({ dtype: 'bool', shape, data: held });
}

/** Zeros of this dtype and shape. */
export function zeros(dtype: DType, shape: readonly number[]): Value {
  return dtype === 'float32' ? float32(shape) : dtype === 'int32' ? int32(shape) : bool(shape);
}

function checked(value: Value): Value {
  const size = sizeOf(value.shape);
  if (value.data.length === size) return value;
  throw new LightbulbError('shape', 'data does not fill its shape', {
    wanted: `${size} elements for [${value.shape}]`,
    got: String(value.data.length),
  });
}
