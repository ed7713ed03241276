import { tf } from '../../nn/index.ts';
import { type Box, boxSize, effectiveBound, entryBounds } from '../../worlds/index.ts';
import { type Numbers, outside, placeOf } from './observation-part.ts';

const LARGEST = 3.4028234663852886e38;

/** Bounds of each entry that a finite float32 may take, a bound's own rounding to float32 included. */
export class EntryBounds {
  private readonly low: Float64Array;
  private readonly high: Float64Array;
  private readonly isWhole: boolean;

  constructor(
    private readonly space: Box,
    private readonly path: string,
  ) {
    this.isWhole = space.dtype === 'int32' || space.dtype === 'uint8';
    const length = { length: boxSize(space) };
    this.low = Float64Array.from(length, (_, i) => {
      const [low] = entryBounds(space, i);
      return Math.max(-LARGEST, Math.min(low, Math.fround(low)));
    });
    this.high = Float64Array.from(length, (_, i) => {
      const [, high] = entryBounds(space, i);
      return Math.min(LARGEST, Math.max(high, Math.fround(high)));
    });
  }

  /** x: [R, entries] within the bounds. Zeros, which stand for the dead, become what is nearest to zero. */
  within(x: tf.Tensor): tf.Tensor {
    return tf.minimum(tf.maximum(x, tf.tensor1d([...this.low])), tf.tensor1d([...this.high]));
  }

  /** Error `invalid_input` where a number is no member, NaN and fractions of whole numbers among them. */
  check(entry: number, value: number): void {
    // NaN is on no side of any bound.
    if (value >= this.low[entry]! && value <= this.high[entry]! && (!this.isWhole || Number.isInteger(value))) return;
    const [low, high] = entryBounds(this.space, entry).map(effectiveBound) as [number, number];
    const what = this.isWhole ? 'a whole number' : 'a finite number';
    throw outside(placeOf('observation', this.path, entry), `${what} in [${low}, ${high}]`, value);
  }

  checkAll(numbers: Numbers, offset: number): void {
    for (let i = 0; i < this.low.length; i++) this.check(i, numbers[offset + i]!);
  }
}
