import type { Stream } from '../core/index.ts';
import { layerNorm, type NormOf, type Tree, tf, type Value } from '../nn/index.ts';
import type { Space } from '../worlds/index.ts';
import { type CellOf, createCell } from './body-cell.ts';
import { type ConvolutionsOf, createPictureBody, isPicture, type Picture, pictureIn } from './body-convolution.ts';
import { createHiddenBody, type HiddenOf } from './body-hidden.ts';
import type { NetworkOptions } from './options.ts';

/**
 * The part of a network in front of its head. Rows are samples; with memory, `L` steps of `R` rows each stand one
 * after the other ([L * R, D]), and `keep` [L * R, 1] is 0 where a new episode starts.
 */
export interface Body {
  readonly features: number;
  /** Numbers of memory per row; 0 without memory. */
  readonly memorySize: number;
  initialise(stream: Stream): Tree<Value>;
  /** x: [L * R, D], memory [R, memorySize] -> features [L * R, F] and the memory after the last step. */
  apply(
    parameters: Tree<tf.Tensor>,
    x: tf.Tensor,
    memory?: Memory,
  ): { readonly features: tf.Tensor; readonly memory?: tf.Tensor };
}

export interface Memory {
  /** What is remembered before the first step: [R, memorySize]. */
  readonly state: tf.Tensor;
  /** [L * R, 1]: what the memory is multiplied by before each step; 0 where an episode starts, else 1. */
  readonly keep: tf.Tensor;
  /** L. */
  readonly steps: number;
}

/** Parameters by the layer they belong to; a layer that the options leave out has none. */
type BodyParameters<X> = {
  readonly convolution?: ConvolutionsOf<X>;
  readonly input?: NormOf<X>;
  readonly hidden?: HiddenOf<X>;
} & CellOf<X>;

/**
 * Convolutions, hidden layers and a GRU or an LSTM, each where the options want it, in this order. `observation` is what
 * the `inputs` numbers of a row are, or null for a plain vector: pictures (uint8) are scaled to 0..1 first, and only
 * pictures [H, W, C] are convolved; what else a dict holds joins the convolutions' result. `layerNorm` puts a LayerNorm
 * before the hidden layers, after each of them and after the memory, as on-policy does
 * (github.com/marlbenchmark/on-policy, `MLPBase` and `RNNLayer`).
 */
export function createBody(inputs: number, observation: Space | null, options: NetworkOptions): Body {
  const isScaled = isPicture(observation);
  const seenPicture = options.convolution === null ? null : pictureIn(observation);
  const picture =
    seenPicture === null ? null : createPictureBody(seenPicture.shape, options.convolution!, options.activation);
  const seen = picture === null ? inputs : picture.features + inputs - sizeOfPicture(seenPicture!);
  const hidden = createHiddenBody(seen, options);
  const cell = createCell(hidden.features, options);

  return {
    features: cell?.features ?? hidden.features,
    memorySize: cell?.memorySize ?? 0,
    initialise: (stream): BodyParameters<Value> => ({
      ...(picture === null ? {} : { convolution: picture.initialise(stream) }),
      ...(options.layerNorm ? { input: layerNorm.init(seen) } : {}),
      hidden: hidden.initialise(stream),
      ...cell?.initialise(stream),
    }),
    apply: (parameters, x, memory) => {
      const own = parameters as BodyParameters<tf.Tensor>;
      let y = isScaled ? tf.mul(x, 1 / 255) : x;
      if (picture !== null)
        y = aroundPicture(y, seenPicture!, isScaled, (it) => picture.apply(own.convolution ?? {}, it));
      if (own.input !== undefined) y = layerNorm.apply(own.input, y);
      y = hidden.apply(own.hidden ?? {}, y);
      return cell === null ? { features: y } : cell.apply(own, y, memory);
    },
  };
}

function sizeOfPicture({ shape: [height, width, channels] }: Picture): number {
  return height * width * channels;
}

/** Rows with their picture replaced by what `convolve` makes of it, in front; the other numbers follow. */
function aroundPicture(
  x: tf.Tensor,
  picture: Picture,
  isScaled: boolean,
  convolve: (x: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const { offset } = picture;
  const size = sizeOfPicture(picture);
  const [rows, width] = x.shape as [number, number];
  if (size === width) return convolve(x);
  const cut = (from: number, to: number): tf.Tensor => tf.slice(x, [0, from], [rows, to - from]);
  const pixels = cut(offset, offset + size);
  const parts = [convolve(picture.isScaled && !isScaled ? tf.mul(pixels, 1 / 255) : pixels)];
  if (offset > 0) parts.push(cut(0, offset));
  if (offset + size < width) parts.push(cut(offset + size, width));
  return tf.concat(parts, 1);
}
