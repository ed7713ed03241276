import { stream } from '../../../../core/index.ts';
import {
  applyUpdates,
  chain,
  clipByGlobalNorm,
  float32,
  fromLeaves,
  globalNorm,
  leaves,
  type ScanStep,
  scaleByAdam,
  scaleByLearningRate,
  type TransformState,
  tf,
  type Value,
  type Values,
} from '../../../../nn/index.ts';

const random = stream(1, 'test/scan');
const drawn = (shape: readonly number[]): Value => {
  const value = float32(shape);
  return { ...value, data: (value.data as Float32Array).map(() => random.normal()) };
};

const optimiser = (rate: tf.Scalar | number) => chain(clipByGlobalNorm(0.5), scaleByAdam(), scaleByLearningRate(rate));

/** A network of one hidden layer in one vector: loss, gradient, clipping, Adam. */
export const learn: ScanStep = ({ parameters, ...state }, { x, y }, { rate }) => {
  const loss = (packed: tf.Tensor): tf.Scalar => {
    const [w, v] = tf.split(packed as tf.Tensor1D, [12, 4]) as [tf.Tensor1D, tf.Tensor1D];
    const hidden = tf.tanh(tf.matMul(x as tf.Tensor2D, tf.reshape(w, [3, 4])));
    return tf.mean(tf.square(tf.sub(tf.matMul(hidden, tf.reshape(v, [4, 1])), y!)));
  };
  const { value, grad } = tf.valueAndGrad(loss)(parameters!);
  const before = fromLeaves(Object.entries(state)) as TransformState;
  const stepped = optimiser(rate as tf.Scalar).update(grad, before, parameters!);
  const after = applyUpdates(parameters!, stepped.updates) as tf.Tensor;
  return {
    carry: { parameters: after, ...Object.fromEntries(leaves<tf.Tensor>(stepped.state)) },
    y: { loss: value, norm: globalNorm(grad), parameters: after },
  };
};

/** What `learn` starts from, M rows of data, and the rate. */
export const problem = (M: number): { carry: Values; xs: Values; constants: Values } => {
  const parameters = drawn([16]);
  return {
    carry: { parameters, ...Object.fromEntries(leaves<Value>(optimiser(0).init(parameters))) },
    xs: { x: drawn([M, 8, 3]), y: drawn([M, 8, 1]) },
    constants: { rate: float32([], [0.05]) },
  };
};
