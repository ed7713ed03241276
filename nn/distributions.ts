/**
 * Distributions over actions, as pure tensor functions. `...` stands for any leading axes ([B], [T, B], [B, N]).
 * Noise is an input, never drawn here: a random op would freeze into a constant of a compiled program.
 *
 * An object of this kind is made and used within one traced function; intermediate results are kept for the next
 * method, because these run in the innermost loop. Differentiable in their parameters, except samples and modes of
 * discrete ones.
 */
import { LightbulbError } from '../core/index.ts';
import { tf } from './engine/tf.ts';

export interface Distribution {
  /** What `sample` wants its noise filled with: standard Gumbel deviates, or standard normals. */
  readonly noise: 'gumbel' | 'normal';
  /** Shape of that noise. */
  readonly noiseShape: readonly number[];
  /** One action for each of the leading axes, a function of the noise alone. */
  sample(noise: tf.Tensor): tf.Tensor;
  /** The most probable action. */
  mode(): tf.Tensor;
  /** Natural logarithm of the probability (density, for real actions) of each action: [...]. */
  logProbability(action: tf.Tensor): tf.Tensor;
  /** In nats: [...]. */
  entropy(): tf.Tensor;
  /** Kullback-Leibler divergence KL(this || other) to a distribution of the same kind and shape: [...]. */
  divergence(other: this): tf.Tensor;
}

/** Over K choices: actions are int32 [...]. */
export interface Categorical extends Distribution {
  /** float32 [..., K]. */
  readonly logits: tf.Tensor;
  /** Normalised logits: float32 [..., K]. */
  logProbabilities(): tf.Tensor;
}

/**
 * What the logit of an illegal action is set to. Finite, so that 0 probability times its logarithm is 0 and not
 * NaN; low enough that its exponential underflows to an exact 0 beside any legal logit.
 */
const ILLEGAL = -1e9;

/** Logits with the illegal actions' put out of reach. legal: bool [..., K]; at least one legal in each row. */
export function maskLogits(logits: tf.Tensor, legal: tf.Tensor): tf.Tensor {
  return tf.where(legal, logits, tf.fill(logits.shape, ILLEGAL));
}

/**
 * Categorical over the last axis of logits [..., K]. With `legal` (bool [..., K]) illegal actions are never drawn,
 * have no part in the entropy and get no gradient.
 *
 * Rows of a batch [R, K] are worked on as [K, R]: with a handful of choices and thousands of rows, every kernel then
 * runs along the rows, which is several times as fast as many reductions of a few numbers each.
 */
export function categorical(logits: tf.Tensor, legal?: tf.Tensor): Categorical {
  const masked = legal === undefined ? logits : maskLogits(logits, legal);
  const choices = masked.shape[masked.rank - 1]!;
  const isTurned = masked.rank === 2;
  const axis = isTurned ? 0 : masked.rank - 1;
  const logged = once(() => logSoftmax(isTurned ? tf.transpose(masked) : masked, axis));
  const probabilities = once(() => tf.exp(logged()));
  const chosen = (action: tf.Tensor): tf.Tensor => {
    const classes = tf.range(0, choices, 1, 'int32');
    const isChosen = isTurned
      ? tf.equal(tf.expandDims(action, 0), tf.reshape(classes, [choices, 1]))
      : tf.equal(tf.expandDims(action, -1), classes);
    return tf.cast(isChosen, 'float32');
  };
  return {
    noise: 'gumbel',
    noiseShape: masked.shape,
    logits: masked,
    logProbabilities: () => (isTurned ? tf.transpose(logged()) : logged()),
    // Gumbel-max (Gumbel 1954; Maddison et al. 2014): the largest of logits + Gumbel noise is a draw from the softmax.
    sample: (noise) => tf.argMax(tf.add(masked, noise), -1),
    mode: () => tf.argMax(masked, -1),
    logProbability: (action) => tf.sum(tf.mul(chosen(action), logged()), axis),
    entropy: () => tf.neg(tf.sum(tf.mul(probabilities(), logged()), axis)),
    divergence: (other) => {
      const others = isTurned ? tf.transpose(other.logProbabilities()) : other.logProbabilities();
      return tf.sum(tf.mul(probabilities(), tf.sub(logged(), others)), axis);
    },
  };
}

/**
 * log softmax along `axis`, with the gradient dy - softmax * sum(dy) written out: tfjs's own takes the last axis only.
 */
function logSoftmax(x: tf.Tensor, axis: number): tf.Tensor {
  const op = tf.customGrad((input, save) => {
    const logits = input as tf.Tensor;
    const shifted = tf.sub(logits, tf.max(logits, axis, true));
    const value = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), axis, true)));
    (save as tf.GradSaveFunc)([value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor =>
      tf.sub(dy, tf.mul(tf.exp(saved[0]!), tf.sum(dy, axis, true)));
    return { value, gradFunc };
  });
  return op(x);
}

/** Independent choices of `sizes[i]` options each: actions are int32 [..., n]. */
export interface MultiCategorical extends Distribution {
  readonly parts: readonly Categorical[];
}

/**
 * Independent categoricals from concatenated logits [..., sum of sizes]; `legal` likewise. Equal sizes run as one
 * categorical over [..., n, K] with the same few kernels as a single choice.
 */
export function multiCategorical(logits: tf.Tensor, sizes: readonly number[], legal?: tf.Tensor): MultiCategorical {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const lead = logits.shape.slice(0, -1);
  if (sizes.length === 0 || logits.shape[logits.rank - 1] !== total)
    throw new LightbulbError('shape', 'the logits do not fit the choices', {
      wanted: `[..., ${total}] for choices of ${sizes.join(', ')}`,
      got: `[${logits.shape.join(',')}]`,
    });
  const size = sizes[0]!;
  const equal = sizes.every((other) => other === size);
  const masked = legal === undefined ? logits : maskLogits(logits, legal);
  const parts = equal
    ? [categorical(tf.reshape(masked, [...lead, sizes.length, size]))]
    : tf.split(masked, [...sizes], -1).map((part) => categorical(part));
  const offsets = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, each) => sum + each, 0));

  /** Of the tensor [..., n] of actions or [..., sum of sizes] of noise, what belongs to each part. */
  const cut = (actions: tf.Tensor): tf.Tensor[] =>
    equal ? [actions] : tf.split(actions, sizes.length, -1).map((action) => tf.squeeze(action, [-1]));
  const cutNoise = (noise: tf.Tensor): tf.Tensor[] =>
    equal
      ? [tf.reshape(noise, [...lead, sizes.length, size])]
      : offsets.map((offset, i) => sliceLast(noise, offset, sizes[i]!));
  const join = (actions: tf.Tensor[]): tf.Tensor => (equal ? actions[0]! : tf.stack(actions, lead.length));
  const addUp = (terms: tf.Tensor[]): tf.Tensor =>
    equal ? tf.sum(terms[0]!, -1) : terms.reduce((sum, term) => tf.add(sum, term));

  return {
    noise: 'gumbel',
    noiseShape: logits.shape,
    parts,
    sample: (noise) => {
      const each = cutNoise(noise);
      return join(parts.map((part, i) => part.sample(each[i]!)));
    },
    mode: () => join(parts.map((part) => part.mode())),
    logProbability: (action) => {
      const each = cut(action);
      return addUp(parts.map((part, i) => part.logProbability(each[i]!)));
    },
    entropy: () => addUp(parts.map((part) => part.entropy())),
    divergence: (other) => addUp(parts.map((part, i) => part.divergence(other.parts[i]!))),
  };
}

/** Independent normals: actions are float32 [..., D]. */
export interface DiagonalGaussian extends Distribution {
  readonly mean: tf.Tensor;
  readonly logStd: tf.Tensor;
}

/**
 * Normal with mean [..., D] and logarithm of the standard deviation [..., D], or [D] where it does not depend on the
 * observation.
 */
export function diagonalGaussian(mean: tf.Tensor, logStd: tf.Tensor): DiagonalGaussian {
  const width = mean.shape[mean.rank - 1]!;
  // Added to zeros rather than broadcastTo: the gradient of that one is a slice and an addition for every row.
  const logDeviation = mean.rank === logStd.rank ? logStd : tf.add(logStd, tf.zerosLike(mean));
  const std = once(() => tf.exp(logDeviation));
  const logScale = once(() => tf.sum(logDeviation, -1));
  return {
    noise: 'normal',
    noiseShape: mean.shape,
    mean,
    logStd: logDeviation,
    sample: (noise) => tf.add(mean, tf.mul(std(), noise)),
    mode: () => mean,
    // -1/2 sum(((a - mean) / std)^2) - sum(log std) - D/2 log(2 pi)
    logProbability: (action) => {
      const distance = tf.sum(tf.square(tf.div(tf.sub(action, mean), std())), -1);
      return tf.sub(tf.sub(tf.mul(distance, -0.5), logScale()), (width / 2) * Math.log(2 * Math.PI));
    },
    // sum(log std) + D/2 (1 + log(2 pi))
    entropy: () => tf.add(logScale(), (width / 2) * (1 + Math.log(2 * Math.PI))),
    // sum(log(s2 / s1) + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2)
    divergence: (other) => {
      const ratio = tf.sub(logDeviation, other.logStd);
      const spread = tf.add(
        tf.exp(tf.mul(ratio, 2)),
        tf.square(tf.div(tf.sub(mean, other.mean), tf.exp(other.logStd))),
      );
      return tf.sub(tf.sum(tf.sub(tf.mul(spread, 0.5), ratio), -1), width / 2);
    },
  };
}

/** Elements `offset` to `offset + size` of the last axis. */
function sliceLast(x: tf.Tensor, offset: number, size: number): tf.Tensor {
  const lead = x.shape.slice(0, -1);
  return tf.slice(x, [...lead.map(() => 0), offset], [...lead, size]);
}

/** `make`, run at the first call and kept. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
