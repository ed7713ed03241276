import type { Stream } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import { type Initialiser, normal } from '../initialisers.ts';

/** table [V, D]. */
export type EmbeddingOf<X> = { readonly table: X };

/** Rows of a learned table, by number. */
export const embedding = {
  /** `table` defaults to a normal with deviation 0.02 (GPT-2). */
  init(
    stream: Stream,
    { entries, features, table = normal(0.02) }: { entries: number; features: number; table?: Initialiser },
  ): EmbeddingOf<Value> {
    return { table: table(stream, [entries, features]) };
  },

  /** ids: int32 [...], each in [0, V) -> [..., D]. */
  apply({ table }: EmbeddingOf<tf.Tensor>, ids: tf.Tensor): tf.Tensor {
    const [entries, features] = table.shape as [number, number];
    const rows = tf.reshape(ids, [-1]);
    const found = lookUp(table, rows, entries, features);
    return tf.reshape(found, [...ids.shape, features]);
  },
};

/**
 * Gather whose gradient is a scatter that adds up the rows used more than once. tfjs's own gradient of `gather` is a
 * loop over *every* row of the table on its `cpu` backend (49 s for GPT-2's vocabulary, where this takes 0.1 s), and
 * has no kernel on `wasm`.
 */
function lookUp(table: tf.Tensor, rows: tf.Tensor, entries: number, features: number): tf.Tensor {
  const gather = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([rows]);
    return {
      value: tf.gather(x as tf.Tensor, rows as tf.Tensor1D),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const at = tf.reshape(saved[0]!, [-1, 1]);
        return tf.scatterND(at, tf.reshape(dy, [-1, features]), [entries, features]);
      },
    };
  });
  return gather(table);
}
