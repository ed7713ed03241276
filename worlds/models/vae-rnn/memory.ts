import type { Stream } from '../../../core/index.ts';
import { type DenseOf, dense, gru, type LstmCarry, lstm, type RecurrentOf, tf, type Value } from '../../../nn/index.ts';
import { drawMixture, logDensity, type Mixture, mixtureOf, mixtureSize } from './mixture.ts';
import type { VaeRnnOptions } from './options.ts';

/** Parameters of M. */
export type MemoryOf<X> = {
  readonly cell: RecurrentOf<X>;
  /** The mixture of the latent: H -> 3 K Z, or K (1 + 2 Z). */
  readonly latent: DenseOf<X>;
  /** H -> 1 each. */
  readonly reward: DenseOf<X>;
  readonly ending: DenseOf<X>;
};

/** What M expects of a moment, before it is seen. */
export interface Expected {
  readonly latent: Mixture;
  /** [N] each. */
  readonly reward: tf.Tensor;
  readonly terminalLogit: tf.Tensor;
}

/** What M learns from: latents already drawn. [L, B, Z], [L, B, A], [L, B] as in a `ModelSequence`. */
export interface MemorySequence {
  readonly z: tf.Tensor;
  readonly action: tf.Tensor;
  readonly reward: tf.Tensor;
  readonly first: tf.Tensor;
  readonly terminal: tf.Tensor;
}

export interface MemoryLoss {
  readonly loss: tf.Tensor;
  /** Negative log density of a latent's number, in nats: mean over numbers and steps. */
  readonly latent: tf.Tensor;
  /** Squared error, mean over steps. */
  readonly reward: tf.Tensor;
  /** Cross-entropy in nats, endings weighted, mean over steps. */
  readonly ending: tf.Tensor;
  /** [L, B, M]: M's carry at each row. */
  readonly carries: tf.Tensor;
}

/**
 * M: a recurrent network that takes in the last latent and the action, and expects the next latent (a mixture of
 * Gaussians for each number), reward and ending. The carry is one tensor [B, M]: a GRU's hidden state, or an LSTM's hidden
 * state and cell side by side.
 */
export class Memory {
  /** M. */
  readonly carrySize: number;

  constructor(
    private readonly options: VaeRnnOptions,
    private readonly actionSize: number,
  ) {
    this.carrySize = options.cell === 'gru' ? options.units : 2 * options.units;
  }

  initialise(stream: Stream): MemoryOf<Value> {
    const { latent, mixtures, units, cell } = this.options;
    return {
      cell: (cell === 'gru' ? gru : lstm).init(stream, { inputs: latent + this.actionSize, units }),
      latent: dense.init(stream, { inputs: units, outputs: mixtureSize(mixtures, latent, this.options.isJoint) }),
      reward: dense.init(stream, { inputs: units, outputs: 1 }),
      ending: dense.init(stream, { inputs: units, outputs: 1 }),
    };
  }

  /** One step: what is remembered after z [B, Z] was followed by the action [B, A]. carry: [B, M] -> [B, M]. */
  step({ cell }: MemoryOf<tf.Tensor>, carry: tf.Tensor, z: tf.Tensor, action: tf.Tensor): tf.Tensor {
    const x = tf.concat([z, action], 1);
    if (this.options.cell === 'gru') return gru.step(cell, carry, x);
    return joined(lstm.step(cell, parted(carry), x));
  }

  /** What is expected by [N, M]. */
  expect(parameters: MemoryOf<tf.Tensor>, carry: tf.Tensor): Expected {
    const { mixtures, latent, units, isJoint } = this.options;
    const hidden = this.carrySize === units ? carry : tf.slice(carry, [0, 0], [carry.shape[0]!, units]);
    return {
      latent: mixtureOf(dense.apply(parameters.latent, hidden), mixtures, latent, isJoint),
      reward: tf.squeeze(dense.apply(parameters.reward, hidden), [1]),
      terminalLogit: tf.squeeze(dense.apply(parameters.ending, hidden), [1]),
    };
  }

  /** A draw of the next latent: [N, Z]. */
  draw(
    expected: Expected,
    noise: { readonly mixture: tf.Tensor; readonly latent: tf.Tensor },
    temperature: tf.Tensor | number,
  ) {
    return drawMixture(expected.latent, noise.mixture, noise.latent, temperature);
  }

  /**
   * The carry at each row of a sequence: [L, B, M]. Row t has taken in the latent of row t - 1 and the action that led to
   * row t; at the first row of an episode there was neither, and what was remembered is forgotten. z: [L, B, Z]; `before`:
   * the latent ahead of row 0, [B, Z], with the carry that belongs to it.
   */
  carries(
    { cell }: MemoryOf<tf.Tensor>,
    { z, action, first }: Pick<MemorySequence, 'z' | 'action' | 'first'>,
    before: tf.Tensor,
    carry: tf.Tensor,
  ): tf.Tensor {
    const [steps, rows, width] = z.shape as [number, number, number];
    const ahead = tf.expandDims(before, 0);
    const last = steps === 1 ? ahead : tf.concat([ahead, tf.slice(z, [0, 0, 0], [steps - 1, rows, width])], 0);
    const x = tf.mul(tf.concat([last, action], 2), tf.expandDims(tf.sub(1, first), 2));
    if (this.options.cell === 'gru') return gru.sequence(cell, carry, x, first).output;
    // The cells of all rows are wanted too, so that any can be imagined from.
    const inputs = tf.split(tf.reshape(x, [steps * rows, -1]), steps, 0);
    const keep = tf.split(tf.reshape(tf.sub(1, first), [steps * rows, 1]), steps, 0);
    let state = carry;
    const all = inputs.map((input, t) => {
      state = joined(lstm.step(cell, parted(tf.mul(state, keep[t]!)), input));
      return state;
    });
    return tf.reshape(tf.concat(all, 0), [steps, rows, this.carrySize]);
  }

  /** First rows of episodes have no loss: nothing leads to them. Means are over the others. */
  loss(parameters: MemoryOf<tf.Tensor>, sequence: MemorySequence, before: tf.Tensor, carry: tf.Tensor): MemoryLoss {
    const { latent, endingWeight, rewardWeight } = this.options;
    const carries = this.carries(parameters, sequence, before, carry);
    const flat = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [-1]);
    const expected = this.expect(parameters, tf.reshape(carries, [-1, this.carrySize]));
    const weight = tf.sub(1, flat(sequence.first));
    const count = tf.maximum(tf.sum(weight), 1);
    const mean = (x: tf.Tensor): tf.Tensor => tf.div(tf.sum(tf.mul(x, weight)), count);

    const density = tf.sum(logDensity(expected.latent, tf.reshape(sequence.z, [-1, latent])), 1);
    const terminal = flat(sequence.terminal);
    const surprise = crossEntropy(expected.terminalLogit, terminal);
    const emphasis = tf.add(tf.mul(terminal, endingWeight - 1), 1);
    const parts = {
      latent: tf.div(mean(tf.neg(density)), latent),
      reward: mean(tf.square(tf.sub(expected.reward, flat(sequence.reward)))),
      ending: mean(tf.mul(surprise, emphasis)),
    };
    const loss = tf.add(tf.add(parts.latent, tf.mul(parts.reward, rewardWeight)), parts.ending);
    return { loss, ...parts, carries };
  }
}

/** -log of the probability that sigmoid(logit) gives to y, 0 or 1: max(x, 0) - x y + log(1 + exp(-|x|)). */
export function crossEntropy(logit: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.add(tf.sub(tf.relu(logit), tf.mul(logit, y)), tf.log1p(tf.exp(tf.neg(tf.abs(logit)))));
}

function joined({ hidden, cell }: LstmCarry<tf.Tensor>): tf.Tensor {
  return tf.concat([hidden, cell], 1);
}

function parted(carry: tf.Tensor): LstmCarry<tf.Tensor> {
  const [hidden, cell] = tf.split(carry, 2, 1) as [tf.Tensor, tf.Tensor];
  return { hidden, cell };
}
