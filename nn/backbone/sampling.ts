import { LightbulbError } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';

/** How the next token is chosen from its logits. Applied in this order. */
export interface Sampling {
  /** Logits are divided by it; 0, the default, always takes the most probable token. */
  readonly temperature?: number;
  /** Only the k most probable tokens. */
  readonly topK?: number;
  /** Only the fewest most probable tokens that together have this probability (Holtzman et al. 2020), in (0, 1]. */
  readonly topP?: number;
}

const NEVER = -1e9;

/** Errors: `invalid_input` with the setting's name. */
export function checkSampling({ temperature = 0, topK, topP }: Sampling): void {
  const refuse = (where: string, wanted: string, got: number): never => {
    throw new LightbulbError('invalid_input', 'tokens cannot be drawn so', { where, wanted, got: String(got) });
  };
  if (!(temperature >= 0 && Number.isFinite(temperature))) refuse('temperature', 'a number from 0', temperature);
  if (topK !== undefined && !(Number.isSafeInteger(topK) && topK >= 1)) refuse('topK', 'a whole number from 1', topK);
  if (topP !== undefined && !(topP > 0 && topP <= 1)) refuse('topP', 'a number in (0, 1]', topP);
}

/**
 * One token for each row of logits [B, V]: int32 [B]. legal: bool [V] or [B, V], at least one in each row; applied
 * first, so that top-k and top-p count legal tokens alone. noise: standard Gumbel deviates [B, V]; wanted unless the
 * temperature is 0. Of equally probable tokens at the edge of top-k or top-p all stay in.
 */
export function chooseToken(logits: tf.Tensor, sampling: Sampling, noise?: tf.Tensor, legal?: tf.Tensor): tf.Tensor {
  const { temperature = 0 } = sampling;
  const allowed = legal === undefined ? logits : tf.where(legal, logits, tf.scalar(NEVER));
  if (temperature === 0) return tf.argMax(allowed, -1);
  // Gumbel-max: the largest of logits + Gumbel noise is a draw from the softmax.
  return tf.argMax(tf.add(sampledLogits(allowed, sampling), noise!), -1);
}

/** The logits [B, V] that tokens are drawn from: divided by the temperature, and out of reach where cut off. */
export function sampledLogits(logits: tf.Tensor, { temperature = 1, topK, topP }: Sampling): tf.Tensor {
  const vocabulary = logits.shape[1]!;
  const heated = tf.div(logits, temperature);
  const isCut = topK !== undefined && topK < vocabulary;
  const among = isCut ? atLeast(heated, tf.min(tf.topk(heated, topK).values, -1, true)) : heated;
  return topP === undefined || topP === 1 ? among : atLeast(among, leastOfNucleus(among, topP));
}

/** The smallest logit of the nucleus: [B, 1]. */
function leastOfNucleus(logits: tf.Tensor, share: number): tf.Tensor {
  const sorted = tf.topk(logits, logits.shape[1]!).values;
  // A token is in as long as those before it do not have the share by themselves: so the first one always is.
  // The axis by its number: tfjs's cpu backend answers nothing for -1.
  const before = tf.cumsum(tf.softmax(sorted), 1, true);
  return tf.min(tf.where(tf.less(before, share), sorted, tf.scalar(-NEVER)), -1, true);
}

function atLeast(logits: tf.Tensor, least: tf.Tensor): tf.Tensor {
  return tf.where(tf.greaterEqual(logits, least), logits, tf.scalar(NEVER));
}
