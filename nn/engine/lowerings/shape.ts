import { tf } from '../tf.ts';
import { sizeOf } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';

const reshape: Lowering = (tracer, { x }, { shape }) => {
  const traced = tracer.of(x!);
  const to = tf.util.inferFromImplicitShape([...(shape as number[])], sizeOf(traced.shape));
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, to, traced.dtype);
  if (to.length === traced.shape.length && to.every((length, i) => length === traced.shape[i])) {
    return tracer.tensor(traced.name(), to, traced.dtype);
  }
  return tracer.tensor(tracer.current.op('Reshape', [traced.name(), tracer.current.int64s(to)]), to, traced.dtype);
};

const expandDims: Lowering = (tracer, { input }, { dim }) => {
  const shape = [...tracer.of(input!).shape];
  const at = Number(dim);
  shape.splice(at < 0 ? shape.length + at + 1 : at, 0, 1);
  return reshape(tracer, { x: input! }, { shape });
};

const transpose: Lowering = (tracer, { x }, { perm }) => {
  const traced = tracer.of(x!);
  const order = perm as number[];
  const shape = order.map((axis) => traced.shape[axis]!);
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, shape, traced.dtype);
  if (order.every((axis, i) => axis === i)) return tracer.tensor(traced.name(), shape, traced.dtype);
  return tracer.tensor(
    tracer.current.op('Transpose', [traced.name()], { perm: order }, tracer.scope),
    shape,
    traced.dtype,
  );
};

const slice: Lowering = (tracer, { x }, { begin, size }) => {
  const traced = tracer.of(x!);
  const view = { shape: [...traced.shape] } as unknown as tf.Tensor;
  const [starts, sizes] = tf.slice_util.parseSliceParams(view, begin as number[], size as number[]);
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, sizes!, traced.dtype);
  const axes = starts!.map((_, i) => i).filter((i) => sizes![i] !== traced.shape[i]);
  if (axes.length === 0) return tracer.tensor(traced.name(), sizes!, traced.dtype);
  const graph = tracer.current;
  const bounds = [axes.map((i) => starts![i]!), axes.map((i) => starts![i]! + sizes![i]!), axes].map((list) =>
    graph.int64s(list),
  );
  return tracer.tensor(graph.op('Slice', [traced.name(), ...bounds], {}, tracer.scope), sizes!, traced.dtype);
};

const concat: Lowering = (tracer, inputs, { axis }) => {
  const along = Number(axis);
  const parts = Object.values(inputs)
    .map((input) => tracer.of(input))
    .filter((part) => sizeOf(part.shape) > 0);
  const [first] = parts;
  const shape = [...first!.shape];
  shape[along] = parts.reduce((sum, part) => sum + part.shape[along]!, 0);
  if (parts.length === 1) return tracer.tensor(first!.name(), shape, first!.dtype);
  const names = parts.map((part) => part.name());
  return tracer.tensor(tracer.current.op('Concat', names, { axis: along }, tracer.scope), shape, first!.dtype);
};

const split: Lowering = (tracer, { x }, { numOrSizeSplits, axis }) => {
  const traced = tracer.of(x!);
  const [along] = tf.util.parseAxisParam(axis as number, [...traced.shape]);
  const sizes = tf.backend_util.prepareSplitSize(
    { shape: [...traced.shape] } as tf.Tensor,
    numOrSizeSplits as number[],
    along!,
  );
  const graph = tracer.current;
  const names = graph.ops('Split', [traced.name(), graph.int64s(sizes)], sizes.length, { axis: along! }, tracer.scope);
  return sizes.map((length, i) => {
    const shape = traced.shape.map((whole, dimension) => (dimension === along ? length : whole));
    return tracer.tensor(names[i]!, shape, traced.dtype);
  });
};

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
  return (parts as tf.TensorInfo[]).map((part) => reshape(tracer, { x: part }, { shape }) as tf.TensorInfo);
};

const tile: Lowering = (tracer, { x }, { reps }) => {
  const traced = tracer.of(x!);
  const repeats = reps as number[];
  const shape = traced.shape.map((length, i) => length * repeats[i]!);
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, shape, traced.dtype);
  if (repeats.every((repeat) => repeat === 1)) return tracer.tensor(traced.name(), shape, traced.dtype);
  const graph = tracer.current;
  // Where every repeated axis has length 1, ONNX's Expand does the same without copying blocks.
  const isBroadcast = repeats.every((repeat, i) => repeat === 1 || traced.shape[i] === 1);
  const name = graph.op(
    isBroadcast ? 'Expand' : 'Tile',
    [traced.name(), graph.int64s(isBroadcast ? shape : repeats)],
    {},
    tracer.scope,
  );
  return tracer.tensor(name, shape, traced.dtype);
};

const broadcastTo: Lowering = (tracer, { x }, { shape }) => {
  const traced = tracer.of(x!);
  const to = shape as number[];
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, to, traced.dtype);
  return tracer.tensor(tracer.current.op('Expand', [traced.name(), tracer.current.int64s(to)]), to, traced.dtype);
};

const pad: Lowering = (tracer, { x }, { paddings, constantValue }) => {
  const traced = tracer.of(x!);
  const sides = paddings as [number, number][];
  const graph = tracer.current;
  const shape = traced.shape.map((length, i) => length + sides[i]![0] + sides[i]![1]);
  const value = Number(constantValue ?? 0);
  if (traced.uniform === value) return tracer.filled(value, shape, traced.dtype);
  const filler =
    traced.dtype === 'float32'
      ? graph.float(value)
      : graph.constant(traced.dtype, [], traced.dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value));
  const pads = graph.int64s([...sides.map((side) => side[0]), ...sides.map((side) => side[1])]);
  return tracer.tensor(graph.op('Pad', [traced.name(), pads, filler], {}, tracer.scope), shape, traced.dtype);
};

export const shape: Lowerings = {
  Reshape: reshape,
  ExpandDims: expandDims,
  Transpose: transpose,
  Slice: slice,
  Concat: concat,
  SplitV: split,
  Pack: pack,
  Unpack: unpack,
  Tile: tile,
  BroadcastTo: broadcastTo,
  PadV2: pad,
};
