import { LightbulbError } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import { float32, type Value } from '../engine/value.ts';

/** scale [D], offset [D]. */
export type NormOf<X> = { readonly scale: X; readonly offset: X };

/** scale [D]. */
export type RmsNormOf<X> = { readonly scale: X };

/** To mean 0 and variance 1 over the last axis, then scaled and moved (Ba et al. 2016). epsilon: default 1e-5. */
export const layerNorm = {
  init: (features: number): NormOf<Value> => ({ scale: filled(features, 1), offset: filled(features, 0) }),

  /** x: [..., D] -> [..., D]. */
  apply({ scale, offset }: NormOf<tf.Tensor>, x: tf.Tensor, epsilon = 1e-5): tf.Tensor {
    return tf.add(tf.mul(standardised(x, [x.rank - 1], epsilon), scale), offset);
  },
};

/** To a root mean square of 1 over the last axis, then scaled (Zhang and Sennrich 2019). epsilon: default 1e-6. */
export const rmsNorm = {
  init: (features: number): RmsNormOf<Value> => ({ scale: filled(features, 1) }),

  /** x: [..., D] -> [..., D]. */
  apply({ scale }: RmsNormOf<tf.Tensor>, x: tf.Tensor, epsilon = 1e-6): tf.Tensor {
    const square = tf.mean(tf.square(x), -1, true);
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(square, epsilon))), scale);
  },
};

/** Mean 0 and variance 1 over each group of channels and all positions of one sample (Wu and He 2018). */
export const groupNorm = {
  init: (features: number): NormOf<Value> => ({ scale: filled(features, 1), offset: filled(features, 0) }),

  /** x: [B, ..., D] with D a multiple of `groups` -> the same shape. Throws `shape` where it is not. */
  apply({ scale, offset }: NormOf<tf.Tensor>, x: tf.Tensor, groups: number, epsilon = 1e-5): tf.Tensor {
    const channels = x.shape[x.rank - 1]!;
    if (channels % groups !== 0)
      throw new LightbulbError('shape', 'channels cannot be shared out among the groups of a group norm', {
        wanted: `a multiple of ${groups}`,
        got: String(channels),
      });
    const grouped = tf.reshape(x, [x.shape[0]!, -1, groups, channels / groups]);
    const normal = tf.reshape(standardised(grouped, [1, 3], epsilon), x.shape);
    return tf.add(tf.mul(normal, scale), offset);
  },
};

/** (x - mean) / sqrt(variance + epsilon) over the axes; the variance is that of the population, as in PyTorch. */
function standardised(x: tf.Tensor, axes: number[], epsilon: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true));
  const variance = tf.mean(tf.square(centred), axes, true);
  return tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
}

function filled(features: number, value: number): Value {
  return float32([features], new Float32Array(features).fill(value));
}
