/**
 * Backpropagation through time, written out for the LSTM: what autodiff would do, in fewer and faster operators.
 *
 * Numbers stand feature by feature (see `by-features.ts`). Input, a row of ones for the biases and the hidden state are one
 * operand, so that all gates are one product, and so are all gradients of weights and biases.
 *
 * What a step of the way back needs is worked out in that step, from numbers that are still in the processor's cache; the
 * gradients of the weights are added up over blocks of steps for the same reason.
 */
import { tf } from '../engine/tf.ts';
import { rowsByStep, stepsByFeatures, transposedOnce } from './by-features.ts';
import type { RecurrentOf } from './recurrent.ts';

/** Columns of the products that make the gradients of the weights. */
const COLUMNS = 512;

/** What the way back takes from one step on the way there, [H, B] each but for `operand` [D + 1 + H, B]. */
type Step = {
  readonly operand: tf.Tensor;
  readonly input: tf.Tensor;
  readonly forget: tf.Tensor;
  readonly candidate: tf.Tensor;
  readonly output: tf.Tensor;
  /** input times candidate, and forget times the cell before: what the cell is the sum of. */
  readonly added: tf.Tensor;
  readonly kept: tf.Tensor;
  /** tanh of the cell. */
  readonly shown: tf.Tensor;
  readonly hidden: tf.Tensor;
};
const NAMES = ['operand', 'input', 'forget', 'candidate', 'output', 'added', 'kept', 'shown', 'hidden'] as const;

/**
 * x: [T * B, D], T steps of B rows; keep: [T * B, 1], 0 where an episode starts at that step, else 1 (undefined: nowhere);
 * hidden, cell: [B, H]. Answers [(T + 1) * B, H]: the outputs of all steps, then the last cell. Equations: see `lstm`.
 */
export function lstmThroughTime(
  { input, hidden: recurrent }: RecurrentOf<tf.Tensor>,
  x: tf.Tensor,
  keep: tf.Tensor | undefined,
  hidden: tf.Tensor,
  cell: tf.Tensor,
): tf.Tensor {
  const [B, H] = hidden.shape as [number, number];
  const [rows, D] = x.shape as [number, number];
  const T = rows / B;
  const op = tf.customGrad((...args) => {
    const [seen, W, b, U, c, h0, c0] = args as tf.Tensor[];
    const save = args.at(-1) as tf.GradSaveFunc;
    // [D + 1 + H, 4 H]
    const weights = tf.concat([W!, tf.reshape(tf.add(b!, c!), [1, 4 * H]), U!], 0);
    const inputs = stepsByFeatures(tf.concat([seen!, tf.ones([rows, 1])], 1), T);
    const keeps = keep === undefined ? undefined : tf.split(tf.reshape(keep, [T, B]), T, 0);
    const steps = forward(transposedOnce(weights), inputs, keeps, tf.transpose(h0!), tf.transpose(c0!));
    const last = steps.at(-1)!;
    const result = rowsByStep([...steps.map((step) => step.hidden), tf.add(last.added, last.kept)]);
    // What is not saved is gone when the way back begins.
    save([weights, ...(keeps ?? []), ...steps.flatMap((step) => NAMES.map((name) => step[name]))]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [held, ...others] = saved as [tf.Tensor, ...tf.Tensor[]];
      const heldKeeps = keeps === undefined ? undefined : others.splice(0, T);
      const lived = Array.from({ length: T }, (_, t): Step => {
        const own = others.slice(t * NAMES.length, (t + 1) * NAMES.length);
        return Object.fromEntries(NAMES.map((name, i) => [name, own[i]!])) as Step;
      });
      const { dInputs, dWeights, dHidden, dCell } = back(held, lived, heldKeeps, stepsByFeatures(dy, T + 1), D);
      const [dW, db, dU] = tf.split(dWeights, [D, 1, H], 0) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const dBias = tf.reshape(db, [4 * H]);
      const dx = tf.slice(rowsByStep(dInputs), [0, 0], [rows, D]);
      return [dx, dW, dBias, dU, dBias, tf.transpose(dHidden), tf.transpose(dCell)];
    };
    return { value: result, gradFunc };
  });
  return op(x, input.weight, input.bias, recurrent.weight, recurrent.bias, hidden, cell);
}

function forward(
  weights: tf.Tensor,
  inputs: readonly tf.Tensor[],
  keeps: readonly tf.Tensor[] | undefined,
  hidden: tf.Tensor,
  cell: tf.Tensor,
): Step[] {
  let [h, c] = [hidden, cell];
  return inputs.map((x, t) => {
    const keep = keeps?.[t];
    const operand = tf.concat([x, keep === undefined ? h : tf.mul(h, keep)], 0);
    const [i, f, g, o] = tf.split(product(weights, operand), 4, 0) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [input, forget, candidate, output] = [tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)];
    const added = tf.mul(input, candidate);
    const kept = tf.mul(forget, keep === undefined ? c : tf.mul(c, keep));
    c = tf.add(kept, added);
    const shown = tf.tanh(c);
    h = tf.mul(output, shown);
    return { operand, input, forget, candidate, output, added, kept, shown, hidden: h };
  });
}

/** dy: gradients by the outputs of all steps and by the last cell, [H, B] each. */
function back(
  weights: tf.Tensor,
  steps: readonly Step[],
  keeps: readonly tf.Tensor[] | undefined,
  dy: readonly tf.Tensor[],
  D: number,
) {
  const T = steps.length;
  const [H, B] = dy[0]!.shape as [number, number];
  const perBlock = Math.max(1, Math.round(COLUMNS / B));
  const dInputs: tf.Tensor[] = new Array(T);
  let block: { readonly dGates: tf.Tensor; readonly operand: tf.Tensor }[] = [];
  let dWeights: tf.Tensor | undefined;
  let dHidden: tf.Tensor | undefined;
  let dCell = dy[T]!;
  for (let t = T - 1; t >= 0; t--) {
    const { operand, input, forget, candidate, output, added, kept, shown, hidden } = steps[t]!;
    const keep = keeps?.[t];
    const dh = dHidden === undefined ? dy[t]! : tf.add(dy[t]!, dHidden);
    // By the logarithm of a gate first: gate (1 - gate) / gate is 1 - gate.
    const byOutput = tf.mul(dh, hidden);
    const dc = tf.add(dCell, tf.sub(tf.mul(dh, output), tf.mul(byOutput, shown)));
    const byInput = tf.mul(dc, added);
    const byForget = tf.mul(dc, kept);
    const dGates = tf.concat(
      [
        tf.sub(byInput, tf.mul(byInput, input)),
        tf.sub(byForget, tf.mul(byForget, forget)),
        tf.sub(tf.mul(dc, input), tf.mul(byInput, candidate)),
        tf.sub(byOutput, tf.mul(byOutput, output)),
      ],
      0,
    );
    const [dInput, across] = tf.split(product(weights, dGates), [D + 1, H], 0) as [tf.Tensor, tf.Tensor];
    dInputs[t] = dInput;
    dHidden = keep === undefined ? across : tf.mul(across, keep);
    const dKept = tf.mul(dc, forget);
    dCell = keep === undefined ? dKept : tf.mul(dKept, keep);
    block.push({ dGates, operand });
    if (block.length < perBlock && t > 0) continue;
    const sum = tf.matMul(
      tf.concat2d(
        block.map((step) => step.operand as tf.Tensor2D),
        1,
      ),
      tf.concat2d(
        block.map((step) => step.dGates as tf.Tensor2D),
        1,
      ),
      false,
      true,
    );
    dWeights = dWeights === undefined ? sum : tf.add(dWeights, sum);
    block = [];
  }
  return { dInputs, dWeights: dWeights!, dHidden: dHidden!, dCell };
}

function product(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D);
}
