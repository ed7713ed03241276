/**
 * Float32 arrays seen as pairs of numbers, for writing two at once. The views are kept as long as their arrays are: callers
 * hand in the same ones again and again.
 */
export class Pairs {
  private readonly views = new WeakMap<Float32Array, Float64Array | null>();

  /** The same memory as float64; null where it does not lie so that it can be seen so. */
  of(array: Float32Array): Float64Array | null {
    let view = this.views.get(array);
    if (view === undefined) {
      const { buffer, byteOffset, length } = array;
      view = byteOffset % 8 === 0 && length % 2 === 0 ? new Float64Array(buffer, byteOffset, length / 2) : null;
      this.views.set(array, view);
    }
    return view;
  }
}

/** The float64 with the bits of two float32, the first of them first in memory. */
export function pair(first: number, second: number): number {
  return new Float64Array(Float32Array.of(first, second).buffer)[0]!;
}
