import { fromLeaves, leaves, rowsByStep, stepsByFeatures, tf, transposedOnce } from '../../../nn/index.ts';
import { NORM_EPSILON, siluSlope } from '../trunk.ts';
import type { CellOf } from './cell.ts';
import { drawn, type LatentShape, mixed, softmaxed } from './latents.ts';

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
 * Runs the cell over time: `recur`, then the posterior and a draw of it, step by step, with numbers feature by feature ([features, B], see
 * `nn/layers/by-features.ts`) but for the latents, which are drawn in rows. Backpropagation through time is written out, not left to
 * autodiff: whatever does not wait for the step behind it (derivatives of gates and norms, the gradients of all weights) is worked out for
 * all steps in one operator, and the way back keeps four products and about thirty small operators a step. Gradients reach the cell's
 * weights, `action` and `observation`.
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
    const all = (name: keyof Step): tf.Tensor[] => steps.map((step) => step[name]);
    const value = tf.concat([rowsByStep(all('deter')), stacked(all('logits')), stacked(all('latent'))], 1);
    const way = {
      cell,
      keep: inputs.keep,
      unit: stacked(all('unit')),
      factor: stacked(all('factor')),
      operand: sideBySide(all('operand')),
      deterBefore: stacked(all('deterBefore')),
      gates: stacked(all('gates')),
      posteriorUnit: stacked(all('posteriorUnit')),
      posteriorFactor: stacked(all('posteriorFactor')),
      hidden: sideBySide(all('hidden')),
      logits: stacked(all('logits')),
      deter: sideBySide(all('deter')),
      latentBefore: stacked(all('latentBefore')),
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
interface Step {
  /** [H, B]. */
  readonly deter: tf.Tensor;
  /** [B, Z]. */
  readonly logits: tf.Tensor;
  /** [B, Z], one-hot in each group. */
  readonly latent: tf.Tensor;
  /** [U, B] and [1, B]: of the layer before the GRU, what the norm makes of it before its scale, and by what factor. */
  readonly unit: tf.Tensor;
  readonly factor: tf.Tensor;
  /** [U + H + 1, B]: what the gates are made from, and a row of ones for their bias. */
  readonly operand: tf.Tensor;
  /** [3 H, B]: in front of their functions. */
  readonly gates: tf.Tensor;
  /** The same of the posterior's hidden layer. */
  readonly posteriorUnit: tf.Tensor;
  readonly posteriorFactor: tf.Tensor;
  /** [U, B]: behind its activation. */
  readonly hidden: tf.Tensor;
  /** [H, B] and [B, Z]: what came in, 0 where an episode begins. */
  readonly deterBefore: tf.Tensor;
  readonly latentBefore: tf.Tensor;
}

/** What the way back needs, of all steps: one below the other ([L * features, B] or [L * B, Z]) or side by side ([features, L * B]). */
interface WayBack {
  readonly cell: CellOf<tf.Tensor>;
  readonly keep: tf.Tensor;
  readonly unit: tf.Tensor;
  readonly factor: tf.Tensor;
  readonly operand: tf.Tensor;
  readonly deterBefore: tf.Tensor;
  readonly gates: tf.Tensor;
  readonly posteriorUnit: tf.Tensor;
  readonly posteriorFactor: tf.Tensor;
  readonly hidden: tf.Tensor;
  readonly logits: tf.Tensor;
  readonly deter: tf.Tensor;
  readonly latentBefore: tf.Tensor;
}

function forward(cell: CellOf<tf.Tensor>, inputs: UnrollInputs, L: number, shape: LatentShape): Step[] {
  const B = inputs.deter.shape[0]!;
  const Z = inputs.latent.shape[1]!;
  const actions = stepsByFeatures(inputs.action, L);
  const observations = stepsByFeatures(inputs.observation, L);
  const uniforms = partsOf(inputs.uniform, L);
  const keepRows = partsOf(inputs.keep, L);
  const keeps = partsOf(tall(inputs.keep, L, inputs.deter.shape[1]!), L);
  const gatesAndBias = tf.concat([cell.gates.weight, tf.reshape(cell.gates.bias, [1, -1])], 0);
  const [inputWeight, gatesWeight, posteriorWeight, logitsWeight] = [
    cell.input.latent,
    gatesAndBias,
    cell.posterior.weight,
    cell.logits.weight,
  ].map(transposedOnce) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const inputScale = column(cell.input.scale);
  const posteriorScale = column(cell.posterior.scale);
  const bias = tf.reshape(cell.logits.bias, [1, Z]);
  const ones = tf.ones([1, B]);
  const steps: Step[] = [];
  let deter = tf.transpose(inputs.deter);
  let { latent } = inputs;
  for (let t = 0; t < L; t++) {
    const latentBefore = tf.mul(latent, keepRows[t]!);
    const deterBefore = tf.mul(deter, keeps[t]!);
    const before = tf.add(tf.matMul(inputWeight, latentBefore as tf.Tensor2D, false, true), actions[t]!);
    const { active, unit, factor } = activated(before, inputScale);
    const operand = tf.concat([active, deterBefore, ones], 0);
    const gates = tf.matMul(gatesWeight, operand as tf.Tensor2D);
    const [reset, candidate, update] = tf.split(gates as tf.Tensor, 3, 0) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const proposed = tf.tanh(tf.mul(tf.sigmoid(reset), candidate));
    deter = tf.add(deterBefore, tf.mul(tf.sigmoid(update), tf.sub(proposed, deterBefore)));
    const posteriorBefore = tf.add(tf.matMul(posteriorWeight, deter as tf.Tensor2D), observations[t]!);
    const posterior = activated(posteriorBefore, posteriorScale);
    const hidden = posterior.active;
    const logits = tf.add(tf.transpose(tf.matMul(logitsWeight, hidden as tf.Tensor2D)), bias);
    latent = drawn(mixed(softmaxed(logits, shape), shape), uniforms[t]!, shape);
    steps.push({
      deter,
      logits,
      latent,
      unit,
      factor,
      operand,
      gates,
      posteriorUnit: posterior.unit,
      posteriorFactor: posterior.factor,
      hidden,
      deterBefore,
      latentBefore,
    });
  }
  return steps;
}

/** dy: [L * B, H + 2 Z]. The gradients of what `unroll` learns by, in its order. */
function backward({ cell, keep, ...kept }: WayBack, B: number, shape: LatentShape, dy: tf.Tensor): tf.Tensor[] {
  const H = kept.deter.shape[0]!;
  const rows = dy.shape[0]!;
  const L = rows / B;
  const U = cell.input.scale.size;
  const Z = cell.logits.bias.size;
  const [outer, outerLogitRows, outerLatentRows] = tf.split(dy, [H, Z, Z], 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const outerDeter = stepsByFeatures(outer, L);
  const outerLogits = partsOf(outerLogitRows, L);
  const outerLatent = partsOf(outerLatentRows, L);

  // All that does not wait for the way back.
  const first = new NormedLayer(kept.unit, kept.factor, cell.input.scale);
  const second = new NormedLayer(kept.posteriorUnit, kept.posteriorFactor, cell.posterior.scale);
  const gate = gateSlopes(tf.reshape(kept.gates, [L, 3 * H, B]), tf.reshape(kept.deterBefore, [L, H, B]));
  const gateAt = partsOf(gate.slopes, L);
  const keeps = tall(keep, L, H);
  const keepAt = partsOf(keeps, L);
  const stayAt = partsOf(tf.mul(tf.reshape(gate.stays, [L * H, B]), keeps), L);
  const keepRows = partsOf(keep, L);
  const softmax = softmaxed(kept.logits, shape);
  const softmaxAt = partsOf(softmax, L);
  const mixedAt = partsOf(tf.mul(softmax, 1 - shape.mix), L);
  const gatesWeight = cell.gates.weight as tf.Tensor2D;

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
    dHidden[t] = tf.matMul(cell.logits.weight as tf.Tensor2D, dLogits[t] as tf.Tensor2D, false, true);
    dPosterior[t] = second.back(t, dHidden[t]!);
    const seen = tf.matMul(cell.posterior.weight as tf.Tensor2D, dPosterior[t] as tf.Tensor2D);
    const dDeter = tf.add(plus(outerDeter[t]!, dDeterAfter), seen);
    dGates[t] = tf.reshape(tf.mul(tf.reshape(dDeter, [1, H, B]), gateAt[t]!), [3 * H, B]);
    const [dUp, dAcross] = tf.split(tf.matMul(gatesWeight, dGates[t] as tf.Tensor2D) as tf.Tensor, [U, H], 0) as [
      tf.Tensor,
      tf.Tensor,
    ];
    dInput[t] = dUp;
    dBefore[t] = first.back(t, dUp);
    dDeterAfter = tf.add(tf.mul(dDeter, stayAt[t]!), tf.mul(dAcross, keepAt[t]!));
    const dLatentBefore = tf.matMul(cell.input.latent as tf.Tensor2D, dBefore[t] as tf.Tensor2D);
    dLatentAfter = tf.mul(tf.transpose(dLatentBefore), keepRows[t]!);
  }

  const logits = stacked(dLogits) as tf.Tensor2D;
  const [gates, posterior, before] = [dGates, dPosterior, dBefore].map(sideBySide) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const ofGates = tf.matMul(kept.operand as tf.Tensor2D, gates, false, true) as tf.Tensor;
  const [dGatesWeight, dGatesBias] = tf.split(ofGates, [U + H, 1], 0) as [tf.Tensor, tf.Tensor];
  return [
    tf.matMul(kept.latentBefore as tf.Tensor2D, before, true, true),
    first.scaleGradient(stacked(dInput)),
    dGatesWeight,
    tf.reshape(dGatesBias, [3 * H]),
    tf.matMul(kept.deter as tf.Tensor2D, posterior, false, true),
    second.scaleGradient(stacked(dHidden)),
    tf.matMul(kept.hidden as tf.Tensor2D, logits),
    tf.sum(logits, 0),
    rowsByStep(dBefore),
    rowsByStep(dPosterior),
  ];
}

/** SiLU of the RMSNorm over features, in the fewest operators. before [U, B], scale [U, 1]. */
function activated(before: tf.Tensor, scale: tf.Tensor): { active: tf.Tensor; unit: tf.Tensor; factor: tf.Tensor } {
  const factor = tf.rsqrt(tf.add(tf.mean(tf.square(before), 0, true), NORM_EPSILON));
  const unit = tf.mul(before, factor);
  const normal = tf.mul(unit, scale);
  return { active: tf.mul(normal, tf.sigmoid(normal)), unit, factor };
}

/**
 * The way back through SiLU(RMSNorm(x) scale). With unit vectors n = x r and slope s = silu'(n scale) scale, it is
 * dx = r (d s - n mean(d s n)).
 */
class NormedLayer {
  private readonly direct: tf.Tensor[];
  private readonly along: tf.Tensor[];
  private readonly unit: tf.Tensor[];
  /** [L, U, B]. */
  private readonly bySlope: tf.Tensor;

  /** unit: [L * U, B]; factor: [L, B]; scale: [U]. */
  constructor(unit: tf.Tensor, factor: tf.Tensor, scale: tf.Tensor) {
    const [L, B] = factor.shape as [number, number];
    const U = scale.size;
    const x = tf.reshape(unit, [L, U, B]);
    const scales = column(scale);
    const factors = tf.reshape(tall(factor, L, U), [L, U, B]);
    const normal = tf.mul(x, scales);
    const gate = tf.sigmoid(normal);
    const slope = siluSlope(gate, tf.mul(normal, gate));
    const scaled = tf.mul(slope, scales);
    const steps = (all: tf.Tensor): tf.Tensor[] => partsOf(tf.reshape(all, [L * U, B]), L);
    this.bySlope = tf.mul(slope, x);
    this.direct = steps(tf.mul(scaled, factors));
    this.along = steps(tf.mul(scaled, x));
    this.unit = steps(tf.mul(x, factors));
  }

  back(t: number, d: tf.Tensor): tf.Tensor {
    const shared = tf.mean(tf.mul(d, this.along[t]!), 0, true);
    return tf.sub(tf.mul(d, this.direct[t]!), tf.mul(this.unit[t]!, shared));
  }

  /** d: [L * U, B], of all steps. */
  scaleGradient(d: tf.Tensor): tf.Tensor {
    return tf.sum(tf.mul(tf.reshape(d, this.bySlope.shape), this.bySlope), [0, 2]);
  }
}

/**
 * Of h' = h + u (c - h), c = tanh(r a): what each gate's number changes h' by, [L * 3, H, B], and how much of h stays, 1 - u, [L, H, B].
 * gates: [L, 3 H, B]; before: [L, H, B].
 */
function gateSlopes(gates: tf.Tensor, before: tf.Tensor): { slopes: tf.Tensor; stays: tf.Tensor } {
  const [resetGate, candidate, updateGate] = tf.split(gates, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [reset, update] = [tf.sigmoid(resetGate), tf.sigmoid(updateGate)];
  const proposed = tf.tanh(tf.mul(reset, candidate));
  const stays = tf.sub(1, update);
  const inside = tf.mul(tf.mul(update, tf.sub(1, tf.square(proposed))), reset);
  const byReset = tf.mul(tf.mul(inside, candidate), tf.sub(1, reset));
  const byUpdate = tf.mul(tf.mul(tf.sub(proposed, before), update), stays);
  const [L, H, B] = before.shape as [number, number, number];
  return { slopes: tf.reshape(tf.concat([byReset, inside, byUpdate], 1), [L * 3, H, B]), stays };
}

function plus(x: tf.Tensor, y: tf.Tensor | undefined): tf.Tensor {
  return y === undefined ? x : tf.add(x, y);
}

/** [U] -> [U, 1]. */
function column(x: tf.Tensor): tf.Tensor {
  return tf.reshape(x, [x.size, 1]);
}

/** One number for each step and sequence, [L, B] in any shape -> [L * features, B]: stretching as one multiplies is slow where `B` is small. */
function tall(x: tf.Tensor, L: number, features: number): tf.Tensor {
  const B = x.size / L;
  return tf.reshape(tf.tile(tf.reshape(x, [L, 1, B]), [1, features, 1]), [L * features, B]);
}

/** [L * n, ...] as L tensors of [n, ...]. */
function partsOf(x: tf.Tensor, L: number): tf.Tensor[] {
  return L === 1 ? [x] : tf.split(x, L, 0);
}

function stacked(parts: readonly tf.Tensor[]): tf.Tensor {
  return parts.length === 1 ? parts[0]! : tf.concat([...parts], 0);
}

/** L tensors [F, B] -> [F, L * B]. */
function sideBySide(parts: readonly tf.Tensor[]): tf.Tensor {
  return parts.length === 1 ? parts[0]! : tf.concat([...parts], 1);
}
