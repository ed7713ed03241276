import type { Stream } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import { type Initialiser, lecunNormal, zeros } from '../initialisers.ts';
import { convolveSmall, isSmall, placesOf } from './small-convolution.ts';

/** kernel [height, width, in, out], bias [out]. */
export type ConvolutionOf<X> = { readonly kernel: X; readonly bias: X };

export interface ConvolutionOptions {
  /** Height and width of the kernel, in pixels. */
  readonly size: readonly [height: number, width: number];
  readonly inputs: number;
  readonly outputs: number;
  /** Default `lecunNormal`. */
  readonly kernel?: Initialiser;
  /** Default zeros. */
  readonly bias?: Initialiser;
}

/** Two-dimensional cross-correlation, channels last. */
export const convolution = {
  init(
    stream: Stream,
    { size, inputs, outputs, kernel = lecunNormal, bias = zeros }: ConvolutionOptions,
  ): ConvolutionOf<Value> {
    return { kernel: kernel(stream, [...size, inputs, outputs]), bias: bias(stream, [outputs]) };
  },

  /**
   * x: [B, height, width, in] -> [B, height', width', out]. `valid` (default) keeps the kernel inside the picture:
   * height' = floor((height - size) / strides) + 1. `same` pads with zeros: height' = ceil(height / strides).
   */
  apply(
    { kernel, bias }: ConvolutionOf<tf.Tensor>,
    x: tf.Tensor,
    { strides = 1, padding = 'valid' }: { readonly strides?: number; readonly padding?: 'valid' | 'same' } = {},
  ): tf.Tensor {
    const [batch, ...picture] = x.shape as [number, number, number, number];
    const shapes = { picture, kernel: kernel.shape as [number, number, number, number], strides };
    if (padding === 'valid' && isSmall(shapes)) {
      const rows = convolveSmall(shapes, kernel, bias, tf.reshape(x, [batch, -1]));
      return tf.reshape(rows, [batch, ...placesOf(shapes), bias.size]);
    }
    return tf.add(tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, strides, padding), bias);
  },
};
