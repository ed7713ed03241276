import type { Stream } from '../../../core/index.ts';
import { type ConvolutionOf, convolution, dense, initialisers, type Tree, tf, type Value } from '../../../nn/index.ts';
import { type NormedOf, normedSilu } from '../trunk.ts';
import type { Codec } from './codec.ts';
import type { Likelihood } from './likelihood.ts';
import type { RssmOptions } from './options.ts';

/** Halving goes on while both sides are longer than this. */
const SHORTEST = 4;

type LayerOf<X> = ConvolutionOf<X> & { readonly scale: X };
type PictureOf<X> = {
  readonly encoder: { readonly [layer: string]: LayerOf<X> };
  readonly decoder: {
    readonly dense: NormedOf<X>;
    readonly layers: { readonly [layer: string]: LayerOf<X> };
    readonly last: ConvolutionOf<X>;
  };
};

/**
 * Pictures [height, width, channels] with numbers in [0, 1]. Encoder: convolutions of 5 x 5 with stride 2, RMSNorm over
 * channels and SiLU, each with twice the channels of the one before, until a side is no longer than 4. Decoder: the same way
 * back, where a convolution of 3 x 3 makes four times the channels and these are laid out as 2 x 2 pixels (Shi et al. 2016);
 * what sticks out of an odd side is cut off. What comes out are logits.
 */
export function pictureCodec(
  shape: readonly number[],
  inputs: number,
  { channels: firstChannels }: Pick<RssmOptions, 'channels'>,
): Omit<Codec, keyof Likelihood> {
  const [height, width, channels] = shape as [number, number, number];
  const sizes = sizesOf(height, width);
  const count = sizes.length - 1;
  const depth = (i: number): number => (i === 0 ? channels : firstChannels * 2 ** (i - 1));
  const [smallHeight, smallWidth] = sizes[count]!;
  const features = smallHeight * smallWidth * depth(count);
  const own = (parameters: Tree<tf.Tensor>): PictureOf<tf.Tensor> => parameters as PictureOf<tf.Tensor>;

  return {
    features,
    initialise: (stream) => ({
      encoder: layersOf(count, (i) => layer(stream, 5, depth(i), depth(i + 1))),
      decoder: {
        dense: {
          ...dense.init(stream, { inputs, outputs: features }),
          scale: initialisers.ones(stream, [depth(count)]),
        },
        layers: layersOf(count - 1, (i) => layer(stream, 3, depth(i + 2), depth(i + 1), 4)),
        last: convolution.init(stream, { size: [3, 3], inputs: depth(1), outputs: 4 * channels }),
      },
    }),
    encode(parameters, x) {
      const { encoder } = own(parameters);
      let y: tf.Tensor = tf.reshape(x, [-1, height, width, channels]);
      for (let i = 0; i < count; i++) {
        const { scale, ...kernel } = encoder[String(i)]!;
        y = normedSilu(convolution.apply(kernel, y, { strides: 2, padding: 'same' }), scale);
      }
      return tf.reshape(y, [-1, features]);
    },
    decode(parameters, rows) {
      const { decoder } = own(parameters);
      const { scale, ...linear } = decoder.dense;
      const small = [-1, smallHeight, smallWidth, depth(count)];
      let y: tf.Tensor = normedSilu(tf.reshape(dense.apply(linear, rows), small), scale);
      for (let i = count - 2; i >= 0; i--) {
        const { scale: gain, ...kernel } = decoder.layers[String(i)]!;
        y = normedSilu(spread(convolution.apply(kernel, y, { padding: 'same' }), sizes[i + 1]!), gain);
      }
      const pixels = spread(convolution.apply(decoder.last, y, { padding: 'same' }), sizes[0]!);
      return tf.reshape(pixels, [-1, height * width * channels]);
    },
  };
}

/** From the picture's own size down, halves rounded up; at least one halving. */
function sizesOf(height: number, width: number): [height: number, width: number][] {
  const sizes: [number, number][] = [[height, width]];
  do {
    const [h, w] = sizes.at(-1)!;
    sizes.push([Math.ceil(h / 2), Math.ceil(w / 2)]);
  } while (Math.min(...sizes.at(-1)!) > SHORTEST);
  return sizes;
}

/** [R, h, w, 4 c] -> [R, height, width, c]: each place becomes 2 x 2 of them. */
function spread(x: tf.Tensor, [height, width]: readonly [number, number]): tf.Tensor {
  const [rows, h, w, deep] = x.shape as [number, number, number, number];
  const c = deep / 4;
  const apart = tf.transpose(tf.reshape(x, [rows, h, w, 2, 2 * c]), [0, 1, 3, 2, 4]);
  const whole = tf.reshape(apart, [rows, 2 * h, 2 * w, c]);
  return 2 * h === height && 2 * w === width ? whole : tf.slice(whole, [0, 0, 0, 0], [rows, height, width, c]);
}

function layer(stream: Stream, size: number, inputs: number, outputs: number, times = 1): LayerOf<Value> {
  return {
    ...convolution.init(stream, { size: [size, size], inputs, outputs: outputs * times }),
    scale: initialisers.ones(stream, [outputs]),
  };
}

function layersOf(count: number, make: (i: number) => LayerOf<Value>): { [layer: string]: LayerOf<Value> } {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i), make(i)]));
}
