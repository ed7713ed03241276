/** The dtypes that programs speak. `bool` is held as bytes, 0 or 1. */
export type DType = 'float32' | 'int32' | 'bool';

export type Data = Float32Array | Int32Array | Uint8Array;

/** A tensor on the host: row-major data and its shape. float32: Float32Array, int32: Int32Array, bool: Uint8Array. */
export interface Value {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Data;
}
