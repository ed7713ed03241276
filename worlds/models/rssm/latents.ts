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
 * One class of each group, one-hot [..., groups * classes]. race [..., groups * classes] is exp of standard Gumbel noise, that
 * is 1 over an exponential deviate: the largest of probability / exponential is a draw, and needs no logarithm.
 */
export function drawn(probabilities: tf.Tensor, race: tf.Tensor, { groups, classes }: LatentShape): tf.Tensor {
  const { shape } = race;
  const runners = tf.mul(probabilities, tf.reshape(race, [...shape.slice(0, -1), groups, classes]));
  const winner = tf.expandDims(tf.argMax(runners, -1), -1);
  const oneHot = tf.cast(tf.equal(winner, tf.range(0, classes, 1, 'int32')), 'float32');
  return tf.reshape(oneHot, shape);
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
