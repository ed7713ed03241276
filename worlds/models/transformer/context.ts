import { type Memory, tf } from '../../../nn/index.ts';
import type { Cells } from './windowed-attention.ts';

/** Sizes of what a transformer remembers of the steps before. */
export interface ContextShape {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Steps that are remembered, and tokens of each. */
  readonly window: number;
  readonly tokens: number;
}

/**
 * What was attended to before, as one vector for each row: the number of steps of the episode so far (never more than the
 * window: that many are remembered), and keys and values of all layers.
 */
export class Context {
  /** R: tokens that are remembered. */
  readonly reach: number;
  readonly size: number;
  private readonly cells: readonly [parts: number, heads: number, reach: number, size: number];

  constructor(private readonly shape: ContextShape) {
    const { layers, heads, width, window, tokens } = shape;
    this.reach = window * tokens;
    this.cells = [2 * layers, heads, this.reach, width / heads];
    this.size = 1 + 2 * layers * this.reach * width;
  }

  /** flat [B, size] -> the steps so far [B], and what the backbone takes. */
  read(flat: tf.Tensor): { readonly steps: tf.Tensor; readonly memory: Memory<tf.Tensor> } {
    const rows = flat.shape[0]!;
    const [steps, cells] = tf.split(flat, [1, this.size - 1], 1) as [tf.Tensor, tf.Tensor];
    const parts = tf.unstack(tf.reshape(cells, [rows, ...this.cells]), 1);
    const memory = Array.from({ length: this.shape.layers }, (_, layer): [string, Cells<tf.Tensor>] => [
      String(layer),
      { keys: parts[2 * layer]!, values: parts[2 * layer + 1]! },
    ]);
    return { steps: tf.reshape(steps, [rows]), memory: Object.fromEntries(memory) };
  }

  /**
   * What is remembered after each of the last L steps: [L, B, size]. steps: [L, B], those of the episode before each;
   * memory: of the backbone, with the cells of L steps behind those of before.
   */
  write(steps: tf.Tensor, memory: Memory<tf.Tensor>): tf.Tensor {
    const [length, rows] = steps.shape as [number, number];
    const { tokens, window, layers } = this.shape;
    const parts = Array.from({ length: layers }, (_, layer) => memory[String(layer)] as Cells<tf.Tensor>).flatMap(
      ({ keys, values }) => [keys, values],
    );
    const all = tf.stack(parts, 1);
    const [, count, heads, cells, size] = all.shape as [number, number, number, number, number];
    const windows = Array.from({ length }, (_, t) => {
      const begin = cells - this.reach - (length - 1 - t) * tokens;
      const window = tf.slice(all, [0, 0, 0, begin, 0], [rows, count, heads, this.reach, size]);
      return tf.reshape(window, [1, rows, this.size - 1]);
    });
    const after = tf.minimum(tf.add(steps, 1), window);
    return tf.concat([tf.expandDims(after, -1), tf.concat(windows, 0)], -1);
  }

  /**
   * How many steps of its episode stand before each row, at most the window: [L, B]. first: [L, B]; before: [B], those in
   * front of the first row.
   */
  stepsBefore(first: tf.Tensor, before: tf.Tensor): tf.Tensor {
    const [length, rows] = first.shape as [number, number];
    const numbers = tf.reshape(tf.range(1, length + 1), [length, 1]);
    // The number, from 1, of the last row up to each at which an episode begins; 0 where there is none.
    const begins = tf.reshape(tf.mul(first, numbers), [1, length, rows]);
    const isPast = Float32Array.from({ length: length * length }, (_, i) =>
      i % length <= Math.floor(i / length) ? 1 : 0,
    );
    const last = tf.max(tf.mul(begins, tf.tensor(isPast, [length, length, 1])), 1);
    const since = tf.sub(numbers, last);
    const carried = tf.add(tf.sub(numbers, 1), tf.reshape(before, [1, rows]));
    return tf.minimum(tf.where(tf.greater(last, 0), since, carried), this.shape.window);
  }

  /** steps [L, B] -> the place of each token of these steps in its episode: int32 [B, L tokens]. */
  places(steps: tf.Tensor): tf.Tensor {
    const [length, rows] = steps.shape as [number, number];
    const { tokens } = this.shape;
    const begins = tf.mul(tf.expandDims(tf.transpose(steps), -1), tokens);
    const places = tf.add(begins, tf.reshape(tf.range(0, tokens), [1, 1, tokens]));
    return tf.cast(tf.reshape(places, [rows, length * tokens]), 'int32');
  }
}
