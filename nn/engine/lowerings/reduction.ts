import { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../trace.ts';
import type { DType } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';

/** The shape after reducing `axes`; reduced axes stay as 1 where `keepDims`. */
export function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims
    ? shape.map((length, i) => (axes.includes(i) ? 1 : length))
    : shape.filter((_, i) => !axes.includes(i));
}

function parseAxes(axis: unknown, shape: readonly number[]): number[] {
  return tf.util.parseAxisParam(axis as number | number[], [...shape]);
}

/** One ONNX reduction over `axis` (tfjs has already moved nothing: our backend takes any axes). */
function reduce(operator: string, key = 'axis'): Lowering {
  return (tracer, { x }, attributes) => {
    const traced = tracer.of(x!);
    const axes = parseAxes(attributes[key] ?? attributes.axis, traced.shape);
    const keepDims = Boolean(attributes.keepDims);
    const shape = reducedShape(traced.shape, axes, keepDims);
    return tracer.tensor(reduceOp(tracer, operator, traced.name(), axes, keepDims), shape, traced.dtype);
  };
}

function reduceOp(
  tracer: TraceBackend,
  operator: string,
  x: string,
  axes: readonly number[],
  keepDims: boolean,
): string {
  const graph = tracer.current;
  if (axes.length === 0) return x;
  return graph.op(operator, [x, graph.int64s(axes)], { keepdims: keepDims ? 1 : 0 }, tracer.scope);
}

/** All and Any: ONNX reduces no bools, so they pass through int32. */
function reduceBool(operator: string): Lowering {
  return (tracer, { x }, { axis, keepDims }) => {
    const traced = tracer.of(x!);
    const axes = parseAxes(axis, traced.shape);
    const numbers = tracer.current.op('Cast', [traced.name()], { to: 6 });
    const reduced = reduceOp(tracer, operator, numbers, axes, Boolean(keepDims));
    const name = tracer.current.op('Cast', [reduced], { to: 9 });
    return tracer.tensor(name, reducedShape(traced.shape, axes, Boolean(keepDims)), 'bool');
  };
}

function argument(operator: string): Lowering {
  return (tracer, { x }, { axis }) => {
    const traced = tracer.of(x!);
    const [along] = parseAxes(axis, traced.shape);
    const index = tracer.current.op(operator, [traced.name()], { axis: along ?? 0, keepdims: 0 }, tracer.scope);
    return tracer.tensor(
      tracer.current.op('Cast', [index], { to: 6 }),
      reducedShape(traced.shape, [along ?? 0], false),
      'int32',
    );
  };
}

function softmaxLike(operator: string, input: string, key: string): Lowering {
  return (tracer, inputs, attributes) => {
    const traced: Traced = tracer.of(inputs[input]!);
    const axis = Number(attributes[key]);
    const along = axis < 0 ? axis + traced.shape.length : axis;
    return tracer.tensor(
      tracer.current.op(operator, [traced.name()], { axis: along }, tracer.scope),
      traced.shape,
      'float32',
    );
  };
}

/** Running sum or product. ONNX has CumSum alone. */
const cumsum: Lowering = (tracer, { x }, { axis, exclusive, reverse }) => {
  const traced = tracer.of(x!);
  const graph = tracer.current;
  const attributes = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 };
  const name = graph.op('CumSum', [traced.name(), graph.int(Number(axis))], attributes, tracer.scope);
  return tracer.tensor(name, traced.shape, traced.dtype as DType);
};

export const reduction: Lowerings = {
  Sum: reduce('ReduceSum'),
  Mean: reduce('ReduceMean'),
  Max: reduce('ReduceMax', 'reductionIndices'),
  Min: reduce('ReduceMin'),
  Prod: reduce('ReduceProd'),
  All: reduceBool('ReduceMin'),
  Any: reduceBool('ReduceMax'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Softmax: softmaxLike('Softmax', 'logits', 'dim'),
  LogSoftmax: softmaxLike('LogSoftmax', 'logits', 'axis'),
  Cumsum: cumsum,
};
