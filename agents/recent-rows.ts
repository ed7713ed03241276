import { tf } from '../nn/index.ts';
import type { Memory } from './body.ts';

/** What a body sees that looks at several observations at once. E = n - 1 + L observations of each of R rows. */
export interface RecentRows {
  /** Each observation once, [E * R, D]: E of R rows, in the order of time. Those that there were not are zeros. */
  readonly rows: tf.Tensor;
  /** int32 [L * R, n]: 1 where an observation of a window is of the same episode as the window's last, else 0. */
  readonly isKnown: tf.Tensor;
  /** What is worked out of each observation, [E * R, ...], as windows [L * R, n, ...]: the present one is the last. */
  windows(x: tf.Tensor): tf.Tensor;
  /** The memory after the last step. */
  readonly memory: tf.Tensor;
}

/** Numbers of memory a row: the n - 1 observations before the next, oldest first, and behind each 1 where there was one. */
export function recentMemorySize(n: number, width: number): number {
  return (n - 1) * (width + 1);
}

/** Windows of the last `n` observations. x: [L * R, D], L steps of R rows; the memory's state: [R, (n - 1) * (D + 1)]. */
export function recentRows(x: tf.Tensor, n: number, { state, keep, steps }: Memory): RecentRows {
  const width = x.shape[1]!;
  const R = x.shape[0]! / steps;
  const E = n - 1 + steps;
  const before = tf.transpose(tf.reshape(state, [R, n - 1, width + 1]), [1, 0, 2]);
  const rows = tf.concat([tf.slice(before, [0, 0, 0], [n - 1, R, width]), tf.reshape(x, [steps, R, width])], 0);
  // Episodes are counted from the one that the memory is of, 0; -1 is none.
  const there = tf.sub(tf.reshape(tf.slice(before, [0, 0, width], [n - 1, R, 1]), [n - 1, R]), 1);
  const now = tf.cumsum(tf.reshape(tf.sub(1, keep), [steps, R]), 0);
  const episodes = tf.concat([there, now], 0);

  const windows = (each: tf.Tensor): tf.Tensor => {
    const rest = each.shape.slice(1);
    const timed = tf.reshape(each, [E, R, ...rest]);
    const places = Array.from({ length: n }, (_, j) =>
      tf.slice(timed, [j, 0, ...rest.map(() => 0)], [steps, R, ...rest]),
    );
    return tf.reshape(tf.stack(places, 2), [steps * R, n, ...rest]);
  };

  const last = tf.slice(now, [steps - 1, 0], [1, R]);
  const stays = tf.cast(tf.equal(tf.slice(episodes, [steps, 0], [n - 1, R]), last), 'float32');
  const kept = tf.mul(tf.slice(rows, [steps, 0, 0], [n - 1, R, width]), tf.expandDims(stays, 2));
  const memory = tf.transpose(tf.concat([kept, tf.expandDims(stays, 2)], 2), [1, 0, 2]);
  return {
    rows: tf.reshape(rows, [E * R, width]),
    isKnown: tf.cast(tf.equal(windows(tf.reshape(episodes, [E * R])), tf.reshape(now, [steps * R, 1])), 'int32'),
    windows,
    memory: tf.reshape(memory, [R, recentMemorySize(n, width)]),
  };
}
