import type { NumberArray } from '../messages/index.ts';

/** Actions as an array of a message: choices are integers, boxes are floats. */
export function actionArray(
  shape: readonly number[],
  data: Int32Array | Float32Array,
): NumberArray<'i32'> | NumberArray<'f32'> {
  return data instanceof Int32Array ? { shape, data } : { shape, data };
}
