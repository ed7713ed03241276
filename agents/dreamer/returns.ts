import { tf } from '../../nn/index.ts';

/** All [T, R], time-major: T steps after a start, R rows. */
export interface LambdaInputs {
  /** The reward of step t, paid on arriving in state t + 1. */
  readonly reward: tf.Tensor;
  /** What state t + 1 is worth relative to a step earlier: discount times the probability that it goes on; 0 where it ends. */
  readonly discount: tf.Tensor;
  /** The value of state t + 1. */
  readonly value: tf.Tensor;
  /** 0 where nothing is known behind state t + 1 although it goes on (a truncated episode), else 1. Default all 1. */
  readonly follows?: tf.Tensor;
}

/**
 * Lambda returns of states 0 to T - 1 (Sutton and Barto 2018, section 12.1; DreamerV3, arXiv 2301.04104, eq. 7):
 * R_t = r_t + discount_t ((1 - lambda) v_{t+1} + lambda R_{t+1}), and R_T = v_T. [T, R].
 */
export function lambdaReturns({ reward, discount, value, follows }: LambdaInputs, lambda: number): tf.Tensor {
  const T = reward.shape[0]!;
  const rows = (x: tf.Tensor): tf.Tensor[] => tf.unstack(x);
  const [rewards, discounts, values] = [rows(reward), rows(discount), rows(value)];
  const shares = follows === undefined ? undefined : rows(tf.mul(follows, lambda));
  const returns: tf.Tensor[] = new Array(T);
  let next = values[T - 1]!;
  for (let t = T - 1; t >= 0; t--) {
    // v + share (R - v), which is v itself at the end.
    const mixed = tf.add(values[t]!, tf.mul(tf.sub(next, values[t]!), shares?.[t] ?? lambda));
    next = tf.add(rewards[t]!, tf.mul(discounts[t]!, mixed));
    returns[t] = next;
  }
  return tf.stack(returns);
}

/** The `share` quantile of all numbers of x, between neighbours as NumPy has it: a scalar. */
export function quantile(x: tf.Tensor, share: number): tf.Scalar {
  // The largest of -x are the smallest of x: whichever end is nearer needs fewer of them.
  const isHigh = share >= 0.5;
  const flat = tf.reshape<tf.Rank.R1>(isHigh ? x : tf.neg(x), [-1]);
  const at = (isHigh ? 1 - share : share) * (flat.size - 1);
  const below = Math.floor(at);
  const k = Math.min(flat.size, below + 2);
  const { values } = tf.topk(flat, k, true);
  const [near, far] = [below, Math.min(below + 1, k - 1)].map((i) => tf.slice(values, [i], [1])) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const found = tf.reshape<tf.Rank.R0>(tf.add(near, tf.mul(tf.sub(far, near), at - below)), []);
  return isHigh ? found : tf.neg(found);
}
