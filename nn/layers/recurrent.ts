/**
 * Recurrent cells, and sequences of them unrolled in time. The carry is an argument and a result: a cell hides no
 * state. Gates lie side by side in one weight, in PyTorch's (and cuDNN's) order and with its two biases, so that
 * PyTorch's transposed weights can be used as they are.
 */
import type { Stream } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import { float32, type Value } from '../engine/value.ts';
import { type Initialiser, lecunNormal, orthogonal, zeros } from '../initialisers.ts';
import { type Mapped, mapTree, type Tree } from '../tree.ts';
import { type DenseOf, dense } from './dense.ts';
import { lstmThroughTime } from './lstm-through-time.ts';
import { gruThroughTime } from './through-time.ts';

/** input: weight [D, G H] and bias [G H]; hidden: weight [H, G H] and bias [G H]; G gates of H units. */
export type RecurrentOf<X> = { readonly input: DenseOf<X>; readonly hidden: DenseOf<X> };

export interface RecurrentOptions {
  readonly inputs: number;
  readonly units: number;
  /** For the weights of the input. Default `lecunNormal`. */
  readonly input?: Initialiser;
  /** For the weights of the hidden state. Default orthogonal for each gate by itself. */
  readonly hidden?: Initialiser;
}

/** Carry of [B, H] each; the hidden state is also the output. */
export type LstmCarry<X> = { readonly hidden: X; readonly cell: X };

/** A cell and how it runs over time. C is the form of the carry: a tensor [B, H], or a tree of them. */
export interface Recurrent<C extends Tree<tf.Tensor>> {
  init(stream: Stream, options: RecurrentOptions): RecurrentOf<Value>;
  /** The carry at the start of an episode: zeros. */
  carry(batch: number, units: number): Mapped<C, Value>;
  /** One step. x: [B, D] -> the next carry. */
  step(parameters: RecurrentOf<tf.Tensor>, carry: C, x: tf.Tensor): C;
  /** What a step hands to the next layer: [B, H]. */
  output(carry: C): tf.Tensor;
  /**
   * T steps. x: [T, B, D]; first: float32 [T, B], 1 where an episode starts at that step, so that the carry from
   * before is zeroed. Returns the outputs [T, B, H] and the last carry.
   */
  sequence(
    parameters: RecurrentOf<tf.Tensor>,
    carry: C,
    x: tf.Tensor,
    first?: tf.Tensor,
  ): { readonly output: tf.Tensor; readonly carry: C };
}

/** One step, given the part of the gates that comes from the input: [B, G H]. */
type Advance<C> = (parameters: RecurrentOf<tf.Tensor>, carry: C, fromInput: tf.Tensor) => C;

/**
 * Gated recurrent unit (Cho et al. 2014) in PyTorch's form, where the reset gate acts after the matrix product:
 * r, z = sigmoid(W x + b + U h + c); n = tanh(W_n x + b_n + r (U_n h + c_n)); h' = (1 - z) n + z h.
 */
export const gru: Recurrent<tf.Tensor> = recurrent<tf.Tensor>({
  gates: 3,
  carry: (batch, units) => float32([batch, units]),
  output: (hidden) => hidden,
  advance: ({ hidden: parameters }, hidden, fromInput) => {
    const [resetX, updateX, newX] = tf.split(fromInput, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const fromHidden = dense.apply(parameters, hidden);
    const [resetH, updateH, newH] = tf.split(fromHidden, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const reset = tf.sigmoid(tf.add(resetX, resetH));
    const update = tf.sigmoid(tf.add(updateX, updateH));
    const candidate = tf.tanh(tf.add(newX, tf.mul(reset, newH)));
    // (1 - z) n + z h with one multiplication less
    return tf.add(candidate, tf.mul(update, tf.sub(hidden, candidate)));
  },
  unroll: ({ input, hidden }, start, x, keep) => {
    // The input's part of all steps is one product; only the hidden state's has to wait for the step before.
    const rows = gruThroughTime({ fromInput: dense.apply(input, x), ...hidden, keep }, start);
    return { rows, carry: lastOf(rows, start.shape[0]!) };
  },
});

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate of Gers et al. 2000), gates i, f, g, o:
 * c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c').
 */
export const lstm: Recurrent<LstmCarry<tf.Tensor>> = recurrent<LstmCarry<tf.Tensor>>({
  gates: 4,
  carry: (batch, units) => ({ hidden: float32([batch, units]), cell: float32([batch, units]) }),
  output: ({ hidden }) => hidden,
  advance: (parameters, { hidden, cell }, fromInput) => {
    const gates = tf.add(fromInput, dense.apply(parameters.hidden, hidden));
    const [input, forget, candidate, output] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const kept = tf.mul(tf.sigmoid(forget), cell);
    const next = tf.add(kept, tf.mul(tf.sigmoid(input), tf.tanh(candidate)));
    return { hidden: tf.mul(tf.sigmoid(output), tf.tanh(next)), cell: next };
  },
  unroll: (parameters, { hidden, cell }, x, keep) => {
    const batch = hidden.shape[0]!;
    const all = lstmThroughTime(parameters, x, keep, hidden, cell);
    const rows = tf.slice(all, [0, 0], [all.shape[0]! - batch, all.shape[1]!]);
    return { rows, carry: { hidden: lastOf(rows, batch), cell: lastOf(all, batch) } };
  },
});

/** The last `batch` rows. */
function lastOf(rows: tf.Tensor, batch: number): tf.Tensor {
  return tf.slice(rows, [rows.shape[0]! - batch, 0], [batch, rows.shape[1]!]);
}

function recurrent<C extends Tree<tf.Tensor>>({
  gates,
  carry,
  output,
  advance,
  unroll,
}: {
  readonly gates: number;
  readonly carry: Recurrent<C>['carry'];
  readonly output: (carry: C) => tf.Tensor;
  readonly advance: Advance<C>;
  /**
   * Many steps, with gradients written out: outputs [T * B, H] and the last carry. x: [T * B, D]; keep: [T * B, 1], what the
   * carry is multiplied by before each step, or undefined for 1.
   */
  readonly unroll: (
    parameters: RecurrentOf<tf.Tensor>,
    start: C,
    x: tf.Tensor,
    keep: tf.Tensor | undefined,
  ) => { readonly rows: tf.Tensor; readonly carry: C };
}): Recurrent<C> {
  return {
    carry,
    output,
    init: (stream, { inputs, units, input = lecunNormal, hidden = orthogonal() }) => ({
      input: dense.init(stream, { inputs, outputs: gates * units, weight: input }),
      hidden: { weight: sideBySide(stream, hidden, gates, units), bias: zeros(stream, [gates * units]) },
    }),
    step: (parameters, state, x) => advance(parameters, state, dense.apply(parameters.input, x)),
    sequence: (parameters, start, x, first) => {
      const [steps, batch] = x.shape as [number, number];
      const given = tf.reshape(x, [steps * batch, -1]);
      const keep = first === undefined ? undefined : tf.reshape(tf.sub(1, first), [steps * batch, 1]);
      if (steps === 1) {
        const kept =
          keep === undefined ? start : (mapTree(start, (part: tf.Tensor) => tf.mul(part, keep)) as unknown as C);
        const next = advance(parameters, kept, dense.apply(parameters.input, given));
        return { output: tf.reshape(output(next), [1, batch, -1]), carry: next };
      }
      const { rows, carry } = unroll(parameters, start, given, keep);
      return { output: tf.reshape(rows, [steps, batch, rows.shape[1]!]), carry };
    },
  };
}

/** One [H, H] for each gate, side by side: [H, G H]. An orthogonal [H, G H] as a whole would scale each gate down. */
function sideBySide(stream: Stream, initialiser: Initialiser, gates: number, units: number): Value {
  const data = new Float32Array(units * gates * units);
  for (let gate = 0; gate < gates; gate++) {
    const square = initialiser(stream, [units, units]).data;
    for (let row = 0; row < units; row++)
      data.set(square.subarray(row * units, (row + 1) * units), (row * gates + gate) * units);
  }
  return float32([units, gates * units], data);
}
