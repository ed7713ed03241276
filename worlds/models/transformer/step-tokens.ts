import type { Stream } from '../../../core/index.ts';
import { type DenseOf, dense, initialisers, lecunNormal, tf, type Value } from '../../../nn/index.ts';
import { type TrunkOf, trunk } from '../trunk.ts';

/** Either of the two: latents and action mixed into one token, or each with tokens of its own. */
export type StepTokensOf<X> =
  | { readonly mixed: TrunkOf<X> }
  | {
      /** weight [N - 1, Z / (N - 1), D], bias [N - 1, 1, D]: one part of the latents for each token but the last. */
      readonly latents: DenseOf<X>;
      readonly action: DenseOf<X>;
    };

/** The first row of an episode is all zeros; a norm of nothing but zeros would blow its gradients up a thousandfold. */
const BIAS = initialisers.normal(0.3);

/** How a step becomes N vectors of width D. */
export interface StepTokens {
  init(stream: Stream): StepTokensOf<Value>;
  /** latents [L, B, Z], action [L, B, A] -> [L, B, N, D]. */
  apply(parameters: StepTokensOf<tf.Tensor>, latents: tf.Tensor, action: tf.Tensor): tf.Tensor;
}

/** N = 1: a small network on both, as STORM's action mixer. Else projections; Z is a multiple of N - 1. */
export function stepTokens({
  latents: Z,
  actions: A,
  tokens: N,
  width: D,
}: {
  readonly latents: number;
  readonly actions: number;
  readonly tokens: number;
  readonly width: number;
}): StepTokens {
  const parts = N - 1;
  return {
    init(stream) {
      if (N > 1)
        return {
          latents: { weight: partsOf(stream, parts, Z / parts, D), bias: BIAS(stream, [parts, 1, D]) },
          action: dense.init(stream, { inputs: A, outputs: D, bias: BIAS }),
        };
      const mixed = trunk.init(stream, { inputs: Z + A, units: D, layers: 1, outputs: D });
      const biased = Object.entries(mixed).map(([name, layer]) => [name, { ...layer, bias: BIAS(stream, [D]) }]);
      return { mixed: Object.fromEntries(biased) as TrunkOf<Value> };
    },

    apply(parameters, latents, action) {
      const [L, B] = latents.shape as [number, number];
      if ('mixed' in parameters) {
        const token = trunk.apply(parameters.mixed, tf.reshape(tf.concat([latents, action], -1), [L * B, Z + A]));
        return tf.reshape(token, [L, B, 1, D]);
      }
      const split = tf.transpose(tf.reshape(latents, [L * B, parts, Z / parts]), [1, 0, 2]);
      const seen = tf.add(tf.matMul(split, parameters.latents.weight), parameters.latents.bias);
      const acted = tf.expandDims(dense.apply(parameters.action, tf.reshape(action, [L * B, A])), 1);
      return tf.reshape(tf.concat([tf.transpose(seen, [1, 0, 2]), acted], 1), [L, B, N, D]);
    },
  };
}

/** One LeCun-normal matrix for each part: [parts, inputs, outputs]. */
function partsOf(stream: Stream, parts: number, inputs: number, outputs: number): Value {
  const data = new Float32Array(parts * inputs * outputs);
  for (let part = 0; part < parts; part++)
    data.set(lecunNormal(stream, [inputs, outputs]).data, part * inputs * outputs);
  return { dtype: 'float32', shape: [parts, inputs, outputs], data };
}
