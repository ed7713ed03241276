import { tf } from '../../../nn/index.ts';
import { NORM_EPSILON } from '../trunk.ts';
import { drawn, type LatentShape, mixed, softmaxed } from './latents.ts';

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

/** What a step of the GRU leaves behind for the way back, besides its result. */
export interface Recurred {
  /** [B, H]: the next deterministic state. */
  readonly deter: tf.Tensor;
  /** [B, U]: in front of the norm. */
  readonly before: tf.Tensor;
  /** [B, U + H]: what the gates are made from. */
  readonly joined: tf.Tensor;
  /** [B, 3 H]: in front of their functions. */
  readonly gates: tf.Tensor;
}

/**
 * One step of the GRU in DreamerV3's form: reset and update through a sigmoid, candidate tanh(reset * c), and h + update (candidate - h).
 * That the update gate begins nearly shut (-1) is in the initial bias. deter [B, H], latent [B, Z], action [B, U].
 */
export function recur(cell: CellOf<tf.Tensor>, deter: tf.Tensor, latent: tf.Tensor, action: tf.Tensor): Recurred {
  const before = tf.add(tf.matMul(latent as tf.Tensor2D, cell.input.latent as tf.Tensor2D), action);
  const joined = tf.concat([hidden(before, cell.input.scale), deter], 1);
  const gates = tf.add(tf.matMul(joined as tf.Tensor2D, cell.gates.weight as tf.Tensor2D), cell.gates.bias);
  const [reset, candidate, update] = tf.split(gates, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const proposed = tf.tanh(tf.mul(tf.sigmoid(reset), candidate));
  return { deter: tf.add(deter, tf.mul(tf.sigmoid(update), tf.sub(proposed, deter))), before, joined, gates };
}

/** What the observation makes of a state. */
export interface Inferred {
  /** [B, Z]. */
  readonly logits: tf.Tensor;
  /** [B, Z], one-hot in each group. */
  readonly latent: tf.Tensor;
  /** [B, U]: in front of the norm. */
  readonly before: tf.Tensor;
  /** [B, U]: behind the activation. */
  readonly hidden: tf.Tensor;
}

/** The posterior, and a draw of it. deter [B, H], observation [B, U], uniform [B, groups] as `drawn` takes it. */
export function infer(
  cell: CellOf<tf.Tensor>,
  deter: tf.Tensor,
  observation: tf.Tensor,
  uniform: tf.Tensor,
  shape: LatentShape,
): Inferred {
  const before = tf.add(tf.matMul(deter as tf.Tensor2D, cell.posterior.weight as tf.Tensor2D), observation);
  const y = hidden(before, cell.posterior.scale);
  const logits = tf.add(tf.matMul(y as tf.Tensor2D, cell.logits.weight as tf.Tensor2D), cell.logits.bias);
  const latent = drawn(mixed(softmaxed(logits, shape), shape), uniform, shape);
  return { logits, latent, before, hidden: y };
}

/** SiLU of the RMSNorm, in the fewest operators. */
function hidden(before: tf.Tensor, scale: tf.Tensor): tf.Tensor {
  const factor = tf.rsqrt(tf.add(tf.mean(tf.square(before), -1, true), NORM_EPSILON));
  const normal = tf.mul(tf.mul(before, factor), scale);
  return tf.mul(normal, tf.sigmoid(normal));
}
