import { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { reshaped } from './shape.ts';

const slice: Lowering = (tracer, { x }, { begin, size }) => {
  const traced = tracer.of(x!);
  const view = { shape: [...traced.shape] } as unknown as tf.Tensor;
  const [starts, sizes] = tf.slice_util.parseSliceParams(view, begin as number[], size as number[]);
  tf.slice_util.assertParamsValid(view, starts!, sizes!);
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, sizes!, traced.dtype);
  const axes = starts!.map((_, i) => i).filter((i) => sizes![i] !== traced.shape[i]);
  if (axes.length === 0) return tracer.alias(traced);
  const graph = tracer.current;
  const bounds = [axes.map((i) => starts![i]!), axes.map((i) => starts![i]! + sizes![i]!), axes].map((list) =>
    graph.int64s(list),
  );
  return tracer.tensor(graph.op('Slice', [traced.name(), ...bounds], {}, tracer.scope), sizes!, traced.dtype);
};

const stridedSlice: Lowering = (tracer, { x }, attributes) => {
  const traced = tracer.of(x!);
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } =
    attributes as unknown as tf.StridedSliceAttrs;
  const info = tf.slice_util.sliceInfo(
    [...traced.shape],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, info.finalShape, traced.dtype);
  if (info.isIdentity) return reshaped(tracer, traced, info.finalShape);
  const graph = tracer.current;
  const lengths = tf.slice_util.computeOutShape(info.begin, info.end, info.strides);
  const stops = info.begin.map((start, i) => {
    const stop = start + lengths[i]! * info.strides[i]!;
    // A stop before the first element: a negative number counts from the end in ONNX, this one from before the start.
    return stop < 0 ? -(traced.shape[i]! + 1) : stop;
  });
  const axes = info.begin.map((_, i) => i);
  const bounds = [info.begin, stops, axes, info.strides].map((list) => graph.int64s(list));
  const cut = tracer.tensor(graph.op('Slice', [traced.name(), ...bounds], {}, tracer.scope), lengths, traced.dtype);
  return reshaped(tracer, tracer.of(cut), info.finalShape);
};

/** A slice with stride -1: from the last element to before the first. */
const reverse: Lowering = (tracer, { x }, { dims }) => {
  const traced = tracer.of(x!);
  const axes = tf.util.parseAxisParam(dims as number[], [...traced.shape]).filter((axis) => traced.shape[axis] !== 1);
  if (traced.uniform !== undefined || axes.length === 0) return tracer.alias(traced);
  const graph = tracer.current;
  const bounds = [axes.map(() => -1), axes.map((axis) => -(traced.shape[axis]! + 1)), axes, axes.map(() => -1)].map(
    (list) => graph.int64s(list),
  );
  return tracer.tensor(graph.op('Slice', [traced.name(), ...bounds], {}, tracer.scope), traced.shape, traced.dtype);
};

const pad: Lowering = (tracer, { x }, { paddings, constantValue }) =>
  padded(tracer, tracer.of(x!), paddings as [number, number][], Number(constantValue ?? 0));

export function padded(
  tracer: TraceBackend,
  traced: Traced,
  sides: readonly (readonly number[])[],
  value: number,
): tf.TensorInfo {
  if (sides.every(([before, after]) => before === 0 && after === 0)) return tracer.alias(traced);
  const graph = tracer.current;
  const shape = traced.shape.map((length, i) => length + sides[i]![0]! + sides[i]![1]!);
  if (traced.uniform === value) return tracer.filled(value, shape, traced.dtype);
  const filler =
    traced.dtype === 'float32'
      ? graph.float(value)
      : graph.constant(traced.dtype, [], traced.dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value));
  const pads = graph.int64s([...sides.map((side) => side[0]!), ...sides.map((side) => side[1]!)]);
  return tracer.tensor(graph.op('Pad', [traced.name(), pads, filler], {}, tracer.scope), shape, traced.dtype);
}

/** The edge mirrored, with the last element once (reflect) or twice (symmetric): a gather along each padded axis. */
const mirrorPad: Lowering = (tracer, { x }, { paddings, mode }) => {
  const traced = tracer.of(x!);
  const graph = tracer.current;
  const once = mode === 'reflect' ? 1 : 0;
  const shape = [...traced.shape];
  let name = traced.name();
  for (const [axis, [before, after]] of (paddings as [number, number][]).entries()) {
    if (before === 0 && after === 0) continue;
    const length = traced.shape[axis]!;
    const positions = Array.from({ length: before + length + after }, (_, i) => {
      const at = i - before;
      if (at < 0) return -at - 1 + once;
      return at < length ? at : 2 * length - at - 1 - once;
    });
    name = graph.op('Gather', [name, graph.constant('int32', [positions.length], Int32Array.from(positions))], {
      axis,
    });
    shape[axis] = positions.length;
  }
  return tracer.tensor(name, shape, traced.dtype);
};

export const slicing: Lowerings = {
  Slice: slice,
  StridedSlice: stridedSlice,
  Reverse: reverse,
  PadV2: pad,
  MirrorPad: mirrorPad,
};
