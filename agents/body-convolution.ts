import type { Stream } from '../core/index.ts';
import {
  activations,
  type ConvolutionOf,
  convolution,
  orthogonal,
  type tf as Tf,
  tf,
  type Value,
} from '../nn/index.ts';
import { type Box, flatSize, partNames, type Space } from '../worlds/index.ts';
import type { NetworkOptions } from './options.ts';

type Layers = NonNullable<NetworkOptions['convolution']>;
type Size = readonly [height: number, width: number];

/** One convolution for each `0`, `1`, ... */
export type ConvolutionsOf<X> = { readonly [layer: string]: ConvolutionOf<X> };

/** Convolutions with an activation after each, and their result as rows of numbers. */
export interface PictureBody {
  /** Numbers per row of the result. */
  readonly features: number;
  initialise(stream: Stream): ConvolutionsOf<Value>;
  /** x: [R, H * W * C] -> [R, features]. */
  apply(parameters: ConvolutionsOf<Tf.Tensor>, x: Tf.Tensor): Tf.Tensor;
}

/** What there is to convolve in an observation, and where it lies among the observation's numbers. */
export interface Picture {
  /** [height, width, channels]. */
  readonly shape: readonly [number, number, number];
  readonly offset: number;
  /** Numbers are brightnesses of 0 to 255. */
  readonly isScaled: boolean;
}

/** The picture in an observation: the observation itself, or the one part of a dict that is a box [H, W, C]; else null. */
export function pictureIn(space: Space | null): Picture | null {
  if (space?.type === 'box' && space.shape.length === 3) return pictureAt(space, 0);
  if (space?.type !== 'dict') return null;
  let offset = 0;
  const found: Picture[] = [];
  for (const name of partNames(space)) {
    const part = space.spaces[name]!;
    if (part.type === 'box' && part.shape.length === 3) found.push(pictureAt(part, offset));
    offset += flatSize(part);
  }
  return found.length === 1 ? found[0]! : null;
}

function pictureAt(box: Box, offset: number): Picture {
  return { shape: box.shape as unknown as Picture['shape'], offset, isScaled: isPicture(box) };
}

/** Whether the numbers of a space are brightnesses of 0 to 255. */
export function isPicture(space: Space | null): boolean {
  return space?.type === 'box' && space.dtype === 'uint8';
}

/** Heights and widths after each layer; kernels stay inside the picture, so a size below 1 does not exist. */
export function pictureSizes(picture: Size, layers: Layers): Size[] {
  let [height, width] = picture;
  return layers.map(({ size, stride }): Size => {
    height = Math.floor((height - size) / stride) + 1;
    width = Math.floor((width - size) / stride) + 1;
    return [height, width];
  });
}

/** For pictures of shape [height, width, channels]. Orthogonal weights of gain sqrt 2, as the other hidden layers. */
export function createPictureBody(
  shape: readonly number[],
  layers: Layers,
  activation: NetworkOptions['activation'],
): PictureBody {
  const [height, width, channels] = shape as [number, number, number];
  const [lastHeight, lastWidth] = pictureSizes([height, width], layers).at(-1) ?? [height, width];
  const depths = [channels, ...layers.map(({ filters }) => filters)];
  return {
    features: lastHeight * lastWidth * depths.at(-1)!,
    initialise: (stream) =>
      Object.fromEntries(
        layers.map(({ size, filters }, i) => [
          String(i),
          convolution.init(stream, {
            size: [size, size],
            inputs: depths[i]!,
            outputs: filters,
            kernel: orthogonal(Math.SQRT2),
          }),
        ]),
      ),
    apply: (parameters, x) => {
      let y: Tf.Tensor = tf.reshape(x, [-1, height, width, channels]);
      for (const [i, { stride }] of layers.entries())
        y = activations[activation](convolution.apply(parameters[String(i)]!, y, { strides: stride }));
      return tf.reshape(y, [x.shape[0]!, -1]);
    },
  };
}
