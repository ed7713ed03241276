import { int32, type Value } from '../../nn/index.ts';

/** Doubles in an array of a checkpoint, exactly: each as two integers. */
export function doubles(numbers: Float64Array): Value {
  return int32([2 * numbers.length], new Int32Array(numbers.slice().buffer));
}

/** Takes back what `doubles` made. found: twice as many integers as `into` has numbers. */
export function takeDoubles(found: ArrayLike<number>, into: Float64Array): void {
  into.set(new Float64Array(Int32Array.from(found).buffer));
}
