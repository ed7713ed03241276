import { tf } from '../engine/tf.ts';
import { float32, type Value } from '../engine/value.ts';
import { layerNorm, type NormOf } from '../layers/index.ts';
import type { BackboneConfig } from './config.ts';
import { type LinearOf, linear, reading, writing } from './linear.ts';
import type { Mixer } from './parts.ts';
import { type Rotation, rotated } from './positions.ts';
import { attentionWeights } from './softmax.ts';

/** input: [D, 3 D], the columns of queries, keys and values side by side, heads within each; output: [D, D]. */
export type AttentionOf<X> = {
  readonly input: LinearOf<X>;
  readonly output: LinearOf<X>;
  /** scale and offset: [H, D / H]. */
  readonly queryNorm?: NormOf<X>;
  readonly keyNorm?: NormOf<X>;
};

/** [B, H, M, D / H] each. */
type Memory<X> = { readonly keys: X; readonly values: X };

/** Scaled dot products in H heads (Vaswani et al. 2017, equation 1). */
export const attention: Mixer = {
  init(stream, config) {
    const { width } = config;
    const parameters = {
      input: linear.init(stream, width, 3 * width, config, reading(config)),
      output: linear.init(stream, width, width, config, writing(config)),
    };
    return config.qkNorm ? { ...parameters, queryNorm: headNorm(config), keyNorm: headNorm(config) } : parameters;
  },

  noise: ({ heads, dropout }, batch, length): Record<string, readonly number[]> =>
    dropout.attention > 0 ? { weights: [batch, heads, length, length] } : {},

  apply(given, x, { config, mask, rotation, drop }) {
    const parameters = given as AttentionOf<tf.Tensor>;
    const [queries, keys, values] = projected(parameters, x, config, rotation);
    const weights = weightsOf(queries, keys, mask, config);
    const mixed = tf.matMul(drop(weights, 'weights', config.dropout.attention), values);
    return linear.apply(parameters.output, joined(mixed));
  },

  memory: ({ heads, width }, batch, length) => ({
    keys: float32([batch, heads, length, width / heads]),
    values: float32([batch, heads, length, width / heads]),
  }),

  advance(given, x, memory, { config, mask, rotation, places }) {
    const parameters = given as AttentionOf<tf.Tensor>;
    const before = memory as Memory<tf.Tensor>;
    const [queries, newKeys, newValues] = projected(parameters, x, config, rotation);
    const at = cells(places, config.heads);
    const keys = written(before.keys, newKeys, at);
    const values = written(before.values, newValues, at);
    const mixed = tf.matMul(weightsOf(queries, keys, mask, config), values);
    return { output: linear.apply(parameters.output, joined(mixed)), memory: { keys, values } };
  },
};

type Three = readonly [queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor];

/** [B, L, D] -> three of [B, H, L, D / H], normed and turned where the configuration says so; queries scaled. */
function projected(
  { input, queryNorm, keyNorm }: AttentionOf<tf.Tensor>,
  x: tf.Tensor,
  config: BackboneConfig,
  rotation: Rotation | undefined,
): Three {
  const [batch, length, width] = x.shape as [number, number, number];
  const size = width / config.heads;
  const split = tf.reshape(linear.apply(input, x), [batch, length, 3, config.heads, size]);
  const [queries, keys, values] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const placed = (heads: tf.Tensor, norm: NormOf<tf.Tensor> | undefined): tf.Tensor => {
    const normed = norm === undefined ? heads : layerNorm.apply(perHead(norm, config.heads, size), heads, 1e-5);
    return rotation === undefined ? normed : rotated(normed, rotation);
  };
  return [tf.mul(placed(queries, queryNorm), 1 / Math.sqrt(size)), placed(keys, keyNorm), values];
}

function weightsOf(
  queries: tf.Tensor,
  keys: tf.Tensor,
  mask: tf.Tensor | undefined,
  config: BackboneConfig,
): tf.Tensor {
  const scores = tf.matMul(queries, keys, false, true);
  return attentionWeights(mask === undefined ? scores : tf.add(scores, mask), config.softmax);
}

/** [B, H, L, D / H] -> [B, L, D]. */
function joined(heads: tf.Tensor): tf.Tensor {
  const [batch, count, length, size] = heads.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(heads, [0, 2, 1, 3]), [batch, length, count * size]);
}

function headNorm({ heads, width }: BackboneConfig): NormOf<Value> {
  const shape = [heads, width / heads];
  return { scale: float32(shape, new Float32Array(width).fill(1)), offset: float32(shape) };
}

/** A scale and an offset [H, D / H] so that they broadcast over [B, H, L, D / H]. */
function perHead({ scale, offset }: NormOf<tf.Tensor>, heads: number, size: number): NormOf<tf.Tensor> {
  return { scale: tf.reshape(scale, [heads, 1, size]), offset: tf.reshape(offset, [heads, 1, size]) };
}

/**
 * Which cells of a memory [B, H, M, ...] tokens at these places (int32 [B, C]) are written to: int32 [B H C, 3]. Whole
 * coordinates and not one number, so that a place beyond the memory is an error and not another head's.
 */
function cells(places: tf.Tensor, heads: number): tf.Tensor {
  const [batch, piece] = places.shape as [number, number];
  const spread = tf.add(tf.reshape(places, [batch, 1, piece, 1]), tf.zeros([batch, heads, piece, 1], 'int32'));
  const rows = Int32Array.from({ length: 2 * batch * heads * piece }, (_, n) => {
    const row = Math.floor(n / 2 / piece);
    return n % 2 === 0 ? Math.floor(row / heads) : row % heads;
  });
  const coordinates = [tf.tensor(rows, [batch * heads * piece, 2], 'int32'), tf.reshape(spread, [-1, 1])];
  return tf.concat(coordinates, 1);
}

function written(memory: tf.Tensor, piece: tf.Tensor, at: tf.Tensor): tf.Tensor {
  return tf.tensorScatterUpdate(memory, at, tf.reshape(piece, [-1, piece.shape[3]!]));
}
