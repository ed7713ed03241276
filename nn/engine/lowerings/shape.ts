import type { Graph } from '../graph.ts';
import { tf } from '../tf.ts';
import { type Core, sameShape, type TraceBackend, type Traced } from '../tracer.ts';
import { sizeOf } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';

const reshape: Lowering = (tracer, { x }, { shape }) => {
  const traced = tracer.of(x!);
  const to = tf.util.inferFromImplicitShape([...(shape as number[])], sizeOf(traced.shape));
  return reshaped(tracer, traced, to);
};

/** The same elements in another shape; of two reshapes in a row only the last is kept. */
export function reshaped(tracer: TraceBackend, traced: Traced, to: readonly number[]): tf.TensorInfo {
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, to, traced.dtype);
  if (sameShape(traced.shape, to)) return tracer.alias(traced);
  const core = reshapedCore(tracer, traced, to);
  if (core !== undefined) return tracer.broadcast(core, to, traced.dtype);
  return tracer.tensor(reshapedName(tracer.current, traced.name(), to), to, traced.dtype);
}

function reshapedName(graph: Graph, name: string, to: readonly number[]): string {
  const maker = graph.producer(name);
  const source = maker?.operator === 'Reshape' ? maker.inputs[0]! : name;
  return graph.op('Reshape', [source, graph.int64s(to)]);
}

/** A broadcast tensor that gains or loses axes of length 1 alone is still one, of the reshaped core. */
function reshapedCore(tracer: TraceBackend, { shape, core }: Traced, to: readonly number[]): Core | undefined {
  if (core === undefined) return undefined;
  const [long, longTo] = [shape, to].map((lengths) => lengths.flatMap((length, i) => (length === 1 ? [] : [i])));
  if (
    !sameShape(
      long!.map((i) => shape[i]!),
      longTo!.map((i) => to[i]!),
    )
  )
    return undefined;
  const small = Array<number>(to.length).fill(1);
  const missing = shape.length - core.shape.length;
  long!.forEach((axis, k) => {
    small[longTo![k]!] = axis < missing ? 1 : core.shape[axis - missing]!;
  });
  const graph = tracer.current;
  return { shape: small, name: () => reshapedName(graph, core.name(), small) };
}

const expandDims: Lowering = (tracer, { input }, { dim }) => {
  const shape = [...tracer.of(input!).shape];
  const at = Number(dim);
  shape.splice(at < 0 ? shape.length + at + 1 : at, 0, 1);
  return reshaped(tracer, tracer.of(input!), shape);
};

const transpose: Lowering = (tracer, { x }, { perm }) => transposed(tracer, tracer.of(x!), perm as number[]);

/** Axes in another order; of two transpositions in a row one is kept, or none. */
export function transposed(tracer: TraceBackend, traced: Traced, order: readonly number[]): tf.TensorInfo {
  const shape = order.map((axis) => traced.shape[axis]!);
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, shape, traced.dtype);
  if (isInOrder(order)) return tracer.alias(traced);
  const graph = tracer.current;
  // Where axes of length 1 alone change places, the elements stay where they are.
  if (isInOrder(order.filter((axis) => traced.shape[axis] !== 1))) return reshaped(tracer, traced, shape);
  const maker = graph.producer(traced.name());
  const before = maker?.operator === 'Transpose' ? (maker.attributes.perm as readonly number[]) : undefined;
  const [source, perm] =
    before === undefined ? [traced.name(), order] : [maker!.inputs[0]!, order.map((axis) => before[axis]!)];
  const name = isInOrder(perm) ? source : graph.op('Transpose', [source], { perm }, tracer.scope);
  return tracer.tensor(name, shape, traced.dtype);
}

function isInOrder(axes: readonly number[]): boolean {
  return axes.every((axis, i) => i === 0 || axes[i - 1]! < axis);
}

const concat: Lowering = (tracer, inputs, { axis }) => {
  const rank = tracer.of(Object.values(inputs)[0]!).shape.length;
  const along = Number(axis) < 0 ? Number(axis) + rank : Number(axis);
  const parts = Object.values(inputs)
    .map((input) => tracer.of(input))
    .filter((part) => sizeOf(part.shape) > 0);
  tf.backend_util.assertParamsConsistent(
    parts.map((part) => [...part.shape]),
    along,
  );
  const [first] = parts;
  if (first === undefined) return tracer.alias(tracer.of(Object.values(inputs)[0]!));
  const shape = [...first.shape];
  shape[along] = parts.reduce((sum, part) => sum + part.shape[along]!, 0);
  if (parts.length === 1) return tracer.alias(first);
  const { uniform, dtype } = first;
  if (uniform !== undefined && parts.every((part) => Object.is(part.uniform, uniform))) {
    return tracer.filled(uniform, shape, dtype);
  }
  const names = parts.map((part) => part.name());
  return tracer.tensor(tracer.current.op('Concat', names, { axis: along }, tracer.scope), shape, dtype);
};

const split: Lowering = (tracer, { x }, { numOrSizeSplits, axis }) => {
  const traced = tracer.of(x!);
  const [along] = tf.util.parseAxisParam(axis as number, [...traced.shape]);
  const sizes = tf.backend_util.prepareSplitSize(
    { shape: [...traced.shape] } as tf.Tensor,
    numOrSizeSplits as number[],
    along!,
  );
  if (traced.uniform !== undefined || sizes.length === 1) {
    return sizes.map((length) => slicedUniform(tracer, traced, along!, length));
  }
  const graph = tracer.current;
  const names = graph.ops('Split', [traced.name(), graph.int64s(sizes)], sizes.length, { axis: along! }, tracer.scope);
  return sizes.map((length, i) => {
    const shape = traced.shape.map((whole, dimension) => (dimension === along ? length : whole));
    return tracer.tensor(names[i]!, shape, traced.dtype);
  });
};

/** A part of a uniform tensor, or the whole of any. */
function slicedUniform(tracer: TraceBackend, traced: Traced, axis: number, length: number): tf.TensorInfo {
  if (traced.uniform === undefined) return tracer.alias(traced);
  const shape = traced.shape.map((whole, i) => (i === axis ? length : whole));
  return tracer.filled(traced.uniform, shape, traced.dtype);
}

const pack: Lowering = (tracer, inputs, { axis }) => {
  const along = Number(axis);
  const parts = Object.values(inputs).map((input) => expandDims(tracer, { input }, { dim: along }) as tf.TensorInfo);
  return concat(tracer, Object.fromEntries(parts.map((part, i) => [i, part])), { axis: along });
};

const unpack: Lowering = (tracer, { value }, { axis }) => {
  const traced = tracer.of(value!);
  const along = Number(axis) < 0 ? Number(axis) + traced.shape.length : Number(axis);
  const parts = split(
    tracer,
    { x: value! },
    { numOrSizeSplits: Array<number>(traced.shape[along]!).fill(1), axis: along },
  );
  const shape = traced.shape.filter((_, i) => i !== along);
  return (parts as tf.TensorInfo[]).map((part) => reshaped(tracer, tracer.of(part), shape));
};

const tile: Lowering = (tracer, { x }, { reps }) => {
  const traced = tracer.of(x!);
  const repeats = reps as number[];
  const shape = traced.shape.map((length, i) => length * repeats[i]!);
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, shape, traced.dtype);
  if (repeats.every((repeat) => repeat === 1)) return tracer.alias(traced);
  // Where every repeated axis has length 1, it is a broadcast.
  const isBroadcast = repeats.every((repeat, i) => repeat === 1 || traced.shape[i] === 1);
  if (isBroadcast) return tracer.broadcast(traced.core ?? traced, shape, traced.dtype);
  const graph = tracer.current;
  return tracer.tensor(graph.op('Tile', [traced.name(), graph.int64s(repeats)], {}, tracer.scope), shape, traced.dtype);
};

export const shape: Lowerings = {
  Reshape: reshape,
  ExpandDims: expandDims,
  Transpose: transpose,
  Concat: concat,
  SplitV: split,
  Pack: pack,
  Unpack: unpack,
  Tile: tile,
};
