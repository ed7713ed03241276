import type { Stream } from '../../core/index.ts';
import {
  type ConvolutionOf,
  convolution,
  heNormal,
  type Initialiser,
  initialisers,
  lecunNormal,
  tf,
  type Value,
  varianceScaling,
} from '../../nn/index.ts';
import type { ImageCodesOptions } from './options.ts';

/** `x + second(relu(first(relu(x))))`. A branch that is left out has none of them. */
type ResidualOf<X> = { readonly first: ConvolutionOf<X>; readonly second: ConvolutionOf<X> };

type Numbered<X> = { readonly [layer: string]: X };

/** Parameters of the encoder. */
export type EncoderOf<X> = {
  /** Each halves height and width: kernels [4, 4, in, out]. */
  readonly down: Numbered<ConvolutionOf<X>>;
  readonly input: ConvolutionOf<X>;
  readonly blocks?: Numbered<ResidualOf<X>>;
  readonly output: ConvolutionOf<X>;
};

/** Parameters of the decoder. */
export type DecoderOf<X> = {
  readonly input: ConvolutionOf<X>;
  readonly blocks?: Numbered<ResidualOf<X>>;
  /** Each doubles height and width. Kernels of transposed convolutions: [4, 4, out, in]. */
  readonly up: Numbered<ConvolutionOf<X>>;
};

/** What gradients change. */
export type AutoencoderOf<X> = { readonly encoder: EncoderOf<X>; readonly decoder: DecoderOf<X> };

/** Pixels of the kernels that halve and double. */
const WIDE = 4;

/**
 * The encoder and decoder of VQ-VAE (van den Oord et al. 2017, arXiv 1711.00937, section 4.1, and Sonnet's example of
 * it): convolutions of 4 x 4 with stride 2, residual blocks, and the same mirrored. h = H / down, w = W / down.
 */
export class Autoencoder {
  /** Channels before the first halving, after it, and so on. */
  private readonly channels: readonly number[];

  constructor(private readonly options: ImageCodesOptions) {
    const { shape, down, width } = options;
    const halvings = Math.log2(down);
    // The largest pictures inside have half the channels: most of the time goes there.
    this.channels = Array.from({ length: halvings + 1 }, (_, i) =>
      i === 0 ? shape[2] : i < halvings ? width >> 1 : width,
    );
  }

  init(stream: Stream): AutoencoderOf<Value> {
    const { features, width } = this.options;
    const steps = this.channels.slice(1).map((outputs, i) => ({ inputs: this.channels[i]!, outputs }));
    return {
      encoder: {
        down: numbered(steps, ({ inputs, outputs }) => layer(stream, WIDE, inputs, outputs)),
        input: layer(stream, 3, width, width),
        blocks: this.initBlocks(stream),
        output: layer(stream, 1, width, features, lecunNormal),
      },
      decoder: {
        input: layer(stream, 3, features, width),
        blocks: this.initBlocks(stream),
        up: numbered([...steps].reverse(), ({ inputs, outputs }) => doubling(stream, outputs, inputs)),
      },
    };
  }

  /** pixels [B, H, W, C], 0 to 255 -> vectors [B, h, w, D]. */
  encode({ down, input, blocks, output }: EncoderOf<tf.Tensor>, pixels: tf.Tensor): tf.Tensor {
    let x = scaled(pixels);
    for (const one of ordered(down)) x = tf.relu(convolution.apply(one, x, { strides: 2, padding: 'same' }));
    return convolution.apply(output, residuals(convolution.apply(input, x, { padding: 'same' }), blocks));
  }

  /** vectors [B, h, w, D] -> [B, H, W, C], brightnesses as `scaled` gives them, not clipped. */
  decode({ input, blocks, up }: DecoderOf<tf.Tensor>, vectors: tf.Tensor): tf.Tensor {
    let x = residuals(convolution.apply(input, vectors, { padding: 'same' }), blocks);
    for (const [i, { kernel, bias }] of ordered(up).entries()) {
      if (i > 0) x = tf.relu(x);
      const [B, height, width] = x.shape as [number, number, number];
      const size: [number, number, number, number] = [B, 2 * height, 2 * width, kernel.shape[2]!];
      x = tf.add(tf.conv2dTranspose(x as tf.Tensor4D, kernel as tf.Tensor4D, size, 2, 'same'), bias);
    }
    return x;
  }

  private initBlocks(stream: Stream): Numbered<ResidualOf<Value>> {
    const { blocks, width } = this.options;
    const inner = width >> 1;
    return numbered(Array.from({ length: blocks }), () => ({
      first: layer(stream, 3, width, inner),
      // Each block adds to the sum that it takes: a small part, or many blocks would make it large.
      second: layer(
        stream,
        1,
        inner,
        width,
        varianceScaling({ scale: 0.1, fan: 'in', distribution: 'truncated-normal' }),
      ),
    }));
  }
}

/** 0 to 255 as -1 to 1. */
export function scaled(pixels: tf.Tensor): tf.Tensor {
  return tf.sub(tf.div(pixels, 127.5), 1);
}

function residuals(x: tf.Tensor, blocks: Numbered<ResidualOf<tf.Tensor>> = {}): tf.Tensor {
  let y = x;
  for (const { first, second } of ordered(blocks)) {
    const inner = convolution.apply(first, tf.relu(y), { padding: 'same' });
    y = tf.add(y, convolution.apply(second, tf.relu(inner)));
  }
  return tf.relu(y);
}

function layer(
  stream: Stream,
  size: number,
  inputs: number,
  outputs: number,
  kernel: Initialiser = heNormal,
): ConvolutionOf<Value> {
  return convolution.init(stream, { size: [size, size], inputs, outputs, kernel });
}

/** He's variance 2 / fan: a pixel of the result sees (4 / stride)^2 pixels of the input. */
function doubling(stream: Stream, inputs: number, outputs: number): ConvolutionOf<Value> {
  const deviation = Math.sqrt(2 / (inputs * (WIDE / 2) ** 2));
  return {
    kernel: initialisers.truncatedNormal(deviation)(stream, [WIDE, WIDE, outputs, inputs]),
    bias: initialisers.zeros(stream, [outputs]),
  };
}

function numbered<X, Y>(items: readonly X[], make: (item: X) => Y): Numbered<Y> {
  return Object.fromEntries(items.map((item, i) => [String(i), make(item)]));
}

/** By number, which is not the order of their names from ten on. */
function ordered<X>(layers: Numbered<X>): X[] {
  return Object.keys(layers)
    .sort((a, b) => Number(a) - Number(b))
    .map((name) => layers[name]!);
}
