import type { Stream } from '../core/index.ts';
import {
  activations,
  type DenseOf,
  dense,
  layerNorm,
  type NormOf,
  orthogonal,
  type tf as Tf,
  type Value,
} from '../nn/index.ts';
import type { NetworkOptions } from './options.ts';

/** One layer for each `0`, `1`, ...; `norm` where layers are normalised. */
export type HiddenOf<X> = { readonly [layer: string]: DenseOf<X> & { readonly norm?: NormOf<X> } };

/** Dense layers with an activation, then (where wanted) a LayerNorm after each: on-policy's order in its MLPLayer. */
export interface HiddenBody {
  readonly features: number;
  initialise(stream: Stream): HiddenOf<Value>;
  /** x: [R, inputs] -> [R, features]. */
  apply(parameters: HiddenOf<Tf.Tensor>, x: Tf.Tensor): Tf.Tensor;
}

export function createHiddenBody(
  inputs: number,
  { hidden, activation, layerNorm: isNormed }: Pick<NetworkOptions, 'hidden' | 'activation' | 'layerNorm'>,
): HiddenBody {
  const widths = [inputs, ...hidden];
  return {
    features: widths.at(-1)!,
    initialise: (stream) =>
      Object.fromEntries(
        hidden.map((units, i) => {
          const layer = dense.init(stream, { inputs: widths[i]!, outputs: units, weight: orthogonal(Math.SQRT2) });
          return [String(i), isNormed ? { ...layer, norm: layerNorm.init(units) } : layer];
        }),
      ),
    apply: (parameters, x) => {
      let y = x;
      for (let i = 0; i < hidden.length; i++) {
        const layer = parameters[String(i)]!;
        y = activations[activation](dense.apply(layer, y));
        if (layer.norm !== undefined) y = layerNorm.apply(layer.norm, y);
      }
      return y;
    },
  };
}
