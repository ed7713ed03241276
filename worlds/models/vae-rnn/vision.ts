import { LightbulbError, type Stream } from '../../../core/index.ts';
import {
  type ConvolutionOf,
  convolution,
  type DenseOf,
  dense,
  heNormal,
  initialisers,
  type MlpOf,
  mlp,
  tf,
  type Value,
} from '../../../nn/index.ts';
import type { Space } from '../../space.ts';
import { flatSize, printSpace } from '../../spaces/index.ts';
import type { VaeRnnOptions } from './options.ts';

type Numbered<X> = { readonly [layer: string]: X };

/** Parameters of V. */
export type VisionOf<X> = {
  readonly encoder: { readonly body: Numbered<ConvolutionOf<X>> | MlpOf<X>; readonly head: DenseOf<X> };
  readonly decoder: { readonly head: DenseOf<X>; readonly body: Numbered<ConvolutionOf<X>> | MlpOf<X> };
};

/** A diagonal Gaussian over latents: [N, Z] each. */
export interface Posterior {
  readonly mean: tf.Tensor;
  /** Natural logarithm of the variance. */
  readonly logVariance: tf.Tensor;
}

/** Pixels of the kernels that halve and double. */
const WIDE = 4;

/**
 * V: a variational autoencoder (Kingma and Welling 2014) as Ha and Schmidhuber have it: convolutions that halve, and
 * transposed ones that double, for pictures; a multilayer perceptron for other observations.
 */
export interface Vision {
  initialise(stream: Stream): VisionOf<Value>;
  /** observation: [N, D] in the model's units. */
  encode(parameters: VisionOf<tf.Tensor>, observation: tf.Tensor): Posterior;
  /** z: [N, Z] -> [N, D]; of pictures, each number from 0 to 1. */
  decode(parameters: VisionOf<tf.Tensor>, z: tf.Tensor): tf.Tensor;
}

/** Errors: `invalid_input` where the picture does not halve so often; see `checkVaeRnnOptions` for the rest. */
export function createVision(observation: Space, options: VaeRnnOptions): Vision {
  const isPicture = observation.type === 'box' && observation.shape.length === 3 && observation.dtype === 'uint8';
  return isPicture
    ? pictures(observation.shape as readonly [number, number, number], observation, options)
    : vectors(flatSize(observation), options);
}

/** A draw from the posterior: mean + exp(logVariance / 2) noise. */
export function drawLatent({ mean, logVariance }: Posterior, noise: tf.Tensor): tf.Tensor {
  return tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), noise));
}

/** KL(posterior || standard normal) of each row, in nats: [N]. */
export function divergence({ mean, logVariance }: Posterior): tf.Tensor {
  const terms = tf.sub(tf.add(tf.square(mean), tf.exp(logVariance)), tf.add(logVariance, 1));
  return tf.mul(tf.sum(terms, -1), 0.5);
}

/** Losses of V over a batch. */
export interface VisionLoss {
  readonly loss: tf.Tensor;
  /** Squared error summed over a picture, mean of the batch. Summed: as a mean, the divergence would drown it. */
  readonly reconstruction: tf.Tensor;
  /** Nats, mean of the batch, without the floor. */
  readonly divergence: tf.Tensor;
  /** [N, Z]: what was drawn on the way. */
  readonly z: tf.Tensor;
  readonly posterior: Posterior;
}

/** reconstruction weight * sum of squares + max(KL, freeBits Z), the floor on each row by itself as in the paper's code. */
export function visionLoss(
  vision: Vision,
  parameters: VisionOf<tf.Tensor>,
  observation: tf.Tensor,
  noise: tf.Tensor,
  { latent, freeBits, reconstruction: weight }: VaeRnnOptions,
): VisionLoss {
  const posterior = vision.encode(parameters, observation);
  const z = drawLatent(posterior, noise);
  const error = tf.sum(tf.square(tf.sub(vision.decode(parameters, z), observation)), -1);
  const nats = divergence(posterior);
  const reconstruction = tf.mean(error);
  const floored = tf.mean(tf.maximum(nats, freeBits * latent));
  return {
    loss: tf.add(tf.mul(reconstruction, weight), floored),
    reconstruction,
    divergence: tf.mean(nats),
    z,
    posterior,
  };
}

function vectors(size: number, { latent, hidden }: VaeRnnOptions): Vision {
  const narrow = hidden.at(-1) ?? size;
  const widening = [...[...hidden].reverse(), size];
  return {
    initialise: (stream) => ({
      encoder: {
        body: hidden.length === 0 ? {} : mlp.init(stream, { sizes: [size, ...hidden] }),
        head: dense.init(stream, { inputs: narrow, outputs: 2 * latent }),
      },
      decoder: {
        head: dense.init(stream, { inputs: latent, outputs: narrow }),
        body: hidden.length === 0 ? {} : mlp.init(stream, { sizes: widening }),
      },
    }),
    encode: ({ encoder }, observation) => {
      const body = encoder.body as MlpOf<tf.Tensor>;
      const x = hidden.length === 0 ? observation : mlp.apply(body, observation, { activateLast: true });
      return halves(dense.apply(encoder.head, x));
    },
    decode: ({ decoder }, z) => {
      const x = dense.apply(decoder.head, z);
      return hidden.length === 0 ? x : mlp.apply(decoder.body as MlpOf<tf.Tensor>, tf.tanh(x));
    },
  };
}

function pictures(
  shape: readonly [height: number, width: number, channels: number],
  space: Space,
  { latent, channels }: VaeRnnOptions,
): Vision {
  const [height, width, colours] = shape;
  const down = 2 ** channels.length;
  if (height % down !== 0 || width % down !== 0)
    throw new LightbulbError('invalid_input', 'the picture cannot be halved once for each of the channels', {
      where: 'channels',
      wanted: `height and width that are multiples of ${down}`,
      got: printSpace(space),
    });
  const [h, w, deep] = [height / down, width / down, channels.at(-1)!];
  const layers = [colours, ...channels].slice(0, -1).map((inputs, i) => ({ inputs, outputs: channels[i]! }));
  return {
    initialise: (stream) => ({
      encoder: {
        body: numbered(layers, ({ inputs, outputs }) =>
          convolution.init(stream, { size: [WIDE, WIDE], inputs, outputs, kernel: heNormal }),
        ),
        head: dense.init(stream, { inputs: h * w * deep, outputs: 2 * latent }),
      },
      decoder: {
        head: dense.init(stream, { inputs: latent, outputs: h * w * deep, weight: heNormal }),
        body: numbered([...layers].reverse(), ({ inputs, outputs }) => doubling(stream, outputs, inputs)),
      },
    }),
    encode: ({ encoder }, observation) => {
      let x = tf.reshape(observation, [-1, height, width, colours]);
      const body = encoder.body as Numbered<ConvolutionOf<tf.Tensor>>;
      for (const i of layers.keys())
        x = tf.relu(convolution.apply(body[String(i)]!, x, { strides: 2, padding: 'same' }));
      return halves(dense.apply(encoder.head, tf.reshape(x, [x.shape[0]!, -1])));
    },
    decode: ({ decoder }, z) => {
      const rows = z.shape[0]!;
      const body = decoder.body as Numbered<ConvolutionOf<tf.Tensor>>;
      let x = tf.relu(tf.reshape(dense.apply(decoder.head, z), [rows, h, w, deep]));
      for (const i of layers.keys()) {
        const { kernel, bias } = body[String(i)]!;
        const size: [number, number, number, number] = [rows, 2 * x.shape[1]!, 2 * x.shape[2]!, kernel.shape[2]!];
        x = tf.add(tf.conv2dTranspose(x as tf.Tensor4D, kernel as tf.Tensor4D, size, 2, 'same'), bias);
        if (i < layers.length - 1) x = tf.relu(x);
      }
      return tf.sigmoid(tf.reshape(x, [rows, height * width * colours]));
    },
  };
}

/** [N, 2 Z] as mean and log variance. */
function halves(x: tf.Tensor): Posterior {
  const [mean, logVariance] = tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor];
  return { mean, logVariance };
}

/** A transposed convolution, kernel [4, 4, out, in]. He's variance: a pixel of the result sees (4 / 2)^2 of the input. */
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
