import type { Stream } from '../../../core/index.ts';
import type { Tree, tf, Value } from '../../../nn/index.ts';
import type { Space } from '../../space.ts';
import { flatSize } from '../../spaces/index.ts';
import { symlog } from '../symlog.ts';
import { type TrunkOf, trunk } from '../trunk.ts';
import {
  bernoulli,
  checkLikelihood,
  checkScale,
  type Likelihood,
  scaled,
  symlogGaussian,
  unitGaussian,
} from './likelihood.ts';
import type { RssmOptions } from './options.ts';
import { pictureCodec } from './pictures.ts';

/** How observations become features, and states observations. */
export interface Codec extends Likelihood {
  /** Numbers of an encoded observation. */
  readonly features: number;
  initialise(stream: Stream): Tree<Value>;
  /** x: [R, D] -> [R, features]. */
  encode(parameters: Tree<tf.Tensor>, x: tf.Tensor): tf.Tensor;
  /** y: [R, F] of states -> what the likelihood reads: [R, D]. */
  decode(parameters: Tree<tf.Tensor>, y: tf.Tensor): tf.Tensor;
}

export type CodecOptions = Pick<RssmOptions, 'units' | 'layers' | 'channels' | 'likelihood' | 'observationScale'>;

/**
 * For bytes of pictures, convolutions; for everything else, dense layers on its numbers. `inputs`: F of a state. Error
 * `invalid_input` where the likelihood or the scale does not fit the space.
 */
export function createCodec(space: Space, inputs: number, options: CodecOptions): Codec {
  checkLikelihood(options.likelihood, space);
  checkScale(options.observationScale, options.likelihood, space);
  const isPicture = space.type === 'box' && space.dtype === 'uint8' && space.shape.length === 3;
  const { likelihood } = options;
  return isPicture
    ? { ...pictureCodec(space.shape, inputs, options), ...(likelihood === 'bernoulli' ? bernoulli : unitGaussian) }
    : vectorCodec(flatSize(space), inputs, options);
}

/** Numbers of any size go in as their symlog, and are predicted as that where the likelihood is Gaussian. */
function vectorCodec(size: number, inputs: number, options: CodecOptions): Codec {
  const { units, layers, likelihood, observationScale } = options;
  return {
    features: units,
    initialise: (stream) => ({
      encoder: trunk.init(stream, { inputs: size, units, layers }),
      decoder: trunk.init(stream, { inputs, units, layers, outputs: size }),
    }),
    encode: (parameters, x) => trunk.apply(partOf(parameters, 'encoder'), symlog(scaled(x, observationScale))),
    decode: (parameters, y) => trunk.apply(partOf(parameters, 'decoder'), y),
    ...(likelihood === 'bernoulli' ? bernoulli : symlogGaussian(observationScale)),
  };
}

function partOf(parameters: Tree<tf.Tensor>, name: string): TrunkOf<tf.Tensor> {
  return (parameters as { readonly [part: string]: TrunkOf<tf.Tensor> })[name]!;
}
