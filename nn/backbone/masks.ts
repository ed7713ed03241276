import { LightbulbError } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import type { BackboneConfig } from './config.ts';

/** Added to the score of what is not seen. Finite, and so low that its exponential is an exact 0 beside any score. */
const UNSEEN = -1e9;

/**
 * What is added to the scores of whole sequences of `length` tokens: nothing, [L, L], or [B, 1, L, L] for prefixes and
 * segments.
 * prefix: int32 [B], how many first tokens of each sequence all tokens see. Error `invalid_input` without it.
 * segment: int32 [B, L]; tokens see only those of the same number (several sequences packed into one row).
 */
export function sequenceMask(
  config: BackboneConfig,
  length: number,
  { prefix, segment }: { readonly prefix?: tf.Tensor | undefined; readonly segment?: tf.Tensor | undefined } = {},
): tf.Tensor | undefined {
  const order = orderMask(config, length, prefix);
  if (segment === undefined) return order;
  const isSame = tf.equal(tf.reshape(segment, [-1, 1, length, 1]), tf.reshape(segment, [-1, 1, 1, length]));
  return tf.where(isSame, order ?? tf.scalar(0), tf.scalar(UNSEEN));
}

function orderMask({ mask }: BackboneConfig, length: number, prefix?: tf.Tensor): tf.Tensor | undefined {
  if (mask === 'bidirectional') return undefined;
  const causal = tf.tensor2d(
    Float32Array.from({ length: length * length }, (_, n) => (n % length > Math.floor(n / length) ? UNSEEN : 0)),
    [length, length],
  );
  if (mask === 'causal') return causal;
  const keys = tf.range(0, length, 1, 'int32');
  const isPrefix = tf.less(keys, tf.reshape(prefixOf(prefix), [-1, 1, 1, 1]));
  return tf.where(isPrefix, tf.zerosLike(causal), causal);
}

/**
 * What is added to the scores of a piece at these places (int32 [B, C]) against a memory of `length` places:
 * [B, 1, C, M]. A prefix has to be in the memory, or in this piece, as a whole.
 */
export function pieceMask({ mask }: BackboneConfig, places: tf.Tensor, length: number, prefix?: tf.Tensor): tf.Tensor {
  if (mask === 'bidirectional')
    throw new LightbulbError('unsupported', 'a bidirectional backbone cannot decode token by token', {
      cure: 'Use the mask "causal" or "prefix"',
    });
  const [batch, piece] = places.shape as [number, number];
  const keys = tf.range(0, length, 1, 'int32');
  const isPast = tf.lessEqual(keys, tf.reshape(places, [batch, 1, piece, 1]));
  const isSeen =
    mask === 'causal' ? isPast : tf.logicalOr(isPast, tf.less(keys, tf.reshape(prefixOf(prefix), [batch, 1, 1, 1])));
  return tf.where(isSeen, tf.scalar(0), tf.scalar(UNSEEN));
}

function prefixOf(prefix: tf.Tensor | undefined): tf.Tensor {
  if (prefix !== undefined) return prefix;
  throw new LightbulbError('invalid_input', 'a backbone with the mask "prefix" needs to know the prefixes', {
    wanted: 'prefix: int32 [B], the number of first tokens that all see',
  });
}
