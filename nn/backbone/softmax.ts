import { tf } from '../engine/tf.ts';
import type { BackboneConfig } from './config.ts';

/** Attention weights from scores, over the last axis. */
export function attentionWeights(scores: tf.Tensor, kind: BackboneConfig['softmax']): tf.Tensor {
  return kind === 'standard' ? tf.softmax(scores) : softmaxOffByOne(scores);
}

/**
 * e^x / (1 + sum e^x) over the last axis, as if beside the scores there were one more of 0 (Miller 2023, "Attention is
 * off by one"). Stable: everything is taken relative to the largest score, or to 0 if that is larger.
 */
export function softmaxOffByOne(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((input, save) => {
    const scores = input as tf.Tensor;
    const most = tf.relu(tf.max(scores, -1, true));
    const powers = tf.exp(tf.sub(scores, most));
    const value = tf.div(powers, tf.add(tf.exp(tf.neg(most)), tf.sum(powers, -1, true)));
    (save as tf.GradSaveFunc)([value]);
    // The same as of the softmax, y (dy - sum(y dy)): the score of 0 is a constant.
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const weighted = tf.mul(dy, saved[0]!);
      return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), saved[0]!));
    };
    return { value, gradFunc };
  });
  return op(x);
}

/**
 * log sum e^x over the last axis, [..., K] -> [...]. Its gradient is the softmax; tfjs's own also goes through the
 * maximum that it subtracts, for nothing.
 */
export function logSumExp(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((input, save) => {
    const logits = input as tf.Tensor;
    const most = tf.max(logits, -1, true);
    const kept = tf.add(tf.log(tf.sum(tf.exp(tf.sub(logits, most)), -1, true)), most);
    (save as tf.GradSaveFunc)([logits, kept]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor =>
      tf.mul(tf.expandDims(dy, -1), tf.exp(tf.sub(saved[0]!, saved[1]!)));
    return { value: tf.squeeze(kept, [-1]), gradFunc };
  });
  return op(x);
}
