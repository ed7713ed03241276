import { tf } from '../engine/tf.ts';
import type { BackboneConfig, Position } from './config.ts';

/** Cosines and sines that turn queries and keys, broadcastable to [B, H, L, head width / 2]. */
export interface Rotation {
  readonly cosine: tf.Tensor;
  readonly sine: tf.Tensor;
}

/** The position of this kind, if the configuration has it. */
export function positionOf<K extends Position['kind']>(
  { positions }: BackboneConfig,
  kind: K,
): Extract<Position, { kind: K }> | undefined {
  return positions.find((position) => position.kind === kind) as Extract<Position, { kind: K }> | undefined;
}

/**
 * The rotation of the first `length` places [length, head width / 2], or of these places (int32 [B, C]): [B, 1, C,
 * head width / 2]. The angle of pair i at place p is p base^(-2i / head width) (Su et al. 2021, equation 15).
 */
export function rotationOf(config: BackboneConfig, places: number | tf.Tensor): Rotation | undefined {
  const rotary = positionOf(config, 'rotary');
  if (rotary === undefined) return undefined;
  const pairs = config.width / config.heads / 2;
  const rows = typeof places === 'number' ? places : config.length;
  const angles = Float64Array.from(
    { length: rows * pairs },
    (_, n) => Math.floor(n / pairs) * (rotary.base ?? 10000) ** (-(n % pairs) / pairs),
  );
  const table = (f: (angle: number) => number): tf.Tensor => {
    const whole = tf.tensor2d(Float32Array.from(angles, f), [rows, pairs]);
    if (typeof places === 'number') return whole;
    return tf.expandDims(tf.gather(whole, places as tf.Tensor2D), 1);
  };
  return { cosine: table(Math.cos), sine: table(Math.sin) };
}

/**
 * x [B, H, L, head width] turned: element i is paired with element i + head width / 2 (GPT-NeoX's and Hugging Face's
 * layout, where the paper pairs neighbours; the same up to an order of the columns of the weights).
 */
export function rotated(x: tf.Tensor, { cosine, sine }: Rotation): tf.Tensor {
  const [a, b] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.concat([tf.sub(tf.mul(a, cosine), tf.mul(b, sine)), tf.add(tf.mul(b, cosine), tf.mul(a, sine))], -1);
}

/**
 * Fixed positions of a grid of patches [rows columns, width], in raster order: the first half of the features tells
 * the row, the second the column. Sine and cosine take turns, at wavelengths 2 pi 10000^(4i / width), of the row (from
 * 1) on a scale where the last one is 2 pi (Carion et al. 2020, DETR; Parmar et al. 2018).
 */
export function patchTable(
  { rows, columns }: { readonly rows: number; readonly columns: number },
  width: number,
): Float32Array {
  const half = width / 2;
  const table = new Float32Array(rows * columns * width);
  for (let patch = 0; patch < rows * columns; patch++) {
    const [row, column] = [Math.floor(patch / columns), patch % columns];
    for (const [axis, share] of [(row + 1) / rows, (column + 1) / columns].entries()) {
      for (let i = 0; i < half; i++) {
        const angle = (2 * Math.PI * share) / 10000 ** ((2 * Math.floor(i / 2)) / half);
        table[patch * width + axis * half + i] = i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      }
    }
  }
  return table;
}
