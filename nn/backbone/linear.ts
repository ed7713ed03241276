import type { Stream } from '../../core/index.ts';
import type { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import { type Initialiser, normal, zeros } from '../initialisers.ts';
import { dense, project } from '../layers/index.ts';
import type { BackboneConfig } from './config.ts';

/** weight [in, out]; bias [out] where the configuration has biases. */
export type LinearOf<X> = { readonly weight: X; readonly bias?: X };

export const linear = {
  init(
    stream: Stream,
    inputs: number,
    outputs: number,
    { bias }: BackboneConfig,
    weight: Initialiser,
  ): LinearOf<Value> {
    const made = { weight: weight(stream, [inputs, outputs]) };
    return bias ? { ...made, bias: zeros(stream, [outputs]) } : made;
  },

  /** x: [..., in] -> [..., out]. */
  apply({ weight, bias }: LinearOf<tf.Tensor>, x: tf.Tensor): tf.Tensor {
    return bias === undefined ? project(weight, x) : dense.apply({ weight, bias }, x);
  },
};

/** For weights that read the residual stream. */
export const reading = ({ deviation }: BackboneConfig): Initialiser => normal(deviation);

/** For weights that write to it: 2 parts of each layer add up, so each begins smaller (Radford et al. 2019). */
export const writing = ({ deviation, layers }: BackboneConfig): Initialiser =>
  normal(deviation / Math.sqrt(2 * layers));
