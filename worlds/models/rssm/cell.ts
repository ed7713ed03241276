import { tf } from '../../../nn/index.ts';
import { normedSilu } from '../trunk.ts';

/**
 * What has to run step by step: `H` deterministic numbers, `Z` = groups * classes latent ones, `U` hidden units. The parts that come from
 * actions and observations do not depend on the step before; they come in as rows, worked out for all steps at once.
 */
export type CellOf<X> = {
  /** The latent's part of the layer in front of the GRU. latent [Z, U], scale [U]. */
  readonly input: { readonly latent: X; readonly scale: X };
  /** From that layer and the state before: weight [U + H, 3 H], bias [3 H]. Reset, candidate, update. */
  readonly gates: { readonly weight: X; readonly bias: X };
  /** The state's part of the posterior's hidden layer. weight [H, U], scale [U]. */
  readonly posterior: { readonly weight: X; readonly scale: X };
  /** weight [U, Z], bias [Z]. */
  readonly logits: { readonly weight: X; readonly bias: X };
};

/**
 * One step of the GRU in DreamerV3's form: reset and update through a sigmoid, candidate tanh(reset * c), and h + update (candidate - h).
 * That the update gate begins nearly shut (-1) is in the initial bias. deter [B, H], latent [B, Z], action [B, U]. Answers the next
 * deterministic state, [B, H]. What learns from sequences is `unroll`, where the same stands with numbers feature by feature.
 */
export function recur(cell: CellOf<tf.Tensor>, deter: tf.Tensor, latent: tf.Tensor, action: tf.Tensor): tf.Tensor {
  const before = tf.add(tf.matMul(latent as tf.Tensor2D, cell.input.latent as tf.Tensor2D), action);
  const joined = tf.concat([normedSilu(before, cell.input.scale), deter], 1);
  const gates = tf.add(tf.matMul(joined as tf.Tensor2D, cell.gates.weight as tf.Tensor2D), cell.gates.bias);
  const [reset, candidate, update] = tf.split(gates, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const proposed = tf.tanh(tf.mul(tf.sigmoid(reset), candidate));
  return tf.add(deter, tf.mul(tf.sigmoid(update), tf.sub(proposed, deter)));
}
