import type { Stream } from '../../core/index.ts';
import { int32, tf, type Value } from '../../nn/index.ts';

/** Which rows of a batch are imagined from: all of them, or some that are drawn anew for each step. */
export class Starts {
  /** N. */
  readonly count: number;
  /** [N]: of the last draw. */
  readonly rows: Int32Array;
  readonly areAll: boolean;
  /** What programs take. */
  readonly inputs: Readonly<Record<string, Value>>;

  /** some: how many; null for all of the batch's `total` rows. */
  constructor(
    private readonly total: number,
    some: number | null,
  ) {
    this.areAll = some === null;
    this.count = Math.min(some ?? total, total);
    this.rows = Int32Array.from({ length: this.count }, (_, i) => i);
    this.inputs = this.areAll ? {} : { starts: int32([this.count], this.rows) };
  }

  /** Different rows, every subset as likely as any other (Floyd's algorithm; Bentley and Floyd 1987). */
  draw(random: Stream): void {
    if (this.areAll) return;
    const { rows } = this;
    for (let i = 0, last = this.total - rows.length; i < rows.length; i++, last++) {
      const drawn = random.integer(last + 1);
      rows[i] = rows.subarray(0, i).includes(drawn) ? last : drawn;
    }
  }

  /** [total, ...] -> [N, ...], in a program that `inputs` were given to. */
  of(rows: tf.Tensor, inputs: Readonly<Record<string, tf.Tensor>>): tf.Tensor {
    return this.areAll ? rows : tf.gather(rows, inputs.starts!);
  }
}
