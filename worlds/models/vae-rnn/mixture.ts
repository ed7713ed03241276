import { tf } from '../../../nn/index.ts';

/**
 * Mixtures of K Gaussians: one for each of Z numbers by itself, the joint density being their product (Ha and Schmidhuber
 * 2018), or one for all of them together, whose components are chosen as wholes (Bishop 1994). The components are the
 * second axis, so that every kernel runs along the latents.
 */
export interface Mixture {
  /** Unnormalised log weights: [N, K, Z], or [N, K, 1] of one mixture for all. */
  readonly logits: tf.Tensor;
  /** [N, K, Z]. */
  readonly mean: tf.Tensor;
  /** Natural logarithm of the standard deviation: [N, K, Z]. */
  readonly logDeviation: tf.Tensor;
}

const LOG_ROOT_2PI = 0.5 * Math.log(2 * Math.PI);

/** How many numbers a head needs for a mixture. */
export function mixtureSize(mixtures: number, latent: number, isJoint: boolean): number {
  return isJoint ? mixtures * (1 + 2 * latent) : 3 * mixtures * latent;
}

/** The mixture in a head's numbers: [N, `mixtureSize`]. */
export function mixtureOf(numbers: tf.Tensor, mixtures: number, latent: number, isJoint = false): Mixture {
  if (!isJoint) {
    const parts = tf.split(tf.reshape(numbers, [-1, 3 * mixtures, latent]), 3, 1);
    const [logits, mean, logDeviation] = parts as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { logits, mean, logDeviation };
  }
  const size = mixtures * latent;
  const [logits, mean, logDeviation] = tf.split(numbers, [mixtures, size, size], 1) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const shaped = (x: tf.Tensor, last: number) => tf.reshape(x, [-1, mixtures, last]);
  return { logits: shaped(logits, 1), mean: shaped(mean, latent), logDeviation: shaped(logDeviation, latent) };
}

/** Log density in nats. z: [N, Z] -> [N, Z], of each number by itself; [N, 1] of all, where they have one mixture. */
export function logDensity({ logits, mean, logDeviation }: Mixture, z: tf.Tensor): tf.Tensor {
  const distance = tf.mul(tf.sub(tf.expandDims(z, 1), mean), tf.exp(tf.neg(logDeviation)));
  const each = tf.sub(tf.sub(tf.mul(tf.square(distance), -0.5), logDeviation), LOG_ROOT_2PI);
  const ofComponent = logits.shape[2] === each.shape[2] ? each : tf.sum(each, 2, true);
  return tf.sub(logSumExp(tf.add(logits, ofComponent)), logSumExp(logits));
}

/**
 * One draw of each number: [N, Z]. chance: uniform [N, Z], which decides the component (of one mixture for all, its first); normal: standard normal [N, Z].
 * `temperature` divides the log weights, and multiplies the variance: the paper's two places.
 */
export function drawMixture(
  { logits, mean, logDeviation }: Mixture,
  chance: tf.Tensor,
  normal: tf.Tensor,
  temperature: tf.Tensor | number = 1,
): tf.Tensor {
  const [rows, mixtures, width] = logits.shape as [number, number, number];
  const decisive = width === chance.shape[1] ? chance : tf.slice(chance, [0, 0], [rows, width]);
  const heated = tf.div(logits, temperature);
  const weights = tf.exp(tf.sub(heated, tf.max(heated, 1, true)));
  const bar = tf.mul(tf.expandDims(decisive, 1), tf.sum(weights, 1, true));
  // 1 as long as the bar lies above all components before this one: the last such component is drawn.
  const above = tf.cast(tf.greaterEqual(bar, tf.cumsum(weights, 1, true)), 'float32');
  const rest = tf.slice(above, [0, 1, 0], [rows, mixtures - 1, width]);
  const drawn = tf.sub(above, tf.concat([rest, tf.zeros([rows, 1, width])], 1));
  const pick = (values: tf.Tensor): tf.Tensor => tf.sum(tf.mul(drawn, values), 1);
  const deviation = tf.mul(tf.exp(pick(logDeviation)), rootOf(temperature));
  return tf.add(pick(mean), tf.mul(deviation, normal));
}

function rootOf(temperature: tf.Tensor | number): tf.Tensor | number {
  return typeof temperature === 'number' ? Math.sqrt(temperature) : tf.sqrt(temperature);
}

/** log sum exp along the components: [N, K, Z] -> [N, Z]. */
function logSumExp(x: tf.Tensor): tf.Tensor {
  const highest = tf.max(x, 1, true);
  return tf.add(tf.squeeze(highest, [1]), tf.log(tf.sum(tf.exp(tf.sub(x, highest)), 1)));
}
