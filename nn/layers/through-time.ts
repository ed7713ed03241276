/**
 * Backpropagation through time, written out for the GRU (the LSTM: `lstm-through-time.ts`). Autodiff would give every step its own products for
 * the gradients of the weights, and add them up one by one; here whatever does not wait for the step behind it (slopes
 * of all gates, the gradients of all weights) is one operator over all steps, and the way back keeps one product a step.
 */
import { tf } from '../engine/tf.ts';

/** What the cell runs on. `T` steps of `B` rows, time-major: rows of step t are t B to t B + B - 1. G gates of H units. */
export interface Unrolled {
  /** [T * B, G H]: the gates' part from the input, biases included. */
  readonly fromInput: tf.Tensor;
  /** [H, G H] and [G H]. */
  readonly weight: tf.Tensor;
  readonly bias: tf.Tensor;
  /** [T * B, 1]: 0 where an episode starts at that step, else 1; undefined where none does. */
  readonly keep: tf.Tensor | undefined;
}

/** start: [B, H]. Answers the outputs of all steps, [T * B, H]. For the equations see `gru`. */
export function gruThroughTime({ fromInput, weight, bias, keep }: Unrolled, start: tf.Tensor): tf.Tensor {
  const [B, H] = start.shape as [number, number];
  const T = fromInput.shape[0]! / B;
  const op = tf.customGrad((...args) => {
    const [x, U, b, h0] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const inputs = rowsOf(x!, T);
    const keeps = keep === undefined ? undefined : rowsOf(keep, T);
    const before: tf.Tensor[] = [];
    const hidden: tf.Tensor[] = [];
    const after: tf.Tensor[] = [];
    let h = h0!;
    for (let t = 0; t < T; t++) {
      const kept = keeps === undefined ? h : tf.mul(h, keeps[t]!);
      const fromHidden = tf.add(product(kept, U!), b!);
      const { update, candidate } = gruGates(inputs[t]!, fromHidden);
      h = tf.add(candidate, tf.mul(update, tf.sub(kept, candidate)));
      before.push(kept);
      hidden.push(fromHidden);
      after.push(h);
    }
    // What is not saved is gone when the way back begins.
    save([x!, U!, join(before), join(hidden), ...(keep === undefined ? [] : [keep])]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => gruBack(dy, saved, B, H);
    return { value: join(after), gradFunc };
  });
  return op(fromInput, weight, bias, start);
}

function gruGates(
  fromInput: tf.Tensor,
  fromHidden: tf.Tensor,
): { readonly reset: tf.Tensor; readonly update: tf.Tensor; readonly candidate: tf.Tensor; readonly newH: tf.Tensor } {
  const [resetX, updateX, newX] = tf.split(fromInput, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [resetH, updateH, newH] = tf.split(fromHidden, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const reset = tf.sigmoid(tf.add(resetX, resetH));
  const update = tf.sigmoid(tf.add(updateX, updateH));
  return { reset, update, candidate: tf.tanh(tf.add(newX, tf.mul(reset, newH))), newH };
}

function gruBack(dy: tf.Tensor, saved: tf.Tensor[], B: number, H: number): tf.Tensor[] {
  const [x, U, before, hidden, keep] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | undefined];
  const T = x.shape[0]! / B;
  const { reset, update, candidate, newH } = gruGates(x, hidden);
  const stays = tf.sub(1, update);
  // By how much the step's result changes with each gate's number: [T * B, 3, H].
  const byNew = tf.mul(stays, tf.sub(1, tf.square(candidate)));
  const byReset = tf.mul(tf.mul(byNew, newH), tf.mul(reset, tf.sub(1, reset)));
  const byUpdate = tf.mul(tf.mul(tf.sub(before, candidate), update), stays);
  const slopes = rowsOf(tf.stack([byReset, byUpdate, tf.mul(byNew, reset)], 1), T);
  const updates = rowsOf(keep === undefined ? update : tf.mul(update, keep), T);
  const keeps = keep === undefined ? undefined : rowsOf(keep, T);
  const outer = rowsOf(dy, T);
  const back = tf.transpose(U);
  const dAfter: tf.Tensor[] = new Array(T);
  const dHidden: tf.Tensor[] = new Array(T);
  let d: tf.Tensor | undefined;
  for (let t = T - 1; t >= 0; t--) {
    const dh = d === undefined ? outer[t]! : tf.add(outer[t]!, d);
    dAfter[t] = dh;
    dHidden[t] = tf.reshape(tf.mul(tf.reshape(dh, [B, 1, H]), slopes[t]!), [B, 3 * H]);
    const across = product(dHidden[t]!, back);
    d = tf.add(tf.mul(dh, updates[t]!), keeps === undefined ? across : tf.mul(across, keeps[t]!));
  }
  const all = join(dAfter);
  const fromHidden = join(dHidden);
  const [dReset, dUpdate] = tf.split(fromHidden, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const fromInput = tf.concat([dReset, dUpdate, tf.mul(all, byNew)], 1);
  return [fromInput, turnedProduct(before, fromHidden), tf.sum(fromHidden, 0), d!];
}

function product(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D);
}

/** x^T y. */
function turnedProduct(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D, true);
}

/** [T * B, ...] as T tensors of [B, ...]. */
function rowsOf(x: tf.Tensor, T: number): tf.Tensor[] {
  return T === 1 ? [x] : tf.split(x, T, 0);
}

function join(rows: readonly tf.Tensor[]): tf.Tensor {
  return rows.length === 1 ? rows[0]! : tf.concat([...rows], 0);
}
