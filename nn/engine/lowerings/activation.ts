import { LightbulbError } from '../../../core/index.ts';
import type { tf } from '../tf.ts';
import type { TraceBackend } from '../tracer.ts';
import { sameShape } from '../tracer.ts';
import type { Attributes, Lowering, Lowerings } from './lowering.ts';
import { broadcastShape, castName, pointwise, unary } from './pointwise.ts';

/** 1 where x > 0, alpha elsewhere. */
const step = unary(
  (graph, x, { alpha }) => {
    const isAbove = graph.op('Greater', [x, graph.float(0)]);
    const below = Number(alpha ?? 0);
    if (below === 0) return graph.op('Cast', [isAbove], { to: 1 });
    return graph.op('Where', [isAbove, graph.float(1), graph.float(below)]);
  },
  { isFloatOnly: true },
);

/** From the result y of elu: dy where y >= 0, else dy * (y + 1); y + 1 is at least 1 exactly in the first case. */
const eluGrad: Lowering = (tracer, { dy, y }) =>
  pointwise(tracer, [tracer.of(dy!), tracer.of(y!)], 'float32', (graph, [gradient, value]) =>
    graph.op('Mul', [gradient!, graph.op('Min', [graph.op('Add', [value!, graph.float(1)]), graph.float(1)])]),
  );

/** x where x >= 0, else alpha * x, with alpha a tensor. */
const prelu: Lowering = (tracer, { x, alpha }) => {
  const [input, slope] = [tracer.of(x!), tracer.of(alpha!)];
  return pointwise(tracer, [input, slope], 'float32', (graph, [name, by]) => {
    const [value, factor] = [
      castName(graph, name!, input.dtype, 'float32'),
      castName(graph, by!, slope.dtype, 'float32'),
    ];
    const isOneWay = sameShape(broadcastShape(input.shape, slope.shape), input.shape) && input.core === undefined;
    if (isOneWay) return graph.op('PRelu', [value, factor], {}, tracer.scope);
    return graph.op('Where', [graph.op('Less', [value, graph.float(0)]), graph.op('Mul', [value, factor]), value]);
  });
};

export const activation: Lowerings = {
  Relu: unary('Relu', { fold: (x) => Math.max(x, 0) }),
  Relu6: unary((graph, x) => graph.op('Clip', [x, graph.float(0), graph.float(6)]), { isFloatOnly: true }),
  Elu: unary('Elu', { isFloatOnly: true }),
  EluGrad: eluGrad,
  Selu: unary((graph, x) => graph.op('Selu', [x], { alpha: { float: SELU_ALPHA }, gamma: { float: SELU_SCALE } }), {
    isFloatOnly: true,
  }),
  LeakyRelu: unary((graph, x, { alpha }) => graph.op('LeakyRelu', [x], { alpha: { float: Number(alpha) } }), {
    isFloatOnly: true,
    result: 'float32',
  }),
  Prelu: prelu,
  Step: step,
  Sigmoid: unary('Sigmoid', { isFloatOnly: true }),
  Softplus: unary('Softplus', { isFloatOnly: true }),
};

/** The constants of Klambauer et al. 2017, to the digits that tfjs has. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const FUSED: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  leakyrelu: 'LeakyRelu',
  sigmoid: 'Sigmoid',
};

/** The activation that a fused kernel names in its attributes. */
export function activate(
  tracer: TraceBackend,
  x: tf.TensorInfo,
  attributes: Attributes,
  preluWeights: tf.TensorInfo | undefined,
): tf.TensorInfo {
  const name = (attributes.activation as string | undefined) ?? 'linear';
  if (name === 'linear') return x;
  if (name === 'prelu') return prelu(tracer, { x, alpha: preluWeights! }, {}) as tf.TensorInfo;
  const kernel = FUSED[name];
  if (kernel === undefined) {
    throw new LightbulbError('trace', `the fused activation ${name} ${tracer.place} has no lowering`, {
      wanted: Object.keys(FUSED).join(', '),
      cure: 'Apply the activation after the op',
    });
  }
  return activation[kernel]!(tracer, { x }, { alpha: attributes.leakyreluAlpha }) as tf.TensorInfo;
}
