import { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import type { DType } from '../value.ts';
import { sizeOf } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { castName } from './pointwise.ts';

/** The shape after reducing `axes`; reduced axes stay as 1 where `keepDims`. */
function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims
    ? shape.map((length, i) => (axes.includes(i) ? 1 : length))
    : shape.filter((_, i) => !axes.includes(i));
}

function parseAxes(axis: unknown, shape: readonly number[]): number[] {
  return tf.util.parseAxisParam(axis as number | number[], [...shape]);
}

interface Reduction {
  /** The attribute that holds the axes. */
  readonly key?: string;
  /** What tfjs computes in and answers, for each dtype that comes in. */
  readonly through?: (dtype: DType) => { readonly compute: DType; readonly result: DType };
  /** Of `count` equal elements. */
  readonly fold?: (value: number, count: number) => number;
}

const same = (dtype: DType): { compute: DType; result: DType } => ({
  // ONNX reduces no bools in this operator set.
  compute: dtype === 'bool' ? 'int32' : dtype,
  result: dtype,
});
const boolsCount = (dtype: DType): { compute: DType; result: DType } =>
  dtype === 'bool' ? { compute: 'int32', result: 'int32' } : { compute: dtype, result: dtype };
const toFloat = (): { compute: DType; result: DType } => ({ compute: 'float32', result: 'float32' });

/** One ONNX reduction over the axes in `attributes[key]`; all of them where there is none. */
function reduce(operator: string, { key = 'axis', through = same, fold }: Reduction): Lowering {
  return (tracer, { x }, attributes) => {
    const traced = tracer.of(x!);
    const axes = parseAxes(attributes[key] ?? attributes.axis, traced.shape);
    const shape = reducedShape(traced.shape, axes, Boolean(attributes.keepDims));
    const { compute, result } = through(traced.dtype);
    if (fold !== undefined && traced.uniform !== undefined && sizeOf(traced.shape) > 0) {
      return tracer.filled(fold(traced.uniform, sizeOf(traced.shape) / sizeOf(shape)), shape, result);
    }
    const graph = tracer.current;
    const reduced = reduceOp(
      tracer,
      operator,
      { ...traced, name: () => castName(graph, traced.name(), traced.dtype, compute) },
      axes,
      shape,
    );
    return tracer.tensor(castName(graph, reduced, compute, result), shape, result);
  };
}

function reduceOp(
  tracer: TraceBackend,
  operator: string,
  traced: Traced,
  axes: readonly number[],
  shape: readonly number[],
): string {
  const graph = tracer.current;
  const long = axes.filter((axis) => traced.shape[axis] !== 1);
  if (long.length === 0) {
    // Nothing to add up: at most some axes of length 1 go.
    return axes.length === 0 || shape.length === traced.shape.length
      ? traced.name()
      : graph.op('Reshape', [traced.name(), graph.int64s(shape)]);
  }
  const keepdims = shape.length === traced.shape.length ? 1 : 0;
  return graph.op(operator, [traced.name(), graph.int64s(axes)], { keepdims }, tracer.scope);
}

/** The index of the extreme element, the first one of equals. */
function argument(operator: string): Lowering {
  return (tracer, { x }, { axis }) => {
    const traced = tracer.of(x!);
    const graph = tracer.current;
    const [along = 0] = parseAxes(axis, traced.shape);
    const numbers = castName(graph, traced.name(), traced.dtype, traced.dtype === 'bool' ? 'int32' : traced.dtype);
    const index = graph.op(operator, [numbers], { axis: along, keepdims: 0 }, tracer.scope);
    return tracer.tensor(graph.op('Cast', [index], { to: 6 }), reducedShape(traced.shape, [along], false), 'int32');
  };
}

const softmax: Lowering = (tracer, { logits }, { dim }) => {
  const traced = tracer.of(logits!);
  const [axis] = parseAxes(dim, traced.shape);
  const graph = tracer.current;
  const numbers = castName(graph, traced.name(), traced.dtype, 'float32');
  return tracer.tensor(graph.op('Softmax', [numbers], { axis: axis! }, tracer.scope), traced.shape, 'float32');
};

const first = (value: number): number => value;

export const reduction: Lowerings = {
  Sum: reduce('ReduceSum', { through: boolsCount, fold: (value, count) => value * count }),
  Mean: reduce('ReduceMean', { through: toFloat, fold: first }),
  Prod: reduce('ReduceProd', { through: boolsCount }),
  Max: reduce('ReduceMax', { key: 'reductionIndices', fold: first }),
  Min: reduce('ReduceMin', { fold: first }),
  All: reduce('ReduceMin', { fold: first }),
  Any: reduce('ReduceMax', { fold: first }),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Softmax: softmax,
};
