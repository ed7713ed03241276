import { type TensorFunction, tf } from '../../../../nn/engine/index.ts';
import { reductionCases, shapeCases } from './arrays.ts';
import type { Case, Instance } from './case.ts';
import { curveCases } from './curves.ts';
import { elementwiseCases } from './elementwise.ts';
import { imageCases } from './images.ts';
import { lookupCases } from './lookups.ts';
import { matrixCases } from './matrices.ts';

/** Together they use every lowering. */
export const groups: Readonly<Record<string, readonly Case[]>> = {
  elementwise: elementwiseCases,
  curves: curveCases,
  shapes: shapeCases,
  reductions: reductionCases,
  lookups: lookupCases,
  matrices: matrixCases,
  images: imageCases,
};

/** The results of an instance, and the gradients of their sum, each element with a weight of its own. */
export function withGradients({ fn, gradients = [] }: Instance): TensorFunction {
  return (inputs) => {
    const listed = (result: tf.Tensor | tf.Tensor[]): tf.Tensor[] => (Array.isArray(result) ? result : [result]);
    const outputs = Object.fromEntries(listed(fn(inputs)).map((tensor, i) => [`y${i}`, tensor]));
    if (gradients.length === 0) return outputs;
    const loss = (...chosen: tf.Tensor[]): tf.Tensor => {
      const given = { ...inputs, ...Object.fromEntries(gradients.map((name, i) => [name, chosen[i]!])) };
      const terms = listed(fn(given))
        .filter(({ dtype }) => dtype === 'float32')
        .map((y) => tf.sum(tf.mul(y, tf.reshape(tf.sin(tf.range(1, y.size + 1)), y.shape))));
      return tf.addN(terms);
    };
    const found = tf.grads(loss)(gradients.map((name) => inputs[name]!));
    return { ...outputs, ...Object.fromEntries(gradients.map((name, i) => [`d${name}`, found[i]!])) };
  };
}
