import { fromLeaves, leaves, tf } from '../../../nn/index.ts';
import { NORM_EPSILON, siluSlope } from '../trunk.ts';
import { type CellOf, type Inferred, infer, type Recurred, recur } from './cell.ts';
import { type LatentShape, softmaxed } from './latents.ts';

/** `L` steps of `B` sequences, time-major; rows of step t are t B to t B + B - 1. */
export interface UnrollInputs {
  /** [L * B, U]: what actions add in front of the GRU. */
  readonly action: tf.Tensor;
  /** [L * B, U]: what observations add to the posterior's hidden layer. */
  readonly observation: tf.Tensor;
  /** [L * B, 1]: 0 where an episode begins at that step, else 1. */
  readonly keep: tf.Tensor;
  /** [L * B, groups]: what latents are drawn with (`drawn`). */
  readonly uniform: tf.Tensor;
  /** [B, H] and [B, Z]: from before. */
  readonly deter: tf.Tensor;
  readonly latent: tf.Tensor;
}

export interface Unrolled {
  /** [L * B, H]. */
  readonly deter: tf.Tensor;
  /** [L * B, Z]: of the posterior. */
  readonly logits: tf.Tensor;
  /** [L * B, Z]: drawn; gradients go straight through to the probabilities (Bengio et al. 2013). */
  readonly latent: tf.Tensor;
}

/**
 * Runs the cell over time. Backpropagation through time is written out, not left to autodiff: whatever does not wait for the step
 * behind it (derivatives of gates and norms, the gradients of all weights) is worked out for all steps in one operator, and the way back
 * keeps four products and about thirty small operators a step. Gradients reach the cell's weights, `action` and `observation`.
 */
export function unroll(cell: CellOf<tf.Tensor>, inputs: UnrollInputs, shape: LatentShape): Unrolled {
  const [B, H] = inputs.deter.shape as [number, number];
  const Z = inputs.latent.shape[1]!;
  const L = inputs.action.shape[0]! / B;
  const learning = [
    cell.input.latent,
    cell.input.scale,
    cell.gates.weight,
    cell.gates.bias,
    cell.posterior.weight,
    cell.posterior.scale,
    cell.logits.weight,
    cell.logits.bias,
    inputs.action,
    inputs.observation,
  ];
  const op = tf.customGrad((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    const steps = forward(cell, inputs, L, shape);
    const stacked = (pick: (step: Step) => tf.Tensor): tf.Tensor => joinRows(steps.map(pick));
    const value = tf.concat([stacked((s) => s.deter), stacked((s) => s.logits), stacked((s) => s.latent)], 1);
    const way = {
      cell,
      keep: inputs.keep,
      before: stacked((step) => step.before),
      joined: stacked((step) => step.joined),
      gates: stacked((step) => step.gates),
      posteriorBefore: stacked((step) => step.posteriorBefore),
      hidden: stacked((step) => step.hidden),
      logits: stacked((step) => step.logits),
      deter: stacked((step) => step.deter),
      latentBefore: stacked((step) => step.latentBefore),
    };
    // What is not saved is gone when the way back begins, the weights included.
    const held = leaves<tf.Tensor>(way);
    save(held.map(([, leaf]) => leaf));
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
      backward(fromLeaves(held.map(([path], i) => [path, saved[i]!] as const)) as unknown as WayBack, B, shape, dy);
    return { value, gradFunc };
  });
  const [deter, logits, latent] = tf.split(op(...learning), [H, Z, Z], 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return { deter, logits, latent };
}

/** One step, and what the way back needs of it. */
interface Step
  extends Pick<Recurred, 'deter' | 'before' | 'joined' | 'gates'>,
    Pick<Inferred, 'logits' | 'latent' | 'hidden'> {
  readonly posteriorBefore: tf.Tensor;
  /** [B, Z]: the latent that came in. */
  readonly latentBefore: tf.Tensor;
}

/** What the way back needs: rows of all steps, [L * B, ...]. */
interface WayBack {
  readonly cell: CellOf<tf.Tensor>;
  readonly keep: tf.Tensor;
  readonly before: tf.Tensor;
  readonly joined: tf.Tensor;
  readonly gates: tf.Tensor;
  readonly posteriorBefore: tf.Tensor;
  readonly hidden: tf.Tensor;
  readonly logits: tf.Tensor;
  readonly deter: tf.Tensor;
  readonly latentBefore: tf.Tensor;
}

function forward(cell: CellOf<tf.Tensor>, inputs: UnrollInputs, L: number, shape: LatentShape): Step[] {
  const [actions, observations, keeps, uniforms] = [inputs.action, inputs.observation, inputs.keep, inputs.uniform].map(
    (rows) => rowsOf(rows, L),
  ) as [tf.Tensor[], tf.Tensor[], tf.Tensor[], tf.Tensor[]];
  const steps: Step[] = [];
  let { deter, latent } = inputs;
  for (let t = 0; t < L; t++) {
    const latentBefore = tf.mul(latent, keeps[t]!);
    const recurred = recur(cell, tf.mul(deter, keeps[t]!), latentBefore, actions[t]!);
    const { before: posteriorBefore, ...inferred } = infer(cell, recurred.deter, observations[t]!, uniforms[t]!, shape);
    steps.push({ ...recurred, ...inferred, posteriorBefore, latentBefore });
    deter = recurred.deter;
    latent = inferred.latent;
  }
  return steps;
}

/** dy: [L * B, H + 2 Z]. The gradients of what `unroll` learns by, in its order. */
function backward({ cell, keep, ...kept }: WayBack, B: number, shape: LatentShape, dy: tf.Tensor): tf.Tensor[] {
  const H = kept.deter.shape[1]!;
  const rows = dy.shape[0]!;
  const L = rows / B;
  const U = cell.input.scale.size;
  const Z = cell.logits.bias.size;
  const [outerDeter, outerLogits, outerLatent] = (tf.split(dy, [H, Z, Z], 1) as [tf.Tensor, tf.Tensor, tf.Tensor]).map(
    (part) => rowsOf(part, L),
  ) as [tf.Tensor[], tf.Tensor[], tf.Tensor[]];

  // All that does not wait for the way back.
  const first = new NormedLayer(kept.before, cell.input.scale, L);
  const second = new NormedLayer(kept.posteriorBefore, cell.posterior.scale, L);
  const [, deterBefore] = tf.split(kept.joined, [U, H], 1) as [tf.Tensor, tf.Tensor];
  const gate = gateSlopes(kept.gates, deterBefore);
  const gateAt = rowsOf(gate.slopes, L);
  const stayAt = rowsOf(tf.mul(gate.stays, keep), L);
  const keepAt = rowsOf(keep, L);
  const softmax = softmaxed(kept.logits, shape);
  const softmaxAt = rowsOf(softmax, L);
  const mixedAt = rowsOf(tf.mul(softmax, 1 - shape.mix), L);
  const [inputWeight, gatesWeight, posteriorWeight, logitsWeight] = [
    cell.input.latent,
    cell.gates.weight,
    cell.posterior.weight,
    cell.logits.weight,
  ].map((weight) => tf.transpose(weight)) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];

  const none: tf.Tensor[] = new Array(L);
  const [dLogits, dHidden, dPosterior, dGates, dInput, dBefore] = [0, 1, 2, 3, 4, 5].map(() => [...none]) as [
    tf.Tensor[],
    tf.Tensor[],
    tf.Tensor[],
    tf.Tensor[],
    tf.Tensor[],
    tf.Tensor[],
  ];
  let dDeterAfter: tf.Tensor | undefined;
  let dLatentAfter: tf.Tensor | undefined;
  for (let t = L - 1; t >= 0; t--) {
    const dLatent = plus(outerLatent[t]!, dLatentAfter);
    const grouped = tf.reshape(dLatent, softmaxAt[t]!.shape);
    const level = tf.sum(tf.mul(softmaxAt[t]!, grouped), -1, true);
    const through = tf.reshape(tf.mul(mixedAt[t]!, tf.sub(grouped, level)), [B, Z]);
    dLogits[t] = tf.add(outerLogits[t]!, through);
    dHidden[t] = tf.matMul(dLogits[t] as tf.Tensor2D, logitsWeight);
    dPosterior[t] = second.back(t, dHidden[t]!);
    const seen = tf.matMul(dPosterior[t] as tf.Tensor2D, posteriorWeight);
    const dDeter = tf.add(plus(outerDeter[t]!, dDeterAfter), seen);
    dGates[t] = tf.reshape(tf.mul(tf.reshape(dDeter, [B, 1, H]), gateAt[t]!), [B, 3 * H]);
    const [dUp, dAcross] = tf.split(tf.matMul(dGates[t] as tf.Tensor2D, gatesWeight), [U, H], 1) as [
      tf.Tensor,
      tf.Tensor,
    ];
    dInput[t] = dUp;
    dBefore[t] = first.back(t, dUp);
    dDeterAfter = tf.add(tf.mul(dDeter, stayAt[t]!), tf.mul(dAcross, keepAt[t]!));
    dLatentAfter = tf.mul(tf.matMul(dBefore[t] as tf.Tensor2D, inputWeight), keepAt[t]!);
  }

  const [logits, hidden, posterior, gates, input, before] = [dLogits, dHidden, dPosterior, dGates, dInput, dBefore].map(
    joinRows,
  ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const weight = (x: tf.Tensor, d: tf.Tensor): tf.Tensor => tf.matMul(x as tf.Tensor2D, d as tf.Tensor2D, true);
  return [
    weight(kept.latentBefore, before),
    first.scaleGradient(input),
    weight(kept.joined, gates),
    tf.sum(gates, 0),
    weight(kept.deter, posterior),
    second.scaleGradient(hidden),
    weight(kept.hidden, logits),
    tf.sum(logits, 0),
    before,
    posterior,
  ];
}

/**
 * The way back through SiLU(RMSNorm(x) scale). With unit vectors n = x r and slope s = silu'(n scale) scale, it is
 * dx = r (d s - n mean(d s n)).
 */
class NormedLayer {
  private readonly direct: tf.Tensor[];
  private readonly along: tf.Tensor[];
  private readonly unit: tf.Tensor[];
  private readonly bySlope: tf.Tensor;

  constructor(before: tf.Tensor, scale: tf.Tensor, L: number) {
    const factor = tf.rsqrt(tf.add(tf.mean(tf.square(before), -1, true), NORM_EPSILON));
    const unit = tf.mul(before, factor);
    const normal = tf.mul(unit, scale);
    const gate = tf.sigmoid(normal);
    const slope = siluSlope(gate, tf.mul(normal, gate));
    const scaled = tf.mul(slope, scale);
    this.bySlope = tf.mul(slope, unit);
    this.direct = rowsOf(tf.mul(scaled, factor), L);
    this.along = rowsOf(tf.mul(scaled, unit), L);
    this.unit = rowsOf(tf.mul(unit, factor), L);
  }

  back(t: number, d: tf.Tensor): tf.Tensor {
    const shared = tf.mean(tf.mul(d, this.along[t]!), -1, true);
    return tf.sub(tf.mul(d, this.direct[t]!), tf.mul(this.unit[t]!, shared));
  }

  /** d: [L * B, U], of all steps. */
  scaleGradient(d: tf.Tensor): tf.Tensor {
    return tf.sum(tf.mul(d, this.bySlope), 0);
  }
}

/**
 * Of h' = h + u (c - h), c = tanh(r a): what each gate's number changes h' by, [L * B, 3, H], and how much of h stays, 1 - u.
 */
function gateSlopes(gates: tf.Tensor, before: tf.Tensor): { slopes: tf.Tensor; stays: tf.Tensor } {
  const [resetGate, candidate, updateGate] = tf.split(gates, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [reset, update] = [tf.sigmoid(resetGate), tf.sigmoid(updateGate)];
  const proposed = tf.tanh(tf.mul(reset, candidate));
  const stays = tf.sub(1, update);
  const inside = tf.mul(tf.mul(update, tf.sub(1, tf.square(proposed))), reset);
  const byReset = tf.mul(tf.mul(inside, candidate), tf.sub(1, reset));
  const byUpdate = tf.mul(tf.mul(tf.sub(proposed, before), update), stays);
  return { slopes: tf.stack([byReset, inside, byUpdate], 1), stays };
}

function plus(x: tf.Tensor, y: tf.Tensor | undefined): tf.Tensor {
  return y === undefined ? x : tf.add(x, y);
}

/** [L * B, ...] as L tensors of [B, ...]. */
function rowsOf(x: tf.Tensor, L: number): tf.Tensor[] {
  return L === 1 ? [x] : tf.split(x, L, 0);
}

function joinRows(rows: readonly tf.Tensor[]): tf.Tensor {
  return rows.length === 1 ? rows[0]! : tf.concat([...rows], 0);
}
