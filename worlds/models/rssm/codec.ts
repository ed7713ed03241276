import type { Stream } from '../../../core/index.ts';
import type { tf as Tf, Tree, Value } from '../../../nn/index.ts';
import { tf } from '../../../nn/index.ts';
import type { Space } from '../../space.ts';
import { flatSize } from '../../spaces/index.ts';
import { symexp, symlog } from '../symlog.ts';
import { type TrunkOf, trunk } from '../trunk.ts';
import type { RssmOptions } from './options.ts';
import { pictureCodec } from './pictures.ts';

/** How observations become features, and states observations. */
export interface Codec {
  /** Numbers of an encoded observation. */
  readonly features: number;
  initialise(stream: Stream): Tree<Value>;
  /** x: [R, D] -> [R, features]. */
  encode(parameters: Tree<Tf.Tensor>, x: Tf.Tensor): Tf.Tensor;
  /** y: [R, F] of states -> what stands for an observation inside the network: [R, D]. */
  decode(parameters: Tree<Tf.Tensor>, y: Tf.Tensor): Tf.Tensor;
  /** What `decode` gave, in the units of observations. */
  restore(decoded: Tf.Tensor): Tf.Tensor;
  /** Squared error of what `decode` gave, summed over the numbers of an observation: [R]. */
  error(decoded: Tf.Tensor, x: Tf.Tensor): Tf.Tensor;
}

export type CodecOptions = Pick<RssmOptions, 'units' | 'layers' | 'channels'>;

/** For bytes of pictures, convolutions; for everything else, dense layers on its numbers. `inputs`: F of a state. */
export function createCodec(space: Space, inputs: number, options: CodecOptions): Codec {
  const isPicture = space.type === 'box' && space.dtype === 'uint8' && space.shape.length === 3;
  return isPicture ? pictureCodec(space.shape, inputs, options) : vectorCodec(flatSize(space), inputs, options);
}

/** Numbers of any size go in and are predicted as their symlog. */
function vectorCodec(size: number, inputs: number, { units, layers }: CodecOptions): Codec {
  return {
    features: units,
    initialise: (stream) => ({
      encoder: trunk.init(stream, { inputs: size, units, layers }),
      decoder: trunk.init(stream, { inputs, units, layers, outputs: size }),
    }),
    encode: (parameters, x) => trunk.apply(partOf(parameters, 'encoder'), symlog(x)),
    decode: (parameters, y) => trunk.apply(partOf(parameters, 'decoder'), y),
    restore: symexp,
    error: (decoded, x) => tf.sum(tf.square(tf.sub(decoded, symlog(x))), -1),
  };
}

function partOf(parameters: Tree<Tf.Tensor>, name: string): TrunkOf<Tf.Tensor> {
  return (parameters as { readonly [part: string]: TrunkOf<Tf.Tensor> })[name]!;
}
