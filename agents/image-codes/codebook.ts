import type { Stream } from '../../core/index.ts';
import { initialisers, tf, type Value, zeros } from '../../nn/index.ts';

/** A codebook that follows the encoder: no gradient, only moving averages. */
export type CodebookOf<X> = {
  /** The entries: [K, D]. */
  readonly vectors: X;
  /** How many vectors of a batch each stands for, on average: N, [K]. */
  readonly counts: X;
  /** The sum of those vectors, on average: m, [K, D]. */
  readonly sums: X;
};

/** Laplace smoothing of the counts, as in Sonnet's code of the paper: keeps an entry that nothing chose finite. */
const SMOOTHING = 1e-5;

/**
 * Entries that nobody has chosen yet, so that they are dead at the first step, and begin as vectors of that batch
 * (where dead codes are revived at all). Uniform in +-1/K, as in the paper's code.
 */
export function initCodebook(stream: Stream, codes: number, features: number): CodebookOf<Value> {
  return {
    vectors: initialisers.uniform(-1 / codes, 1 / codes)(stream, [codes, features]),
    counts: zeros('float32', [codes]),
    sums: zeros('float32', [codes, features]),
  };
}

/** The entry nearest to each vector, the first of those that are equally near. z [M, D], vectors [K, D] -> int32 [M]. */
export function nearest(z: tf.Tensor, vectors: tf.Tensor): tf.Tensor1D {
  // |z - e|^2 without |z|^2, which is the same for all.
  const lengths = tf.sum(tf.square(vectors), 1);
  const products = tf.matMul(z as tf.Tensor2D, vectors as tf.Tensor2D, false, true);
  return tf.argMin(tf.sub(lengths, tf.mul(products, 2)), 1);
}

/** Forward `chosen`; backward as if it were z (van den Oord et al. 2017, section 3.2). Same shapes. */
export function straightThrough(z: tf.Tensor, chosen: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((_z) => ({ value: tf.clone(chosen), gradFunc: (dy: tf.Tensor) => dy }));
  return op(z);
}

/** What a step draws on. M vectors of the batch. */
export interface CodebookStep {
  /** [M, D], and which entry each chose: int32 [M]. */
  readonly z: tf.Tensor;
  readonly ids: tf.Tensor1D;
  /** int32 [K]: which of the M vectors each entry becomes if it is dead. */
  readonly revival: tf.Tensor;
  /** gamma */
  readonly decay: number;
  /** See `ImageCodesTraining.revive`. */
  readonly revive: number;
}

/**
 * The codebook after a batch, as k-means goes with moving averages (van den Oord et al. 2017, appendix A.1):
 * `N_i <- gamma N_i + (1 - gamma) n_i`, `m_i <- gamma m_i + (1 - gamma) sum_j z_ij`, `e_i = m_i / N_i` with N smoothed; an entry that was
 * never chosen stays.
 * Dead entries become vectors of the batch, as in Jukebox (Dhariwal et al. 2020, arXiv 2005.00341, section 3.1), with the
 * count that they must not fall below: one that is not chosen in the next batch either begins anew again, so that what
 * is not in use stays near to where the encoder has moved. `revived`: how many there were.
 */
export function followed(
  codebook: CodebookOf<tf.Tensor>,
  { z, ids, revival, decay, revive }: CodebookStep,
): { readonly codebook: CodebookOf<tf.Tensor>; readonly revived: tf.Scalar } {
  const [M, K] = [z.shape[0]!, codebook.counts.shape[0]!];
  const chosen = tf.oneHot(ids, K, 1, 0, 'float32') as tf.Tensor2D;
  const toward = (average: tf.Tensor, sample: tf.Tensor): tf.Tensor =>
    tf.add(tf.mul(average, decay), tf.mul(sample, 1 - decay));
  const counts = toward(codebook.counts, tf.sum(chosen, 0));
  const sums = toward(codebook.sums, tf.matMul(chosen, z as tf.Tensor2D, true));

  const least = (revive * M) / K;
  const isDead = tf.less(counts, least);
  const isDeadRow = tf.reshape(isDead, [K, 1]);
  const fresh = tf.gather(z, revival as tf.Tensor1D);
  const next = {
    counts: tf.where(isDead, tf.fill([K], least), counts),
    sums: tf.where(isDeadRow, tf.mul(fresh, least), sums),
  };
  const means = tf.div(next.sums, tf.reshape(smoothed(next.counts), [K, 1]));
  const alive = tf.where(tf.greater(tf.reshape(counts, [K, 1]), 0), means, codebook.vectors);
  const vectors = tf.where(isDeadRow, fresh, alive);
  return { codebook: { ...next, vectors }, revived: tf.sum<tf.Scalar>(tf.cast(isDead, 'float32')) };
}

/** Counts that keep their sum n: `(N_i + epsilon) / (n + K epsilon) n`. */
function smoothed(counts: tf.Tensor): tf.Tensor {
  const total = tf.sum(counts);
  const share = tf.div(tf.add(counts, SMOOTHING), tf.add(total, counts.size * SMOOTHING));
  return tf.mul(share, total);
}

/** How many codes a batch uses, as if it used them all alike: exp of the entropy of their shares, 1 to K. */
export function perplexity(ids: tf.Tensor1D, codes: number): tf.Scalar {
  const shares = tf.mean(tf.oneHot(ids, codes, 1, 0, 'float32'), 0);
  return tf.exp(tf.neg(tf.sum<tf.Scalar>(tf.mul(shares, tf.log(tf.add(shares, 1e-10))))));
}
