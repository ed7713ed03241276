import type { Graph } from '../graph.ts';
import { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import type { DType } from '../value.ts';
import { sizeOf } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';

/** Rows by index. Indices outside of the axis are an error when run; negative ones count from the end. */
const gather: Lowering = (tracer, { x, indices }, { axis, batchDims }) => {
  const [table, index] = [tracer.of(x!), tracer.of(indices!)];
  const [along] = tf.util.parseAxisParam(axis as number, [...table.shape]);
  const batch = Number(batchDims ?? 0);
  if (batch !== 0) return batchedGather(tracer, table, index, along!, batch);
  const shape = [...table.shape.slice(0, along), ...index.shape, ...table.shape.slice(along! + 1)];
  const root = unreshaped(tracer.current, index.name());
  const known = tracer.current.gathered.get(root) ?? new Set();
  tracer.current.gathered.set(root, known.add(table.shape[along!]!));
  const name = tracer.current.op('Gather', [table.name(), index.name()], { axis: along! }, tracer.scope);
  return tracer.tensor(name, shape, table.dtype);
};

/** What `name` is a reshape of, or itself: the same elements. */
export function unreshaped(graph: Graph, name: string): string {
  const maker = graph.producer(name);
  return maker?.operator === 'Reshape' ? maker.inputs[0]! : name;
}

/** One list of indices for each leading position; each is checked against its own batch. */
function batchedGather(
  tracer: TraceBackend,
  table: Traced,
  index: Traced,
  axis: number,
  batchDims: number,
): tf.TensorInfo {
  const info = tf.backend_util.segment_util.collectGatherOpShapeInfo(
    { shape: [...table.shape] } as tf.Tensor,
    { shape: [...index.shape] } as tf.Tensor,
    axis,
    batchDims,
  );
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
  const graph = tracer.current;
  const count = sizeOf(index.shape) / batchSize;
  const reshape = (name: string, shape: readonly number[]): string => graph.op('Reshape', [name, graph.int64s(shape)]);
  const picked = (): string => {
    if (outerSize === 1 && sliceSize === 1) {
      const operands = [reshape(table.name(), [batchSize, dimSize]), reshape(index.name(), [batchSize, count])];
      return graph.op('GatherElements', operands, { axis: 1 }, tracer.scope);
    }
    if (outerSize === 1) {
      const at = graph.op('Cast', [reshape(index.name(), [batchSize, count, 1])], { to: 7 });
      const rows = reshape(table.name(), [batchSize, dimSize, sliceSize]);
      return graph.op('GatherND', [rows, at], { batch_dims: 1 }, tracer.scope);
    }
    const whole = graph.int64s([batchSize, outerSize, count, sliceSize]);
    const at = graph.op('Expand', [reshape(index.name(), [batchSize, 1, count, 1]), whole]);
    const rows = reshape(table.name(), [batchSize, outerSize, dimSize, sliceSize]);
    return graph.op('GatherElements', [rows, at], { axis: 2 }, tracer.scope);
  };
  return tracer.tensor(reshape(picked(), outputShape), outputShape, table.dtype);
}

const gatherNd: Lowering = (tracer, { params, indices }) => {
  const [table, index] = [tracer.of(params!), tracer.of(indices!)];
  const [shape] = tf.backend_util.prepareAndValidate(
    { shape: [...table.shape] } as tf.TensorInfo,
    { shape: [...index.shape], dtype: 'int32' } as tf.TensorInfo,
  );
  const graph = tracer.current;
  const at = graph.op('Cast', [index.name()], { to: 7 });
  return tracer.tensor(graph.op('GatherND', [table.name(), at], {}, tracer.scope), shape, table.dtype);
};

/** A comparison with 0..depth-1: ONNX's OneHot wraps negative indices around, tfjs answers all-off. */
const oneHot: Lowering = (tracer, { indices }, { depth, onValue, offValue, dtype }) => {
  const index = tracer.of(indices!);
  const graph = tracer.current;
  const classes = graph.constant(
    'int32',
    [Number(depth)],
    Int32Array.from({ length: Number(depth) }, (_, i) => i),
  );
  const spread = graph.op('Reshape', [index.name(), graph.int64s([...index.shape, 1])]);
  const equal = graph.op('Equal', [spread, classes]);
  const to = (dtype as DType | undefined) ?? 'int32';
  const shape = [...index.shape, Number(depth)];
  if (Number(onValue) === 1 && Number(offValue) === 0) {
    const name = to === 'bool' ? equal : graph.op('Cast', [equal], { to: to === 'int32' ? 6 : 1 });
    return tracer.tensor(name, shape, to);
  }
  const [on, off] = [onValue, offValue].map((value) =>
    to === 'float32' ? graph.float(Number(value)) : graph.int(Number(value)),
  );
  const chosen = graph.op('Where', [equal, on!, off!]);
  return tracer.tensor(to === 'bool' ? graph.op('Cast', [chosen], { to: 9 }) : chosen, shape, to);
};

/** The k largest along the last axis, largest first, of equals the first one first; and where they were. */
const topK: Lowering = (tracer, { x }, { k }) => {
  const traced = tracer.of(x!);
  const graph = tracer.current;
  const shape = [...traced.shape.slice(0, -1), Number(k)];
  const attributes = { axis: -1, largest: 1, sorted: 1 };
  const [values, places] = graph.ops('TopK', [traced.name(), graph.int64s([Number(k)])], 2, attributes, tracer.scope);
  return [
    tracer.tensor(values!, shape, traced.dtype),
    tracer.tensor(graph.op('Cast', [places!], { to: 6 }), shape, 'int32'),
  ];
};

export const indexing: Lowerings = { GatherV2: gather, GatherNd: gatherNd, OneHot: oneHot, TopK: topK };
