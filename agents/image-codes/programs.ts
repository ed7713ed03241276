import {
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  type Executor,
  flattened,
  fromLeaves,
  globalNorm,
  type Layout,
  type Program,
  restored,
  scaleByAdam,
  scaleByLearningRate,
  type Transform,
  type TransformState,
  tf,
  unpackTensors,
} from '../../nn/index.ts';
import { type CodebookOf, followed, nearest, perplexity, straightThrough } from './codebook.ts';
import { type Autoencoder, type AutoencoderOf, type DecoderOf, type EncoderOf, scaled } from './network.ts';
import type { ImageCodesOptions, ImageCodesTraining } from './options.ts';

type Named = Readonly<Record<string, tf.Tensor>>;

/**
 * What a training step says, in the order of the vector `metrics`. Reconstruction: the mean square error of pixels on a
 * scale of -1 to 1; commitment: that of the encoder's vectors against their codes, without beta.
 */
export const IMAGE_CODES_METRICS = [
  'loss/reconstruction',
  'loss/commitment',
  'perplexity',
  'revived',
  'gradientNorm',
] as const;

/** Clips, then Adam. */
export function imageCodesOptimiser({ learningRate, maximumGradientNorm }: ImageCodesTraining): Transform {
  return chain(clipByGlobalNorm(maximumGradientNorm), scaleByAdam(), scaleByLearningRate(learningRate));
}

/** The two losses of an autoencoder whose codes are already chosen. */
export interface ImageCodesLosses {
  readonly reconstruction: tf.Scalar;
  readonly commitment: tf.Scalar;
}

/**
 * `|x - decode(z + sg(e - z))|^2` and `|z - sg(e)|^2`, as means (van den Oord et al. 2017, equation 3, whose second
 * term the moving averages replace). pixels [B, H, W, C]; chosen: the entries e, [B, h, w, D], constants.
 */
export function lossesOf(
  network: Autoencoder,
  { encoder, decoder }: AutoencoderOf<tf.Tensor>,
  pixels: tf.Tensor,
  chosen: tf.Tensor,
): ImageCodesLosses {
  const z = network.encode(encoder, pixels);
  const painted = network.decode(decoder, straightThrough(z, chosen));
  return {
    reconstruction: tf.mean(tf.square(tf.sub(painted, scaled(pixels)))),
    commitment: tf.mean(tf.square(tf.sub(z, chosen))),
  };
}

/** Inputs `pixels`, `revival`, `parameters`, `optimiser/...`, `codebook/...`; outputs the last three and `metrics`. */
export function trainingProgram(
  network: Autoencoder,
  layout: Layout<AutoencoderOf<unknown>>,
  { codes, features }: ImageCodesOptions,
  training: ImageCodesTraining,
  executor: Executor,
): Program {
  const optimiser = imageCodesOptimiser(training);
  const step = (inputs: Named): Named => {
    const { pixels, revival, parameters } = inputs as {
      pixels: tf.Tensor;
      revival: tf.Tensor;
      parameters: tf.Tensor1D;
    };
    const tree = (packed: tf.Tensor): AutoencoderOf<tf.Tensor> =>
      unpackTensors(packed as tf.Tensor1D, layout) as AutoencoderOf<tf.Tensor>;
    const codebook = restored<CodebookOf<unknown>, tf.Tensor>('codebook/', inputs) as CodebookOf<tf.Tensor>;

    // Codes are chosen outside of what is differentiated. Compiled, the encoder runs once for both.
    const vectors = network.encode(tree(parameters).encoder, pixels);
    const z = tf.reshape(vectors, [-1, features]);
    const ids = nearest(z, codebook.vectors);
    const chosen = tf.reshape(tf.gather(codebook.vectors, ids), vectors.shape);

    const losses = (packed: tf.Tensor): ImageCodesLosses => lossesOf(network, tree(packed), pixels, chosen);
    const gradient = tf.grad((packed: tf.Tensor) => {
      const { reconstruction, commitment } = losses(packed);
      return tf.add(reconstruction, tf.mul(commitment, training.commitment));
    })(parameters);
    const state = restored<TransformState, tf.Tensor>('optimiser/', inputs);
    const stepped = optimiser.update(gradient, state, parameters);
    const { decay, revive } = training;
    const after = followed(codebook, { z, ids, revival, decay, revive });
    const { reconstruction, commitment } = losses(parameters);
    return {
      parameters: applyUpdates(parameters, stepped.updates) as tf.Tensor,
      ...flattened('optimiser/', stepped.state),
      ...flattened<tf.Tensor>('codebook/', after.codebook),
      metrics: tf.stack([reconstruction, commitment, perplexity(ids, codes), after.revived, globalNorm(gradient)]),
    };
  };
  return compile(step, { name: 'image-codes/train', executor });
}

/** Inputs `pixels` [B, H, W, C], `vectors` [K, D] and the encoder's leaves; output `codes` int32 [B, h, w]. */
export function encodingProgram(network: Autoencoder, { features }: ImageCodesOptions, executor: Executor): Program {
  const encode = ({ pixels, vectors, ...weights }: Named): Named => {
    const z = network.encode(fromLeaves(Object.entries(weights)) as EncoderOf<tf.Tensor>, pixels!);
    return { codes: tf.reshape(nearest(tf.reshape(z, [-1, features]), vectors!), z.shape.slice(0, 3)) };
  };
  return compile(encode, { name: 'image-codes/encode', executor });
}

/** Inputs `codes` int32 [B, h, w], `vectors` and the decoder's leaves; output `pixels` [B, H, W, C] from 0 to 255. */
export function decodingProgram(network: Autoencoder, { features }: ImageCodesOptions, executor: Executor): Program {
  const decode = ({ codes, vectors, ...weights }: Named): Named => {
    const rows = tf.gather(vectors!, tf.reshape(codes!, [-1]) as tf.Tensor1D);
    const painted = network.decode(
      fromLeaves(Object.entries(weights)) as DecoderOf<tf.Tensor>,
      tf.reshape(rows, [...codes!.shape, features]),
    );
    return { pixels: tf.clipByValue(tf.mul(tf.add(painted, 1), 127.5), 0, 255) };
  };
  return compile(decode, { name: 'image-codes/decode', executor });
}
