import { tf } from '../../nn/index.ts';

/**
 * Symmetric logarithm (Webber 2012; DreamerV3, Hafner et al., arXiv 2301.04104, eq. 9): sign(x) log(1 + |x|). Near 0 it is
 * x itself; far away it keeps a network's inputs and targets small, whatever the units of an environment.
 */
export function symlog(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sign(x), tf.log1p(tf.abs(x)));
}

/** The inverse of `symlog`: sign(x) (exp(|x|) - 1). Above 88 it is no finite float32. */
export function symexp(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sign(x), tf.expm1(tf.abs(x)));
}
