import { LightbulbError, type Stream } from '../../core/index.ts';
import type { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import { type Initialiser, orthogonal } from '../initialisers.ts';
import { type Activation, activations } from './activations.ts';
import { type DenseOf, dense } from './dense.ts';

/** One dense layer for each `0`, `1`, ... */
export type MlpOf<X> = { readonly [layer: string]: DenseOf<X> };

export interface MlpOptions {
  /** Widths from the input to the output: [in, hidden, ..., out]; at least two. */
  readonly sizes: readonly number[];
  /** Weights of the hidden layers. Default orthogonal with gain sqrt 2 (Andrychowicz et al. 2021 for PPO). */
  readonly hidden?: Initialiser;
  /** Weights of the last layer. Default as hidden. A policy's head begins best near zero: `orthogonal(0.01)`. */
  readonly last?: Initialiser;
}

/** A multilayer perceptron: dense layers with an activation between them. */
export const mlp = {
  init(stream: Stream, { sizes, hidden = orthogonal(Math.SQRT2), last = hidden }: MlpOptions): MlpOf<Value> {
    if (sizes.length < 2)
      throw new LightbulbError('invalid_input', 'a multilayer perceptron needs an input and an output width', {
        wanted: 'sizes: [in, ..., out]',
        got: `[${sizes.join(', ')}]`,
      });
    const layers: Record<string, DenseOf<Value>> = {};
    for (let i = 0; i + 1 < sizes.length; i++) {
      const weight = i + 2 === sizes.length ? last : hidden;
      layers[String(i)] = dense.init(stream, { inputs: sizes[i]!, outputs: sizes[i + 1]!, weight });
    }
    return layers;
  },

  /** x: [..., in] -> [..., out]. The last layer is linear unless `activateLast` (for a trunk under several heads). */
  apply(
    parameters: MlpOf<tf.Tensor>,
    x: tf.Tensor,
    {
      activation = 'tanh',
      activateLast = false,
    }: { readonly activation?: Activation; readonly activateLast?: boolean } = {},
  ): tf.Tensor {
    const count = Object.keys(parameters).length;
    let y = x;
    for (let i = 0; i < count; i++) {
      y = dense.apply(parameters[String(i)]!, y);
      if (i + 1 < count || activateLast) y = activations[activation](y);
    }
    return y;
  },
};
