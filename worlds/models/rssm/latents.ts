import { tf } from '../../../nn/index.ts';

/** How a latent state is made up: `groups` choices among `classes` each; `mix` is the share of the uniform in each. */
export interface LatentShape {
  readonly groups: number;
  readonly classes: number;
  readonly mix: number;
}

/** logits [..., groups * classes] -> [..., groups, classes]: softmax, without the uniform. */
export function softmaxed(logits: tf.Tensor, { groups, classes }: LatentShape): tf.Tensor {
  return tf.softmax(tf.reshape(logits, [...logits.shape.slice(0, -1), groups, classes]));
}

/** Probabilities with 1 % (`mix`) of the uniform in them: no class is ever out of reach, and no logarithm infinite. */
export function mixed(softmax: tf.Tensor, { classes, mix }: LatentShape): tf.Tensor {
  return tf.add(tf.mul(softmax, 1 - mix), mix / classes);
}

/**
 * One class of each group, one-hot: probabilities [..., groups, classes] and numbers from [0, 1) [..., groups] -> [..., groups * classes].
 * The class is how many of the sums of the first probabilities lie at or below the number: one random number a group, where a perturbed
 * maximum takes one for each class.
 */
export function drawn(probabilities: tf.Tensor, uniform: tf.Tensor, { groups, classes }: LatentShape): tf.Tensor {
  const lead = uniform.shape.slice(0, -1);
  // The last sum is 1, and rounding could leave it below the number: it is not asked. As a product sums are cheap.
  const rows = tf.reshape<tf.Rank.R2>(probabilities, [-1, classes]);
  const sums = tf.matMul(rows, tf.tensor2d(summing(classes), [classes, classes - 1]));
  const passed = tf.cast(tf.greaterEqual(tf.reshape(uniform, [-1, 1]), sums), 'float32');
  const oneHot = tf.equal(tf.sum(passed, -1, true), tf.range(0, classes));
  return tf.reshape(tf.cast(oneHot, 'float32'), [...lead, groups * classes]);
}

/** [classes, classes - 1], row-major: column k adds up the first k + 1. */
function summing(classes: number): number[] {
  return Array.from({ length: classes * (classes - 1) }, (_, i) =>
    Math.floor(i / (classes - 1)) <= i % (classes - 1) ? 1 : 0,
  );
}

/**
 * KL(posterior || prior) in nats, summed over the groups: [...], of logits [..., groups * classes] with the uniform mixed in. Only
 * one side learns from it, the other's gradient is stopped: `prior` for what DreamerV3 calls dynamics loss, `posterior`
 * for its representation loss.
 */
export function divergence(
  posterior: tf.Tensor,
  prior: tf.Tensor,
  learner: 'prior' | 'posterior',
  shape: LatentShape,
): tf.Tensor {
  const learning = learner === 'prior' ? prior : posterior;
  const op = tf.customGrad((_learning, save) => {
    const [s, t] = [softmaxed(posterior, shape), softmaxed(prior, shape)];
    const [p, q] = [mixed(s, shape), mixed(t, shape)];
    const excess = tf.log(tf.div(p, q));
    const value = tf.sum(tf.mul(p, excess), [-2, -1]);
    // dKL/dq = -p / q and dKL/dp = log(p / q) + 1; the 1 vanishes behind the softmax.
    const slope = learner === 'prior' ? tf.neg(tf.div(p, q)) : excess;
    const softmax = learner === 'prior' ? t : s;
    const pulled = tf.mul(softmax, tf.sub(slope, tf.sum(tf.mul(softmax, slope), -1, true)));
    (save as tf.GradSaveFunc)([tf.reshape(tf.mul(pulled, 1 - shape.mix), learning.shape)]);
    const gradFunc = (dy: tf.Tensor, [pull]: tf.Tensor[]): tf.Tensor => tf.mul(tf.expandDims(dy, -1), pull!);
    return { value, gradFunc };
  });
  return op(learning);
}
