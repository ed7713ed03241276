import { LightbulbError, type Stream } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import { float32, type Value } from '../engine/value.ts';
import type { Drop } from './parts.ts';

/**
 * Inverted dropout (Srivastava et al. 2014): elements whose noise, uniform in [0, 1), is below the rate become 0, the
 * others grow by 1 / (1 - rate). Without any noise nothing is dropped: that is how a network is evaluated.
 * Error `invalid_input` where there is noise, but not the one that is wanted.
 */
export function dropping(noise: Readonly<Record<string, tf.Tensor>> | undefined): Drop {
  return (x, name, rate) => {
    if (noise === undefined || rate === 0) return x;
    const uniform = noise[name];
    if (uniform === undefined)
      throw new LightbulbError('invalid_input', 'dropout has no noise', {
        where: name,
        got: Object.keys(noise).join(', ') || 'none',
        cure: 'Fill every tensor of noiseShapes',
      });
    return tf.mul(x, tf.mul(tf.cast(tf.greaterEqual(uniform, rate), 'float32'), 1 / (1 - rate)));
  };
}

/** The same noise within a part whose names begin with `prefix`. */
export function within(drop: Drop, prefix: string): Drop {
  return (x, name, rate) => drop(x, `${prefix}${name}`, rate);
}

/** Noise of these shapes from a stream, uniform in [0, 1). */
export function uniformNoise(
  shapes: Readonly<Record<string, readonly number[]>>,
  stream: Stream,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const value = float32(shape);
      for (let i = 0; i < value.data.length; i++) value.data[i] = stream.uniform();
      return [name, value];
    }),
  );
}
