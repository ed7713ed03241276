import { LightbulbError, type Stream } from '../../core/index.ts';
import {
  type Activation,
  activations,
  float32,
  mapTree,
  orthogonal,
  type Tree,
  tf,
  type Value,
} from '../../nn/index.ts';
import { detached } from './detached.ts';
import type { Noise, NoiseSpec } from './model.ts';

export interface EnsembleOptions {
  /** F: numbers of a state's features. */
  readonly inputs: number;
  /** A: numbers of an action. */
  readonly actions: number;
  /** E: numbers of what is predicted of the next state: its features, or an embedding of its observation. */
  readonly targets: number;
  /** K, at least 2. Default 10, as WAKER's and DreamerV2's. */
  readonly members?: number;
  /** Units of each hidden layer. Default 128. */
  readonly units?: number;
  /** Hidden layers, at least 1. Default 2. */
  readonly layers?: number;
  readonly activation?: Activation;
  /**
   * beta of Osband et al. 2018 (arXiv 1806.03335): each member is a network that learns plus beta times a fixed one of the
   * same shape with weights of its own. 0 for none. Default 1, which suits targets of size 1.
   */
  readonly prior?: number;
  /** Probability that a transition of a batch is one that a member learns from, drawn anew each time. Default 1. */
  readonly bootstrap?: number;
  /**
   * What disagreement is. `variance` (default): over members with K - 1 in the denominator, the mean over dimensions
   * (Plan2Explore, Sekar et al. 2020, equation 2). `deviation`: the mean over dimensions of the population's standard
   * deviation, as in the code of DreamerV2 and of WAKER.
   */
  readonly disagreement?: 'variance' | 'deviation';
}

/** Layers `0`, `1`, ... of all members: weight [K, in, out], bias [K, 1, out]; the first one's weight is [in, K out]. */
export type MembersOf<X> = { readonly [layer: string]: { readonly weight: X; readonly bias: X } };

/**
 * `prior` learns nothing. It stands among the parameters nevertheless: so it is saved and loaded with them, and programs
 * stay functions of their inputs. Its gradient is exactly 0; an optimiser that decays weights must leave it out.
 */
export type EnsembleOf<X> = { readonly learned: MembersOf<X>; readonly prior?: MembersOf<X> };

/** Leading axes [...] may be any; parameters as from `initialise`. */
export interface Ensemble {
  readonly members: number;
  /** Noise of one row of `losses`; empty without a bootstrap. */
  readonly noise: NoiseSpec;
  initialise(stream: Stream): EnsembleOf<Value>;
  /** features [..., F] before, action [..., A] taken there -> what each member expects next: [K, rows, E]. */
  predict(parameters: Tree<tf.Tensor>, features: tf.Tensor, action: tf.Tensor): tf.Tensor;
  /**
   * Squared errors of all members: the mean over rows and dimensions, the sum over members, so that each learns as if it
   * were alone. In a `ModelSequence` the action of row t + 1 is the one that is taken at row t. Neither features nor
   * targets get a gradient. weights: [...], 0 for what is no transition (the next row begins an episode), else 1.
   */
  losses(
    parameters: Tree<tf.Tensor>,
    features: tf.Tensor,
    action: tf.Tensor,
    target: tf.Tensor,
    noise?: Noise,
    weights?: tf.Tensor,
  ): { readonly loss: tf.Tensor; readonly parts: { readonly ensemble: tf.Tensor } };
  /** How much the members disagree about what comes next: [...], at least 0. */
  disagreement(parameters: Tree<tf.Tensor>, features: tf.Tensor, action: tf.Tensor): tf.Tensor;
}

/**
 * K networks that predict one step ahead, for exploration by disagreement (Plan2Explore, Sekar et al. 2020, arXiv
 * 2005.05960). Each predicts a mean, so noise that nobody can predict ceases to be a matter of dispute; only what was not
 * seen stays one. That it does so has a precondition: members must differ where there were no data, which random priors
 * make sure of (docs/world-models.md). All members run in the same few products.
 *
 * Error `invalid_input` for sizes that cannot be.
 */
export function createEnsemble(options: EnsembleOptions): Ensemble {
  const { inputs, actions, targets, members = 10, units = 128, layers = 2 } = options;
  const { activation = 'silu', prior = 1, bootstrap = 1, disagreement: measure = 'variance' } = options;
  checkOptions({ inputs, actions, targets, members, units, layers, prior, bootstrap });
  const sizes = [inputs + actions, ...Array<number>(layers).fill(units), targets];
  const isResampled = bootstrap < 1;

  const predict: Ensemble['predict'] = (parameters, features, action) => {
    const { learned, prior: fixed } = parameters as EnsembleOf<tf.Tensor>;
    const joined = tf.concat([features, action], -1);
    const x = tf.reshape(joined, [-1, sizes[0]!]);
    const expected = forward(learned, x, members, activation);
    if (fixed === undefined) return expected;
    // Stopped at its weights and not at its output: nothing of the way back is left to compute then.
    const still = mapTree(fixed, (leaf: tf.Tensor) => detached(leaf)) as MembersOf<tf.Tensor>;
    return tf.add(expected, tf.mul(forward(still, x, members, activation), prior));
  };

  return {
    members,
    noise: isResampled ? { member: { kind: 'uniform', size: members } } : {},
    predict,

    initialise(stream) {
      const learned = membersOf(stream, sizes, members);
      return prior === 0 ? { learned } : { learned, prior: membersOf(stream, sizes, members) };
    },

    losses(parameters, features, action, target, noise = {}, weights) {
      const expected = predict(parameters, detached(features), action);
      const truth = tf.reshape(detached(target), [1, -1, targets]);
      const errors = tf.mean(tf.square(tf.sub(expected, truth)), -1);
      const share = memberWeights(noise, weights);
      const total = share === undefined ? tf.mean(errors, 1) : weightedMean(errors, share);
      return { loss: tf.sum(total), parts: { ensemble: tf.mean(total) } };
    },

    disagreement(parameters, features, action) {
      const expected = predict(parameters, features, action);
      const deviations = tf.sub(expected, tf.mean(expected, 0, true));
      const squares = tf.sum(tf.square(deviations), 0);
      const spread = measure === 'variance' ? tf.div(squares, members - 1) : tf.sqrt(tf.div(squares, members));
      return tf.reshape(tf.mean(spread, -1), features.shape.slice(0, -1));
    },
  };

  /** [K or 1, rows], or nothing where all rows count alike. */
  function memberWeights(noise: Noise, weights: tf.Tensor | undefined): tf.Tensor | undefined {
    const whole = weights === undefined ? undefined : tf.reshape(weights, [1, -1]);
    if (!isResampled) return whole;
    const { member } = noise;
    if (member === undefined)
      throw new LightbulbError('invalid_input', 'an ensemble with a bootstrap needs noise', { where: 'noise/member' });
    const taken = tf.cast(tf.less(tf.transpose(tf.reshape(member, [-1, members])), bootstrap), 'float32');
    return whole === undefined ? taken : tf.mul(taken, whole);
  }
}

/** errors [K, rows] -> [K]; 0 where nothing counts. */
function weightedMean(errors: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  return tf.div(tf.sum(tf.mul(errors, weights), 1), tf.maximum(tf.sum(weights, 1), 1));
}

/** x [rows, in] -> [K, rows, out]. */
function forward(layers: MembersOf<tf.Tensor>, x: tf.Tensor, members: number, activation: Activation): tf.Tensor {
  const count = Object.keys(layers).length;
  // All members see the same rows: one product, then the members to the front.
  const side = tf.matMul(x as tf.Tensor2D, layers['0']!.weight as tf.Tensor2D);
  let y: tf.Tensor = tf.transpose(tf.reshape(side, [x.shape[0]!, members, -1]), [1, 0, 2]);
  for (let i = 0; i < count; i++) {
    const { weight, bias } = layers[String(i)]!;
    if (i > 0) y = tf.matMul(activations[activation](y), weight);
    y = tf.add(y, bias);
  }
  return y;
}

function membersOf(stream: Stream, sizes: readonly number[], members: number): MembersOf<Value> {
  const layers: Record<string, { weight: Value; bias: Value }> = {};
  for (let i = 0; i + 1 < sizes.length; i++) {
    const [inputs, outputs] = [sizes[i]!, sizes[i + 1]!];
    const gain = i + 2 === sizes.length ? 1 : Math.SQRT2;
    const weights = Array.from({ length: members }, () => orthogonal(gain)(stream, [inputs, outputs]));
    layers[String(i)] = {
      weight: i === 0 ? sideBySide(weights) : stacked(weights),
      bias: float32([members, 1, outputs]),
    };
  }
  return layers;
}

/** K of [in, out] -> [K, in, out]. */
function stacked(weights: readonly Value[]): Value {
  const { shape, data } = weights[0]!;
  const all = new Float32Array(weights.length * data.length);
  for (const [k, weight] of weights.entries()) all.set(weight.data, k * data.length);
  return float32([weights.length, ...shape], all);
}

/** K of [in, out] -> [in, K out]. */
function sideBySide(weights: readonly Value[]): Value {
  const [inputs, outputs] = weights[0]!.shape as [number, number];
  const all = new Float32Array(inputs * weights.length * outputs);
  for (const [k, { data }] of weights.entries())
    for (let row = 0; row < inputs; row++)
      all.set(data.subarray(row * outputs, (row + 1) * outputs), (row * weights.length + k) * outputs);
  return float32([inputs, weights.length * outputs], all);
}

function checkOptions(options: Readonly<Record<string, number>>): void {
  const LEAST: Readonly<Record<string, number>> = { actions: 0, members: 2 };
  for (const [name, value] of Object.entries(options)) {
    const least = LEAST[name] ?? 1;
    if (name === 'prior' && !(value >= 0 && Number.isFinite(value))) throw wrong(name, 'a number from 0', value);
    if (name === 'bootstrap' && !(value > 0 && value <= 1)) throw wrong(name, 'above 0, at most 1', value);
    if (name === 'prior' || name === 'bootstrap') continue;
    if (!Number.isSafeInteger(value) || value < least) throw wrong(name, `a whole number from ${least}`, value);
  }
}

function wrong(where: string, wanted: string, got: number): LightbulbError {
  return new LightbulbError('invalid_input', 'an ensemble cannot be built so', { where, wanted, got: String(got) });
}
