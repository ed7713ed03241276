/**
 * How parameters begin: host-side numbers from a named random stream, so that the same seed gives the same network
 * on every device. Shapes are [..., fan in, fan out]: a dense weight [in, out], a convolution's kernel
 * [height, width, in, out] with the receptive field counted into both fans.
 */
import { LightbulbError, type Stream } from '../core/index.ts';
import { float32, sizeOf, type Value } from './engine/value.ts';

/** Makes a float32 value of this shape. */
export type Initialiser = (stream: Stream, shape: readonly number[]) => Value;

/** All elements `value`. */
export const constant =
  (value: number): Initialiser =>
  (_stream, shape) =>
    filled(shape, () => value);

export const zeros: Initialiser = constant(0);
export const ones: Initialiser = constant(1);

/** Normal with mean 0 and standard deviation `std`. */
export const normal =
  (std = 1): Initialiser =>
  (stream, shape) =>
    filled(shape, () => std * stream.normal());

/** Uniform in [low, high). */
export const uniform =
  (low: number, high: number): Initialiser =>
  (stream, shape) =>
    filled(shape, () => stream.between(low, high));

/** The standard deviation of a standard normal cut off at -2 and 2 (the constant in JAX's variance scaling). */
const TRUNCATED_STD = 0.8796256610342398;

/**
 * A normal cut off at two of its own standard deviations and widened so that the result's standard deviation is
 * `std` (as JAX's `variance_scaling` does; its bare `truncated_normal` leaves the widening out).
 * All values lie within 2.274 `std`.
 */
export const truncatedNormal =
  (std = 1): Initialiser =>
  (stream, shape) => {
    const wide = std / TRUNCATED_STD;
    return filled(shape, () => {
      for (;;) {
        const deviate = stream.normal();
        if (Math.abs(deviate) <= 2) return wide * deviate;
      }
    });
  };

/** Which width the variance is divided by, and the form of the distribution. */
export interface VarianceScaling {
  readonly scale: number;
  readonly fan: 'in' | 'out' | 'average';
  readonly distribution: 'truncated-normal' | 'normal' | 'uniform';
}

/** Variance `scale / fan` (the family of LeCun, Glorot and He; the shape needs at least two axes). */
export const varianceScaling =
  ({ scale, fan, distribution }: VarianceScaling): Initialiser =>
  (stream, shape) => {
    const { inputs, outputs } = fansOf(shape);
    const width = { in: inputs, out: outputs, average: (inputs + outputs) / 2 }[fan];
    const std = Math.sqrt(scale / Math.max(1, width));
    if (distribution === 'normal') return normal(std)(stream, shape);
    if (distribution === 'uniform') return uniform(-Math.sqrt(3) * std, Math.sqrt(3) * std)(stream, shape);
    return truncatedNormal(std)(stream, shape);
  };

/** Glorot and Bengio 2010 ("Xavier"): variance 2 / (in + out). */
export const glorotUniform = varianceScaling({ scale: 1, fan: 'average', distribution: 'uniform' });
export const glorotNormal = varianceScaling({ scale: 1, fan: 'average', distribution: 'truncated-normal' });
/** He et al. 2015 ("Kaiming"), for relu: variance 2 / in. */
export const heUniform = varianceScaling({ scale: 2, fan: 'in', distribution: 'uniform' });
export const heNormal = varianceScaling({ scale: 2, fan: 'in', distribution: 'truncated-normal' });
/** LeCun et al. 1998: variance 1 / in. */
export const lecunUniform = varianceScaling({ scale: 1, fan: 'in', distribution: 'uniform' });
export const lecunNormal = varianceScaling({ scale: 1, fan: 'in', distribution: 'truncated-normal' });

/**
 * `gain` times a random matrix with orthonormal columns (or rows, where there are fewer of those), uniformly
 * distributed (Saxe et al. 2013). A kernel [h, w, in, out] is taken as a matrix [h * w * in, out].
 */
export const orthogonal =
  (gain = 1): Initialiser =>
  (stream, shape) => {
    if (shape.length < 2) throw tooFlat(shape);
    const columns = shape.at(-1)!;
    const rows = sizeOf(shape.slice(0, -1));
    const count = Math.min(rows, columns);
    const length = Math.max(rows, columns);
    const vectors = Array.from({ length: count }, () => Float64Array.from({ length }, () => stream.normal()));
    orthonormalise(vectors);
    const data = new Float32Array(rows * columns);
    for (const [i, vector] of vectors.entries()) {
      for (let j = 0; j < length; j++) data[rows >= columns ? j * columns + i : i * columns + j] = gain * vector[j]!;
    }
    return float32(shape, data);
  };

/**
 * Modified Gram-Schmidt in place. It leaves the diagonal of R positive, which is what makes Q of a Gaussian matrix
 * uniformly distributed (Mezzadri 2007); in float64 the loss of orthogonality stays far below float32's rounding.
 */
function orthonormalise(vectors: readonly Float64Array[]): void {
  for (const [i, vector] of vectors.entries()) {
    const norm = Math.sqrt(dot(vector, vector));
    for (let k = 0; k < vector.length; k++) vector[k]! /= norm;
    for (let j = i + 1; j < vectors.length; j++) {
      const other = vectors[j]!;
      const along = dot(vector, other);
      for (let k = 0; k < other.length; k++) other[k]! -= along * vector[k]!;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

function filled(shape: readonly number[], next: () => number): Value {
  const data = new Float32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = next();
  return float32(shape, data);
}

function fansOf(shape: readonly number[]): { inputs: number; outputs: number } {
  if (shape.length < 2) throw tooFlat(shape);
  const field = sizeOf(shape.slice(0, -2));
  return { inputs: field * shape.at(-2)!, outputs: field * shape.at(-1)! };
}

function tooFlat(shape: readonly number[]): LightbulbError {
  return new LightbulbError('shape', 'this initialiser needs a matrix or a kernel', {
    wanted: '[..., in, out]',
    got: `[${shape.join(',')}]`,
  });
}
