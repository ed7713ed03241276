import { LightbulbError } from '../../../core/index.ts';
import type { Graph } from '../graph.ts';
import type { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import type { DType } from '../value.ts';
import { sizeOf } from '../value.ts';
import { unreshaped } from './indexing.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { castName } from './pointwise.ts';

/** Zeros with updates added at indices [..., r]; equal indices add up. */
const scatterNd: Lowering = (tracer, { indices, updates }, { shape }) => {
  const [index, update] = [tracer.of(indices!), tracer.of(updates!)];
  const graph = tracer.current;
  const zeros = tracer.of(tracer.filled(0, shape as number[], update.dtype)).name();
  const at = graph.op('Cast', [index.name()], { to: 7 });
  const name = graph.op('ScatterND', [zeros, at, update.name()], { reduction: 'add' }, tracer.scope);
  return tracer.tensor(name, shape as number[], update.dtype);
};

/** A tensor with updates written over it; of equal indices the last one stays. */
const scatterUpdate: Lowering = (tracer, { tensor, indices, updates }) => {
  const [whole, index, update] = [tracer.of(tensor!), tracer.of(indices!), tracer.of(updates!)];
  const graph = tracer.current;
  const at = graph.op('Cast', [index.name()], { to: 7 });
  return tracer.tensor(
    graph.op('ScatterND', [whole.name(), at, update.name()], {}, tracer.scope),
    whole.shape,
    whole.dtype,
  );
};

/**
 * Rows of x [n, ...] added up by segment: the gradient of gather. Rows whose segment is not in [0, numSegments) count
 * nowhere. float32 out, as in tfjs.
 */
const segmentSum: Lowering = (tracer, { x, segmentIds }, { numSegments }) => {
  const [rows, ids] = [tracer.of(x!), tracer.of(segmentIds!)];
  if (ids.shape.length !== 1) {
    throw new LightbulbError('trace', `segment ids of rank ${ids.shape.length} ${tracer.place}`, { wanted: 'rank 1' });
  }
  const graph = tracer.current;
  const values = castName(graph, rows.name(), rows.dtype, 'float32');
  return segments(tracer, { ...rows, dtype: 'float32', name: () => values }, ids.name(), Number(numSegments));
};

function segments(tracer: TraceBackend, rows: Traced, ids: string, count: number): tf.TensorInfo {
  const graph = tracer.current;
  const shape = [count, ...rows.shape.slice(1)];
  const [at, values] = wereGathered(graph, ids, count) ? [ids, rows.name()] : guarded(tracer, rows, ids, count);
  const zeros = tracer.of(tracer.filled(0, shape, rows.dtype)).name();
  if (rows.shape.length === 1) {
    const name = graph.op('ScatterElements', [zeros, at, values], { axis: 0, reduction: 'add' }, tracer.scope);
    return tracer.tensor(name, shape, rows.dtype);
  }
  const index = graph.op('Reshape', [graph.op('Cast', [at], { to: 7 }), graph.int64s([rows.shape[0]!, 1])]);
  const name = graph.op('ScatterND', [zeros, index, values], { reduction: 'add' }, tracer.scope);
  return tracer.tensor(name, shape, rows.dtype);
}

/** Indices that the forward pass gathered with are in range already: it would not have come this far. */
function wereGathered(graph: Graph, ids: string, count: number): boolean {
  return graph.gathered.get(unreshaped(graph, ids))?.has(count) ?? false;
}

/** Rows without a segment go to the first one, as zeros. */
function guarded(tracer: TraceBackend, rows: Traced, ids: string, count: number): [string, string] {
  const graph = tracer.current;
  const isIn = graph.op('And', [
    graph.op('GreaterOrEqual', [ids, graph.int(0)]),
    graph.op('Less', [ids, graph.int(count)]),
  ]);
  const mask =
    rows.shape.length === 1
      ? isIn
      : graph.op('Reshape', [isIn, graph.int64s([-1, ...rows.shape.slice(1).map(() => 1)])]);
  const zero = rows.dtype === 'float32' ? graph.float(0) : graph.int(0);
  return [graph.op('Where', [isIn, ids, graph.int(0)]), graph.op('Where', [mask, rows.name(), zero])];
}

/** How often each number in [0, size) occurs, or the sum of its weights. tfjs refuses negative numbers; here they are skipped. */
const bincount: Lowering = (tracer, { x, weights }, { size }) => counts(tracer, x!, weights!, Number(size), false);

/** The same, for each row of a matrix by itself; `binaryOutput` asks only whether. */
const denseBincount: Lowering = (tracer, { x, weights }, { size, binaryOutput }) =>
  counts(tracer, x!, weights!, Number(size), Boolean(binaryOutput));

function counts(
  tracer: TraceBackend,
  x: tf.TensorInfo,
  weights: tf.TensorInfo,
  size: number,
  isBinary: boolean,
): tf.TensorInfo {
  const [numbers, weight] = [tracer.of(x), tracer.of(weights)];
  const graph = tracer.current;
  const isMatrix = numbers.shape.length === 2;
  const total = sizeOf(numbers.shape);
  const rows = isMatrix ? numbers.shape[0]! : 1;
  const isUnweighted = sizeOf(weight.shape) === 0 || isBinary;
  const one = tracer.of(tracer.filled(1, [total], weight.dtype));
  const flat = (name: string): string => graph.op('Reshape', [name, graph.int64s([total])]);
  const added: Traced = isUnweighted ? one : { ...one, name: () => flat(weight.name()) };
  let ids = flat(numbers.name());
  if (isMatrix) {
    // Numbers outside of a row's range must not fall into its neighbour's.
    const starts = Int32Array.from({ length: total }, (_, i) => Math.floor(i / numbers.shape[1]!) * size);
    const isIn = graph.op('And', [
      graph.op('GreaterOrEqual', [ids, graph.int(0)]),
      graph.op('Less', [ids, graph.int(size)]),
    ]);
    ids = graph.op('Where', [isIn, graph.op('Add', [ids, graph.constant('int32', [total], starts)]), graph.int(-1)]);
  }
  const summed = tracer.of(segments(tracer, added, ids, rows * size));
  const shape = isMatrix ? [rows, size] : [size];
  const shaped = isMatrix ? graph.op('Reshape', [summed.name(), graph.int64s(shape)]) : summed.name();
  const dtype: DType = weight.dtype;
  if (!isBinary) return tracer.tensor(shaped, shape, dtype);
  return tracer.tensor(graph.op('Min', [shaped, dtype === 'float32' ? graph.float(1) : graph.int(1)]), shape, dtype);
}

/** The elements on the diagonal of [...shape, ...shape], zeros elsewhere. */
const diag: Lowering = (tracer, { x }) => {
  const traced = tracer.of(x!);
  const graph = tracer.current;
  const size = sizeOf(traced.shape);
  const isDiagonal = Uint8Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
  const row = graph.op('Reshape', [traced.name(), graph.int64s([1, size])]);
  const zero = tracer.of(tracer.filled(0, [], traced.dtype)).name();
  const square = graph.op('Where', [graph.constant('bool', [size, size], isDiagonal), row, zero]);
  const shape = [...traced.shape, ...traced.shape];
  return tracer.tensor(graph.op('Reshape', [square, graph.int64s(shape)]), shape, traced.dtype);
};

export const scatter: Lowerings = {
  ScatterNd: scatterNd,
  TensorScatterUpdate: scatterUpdate,
  UnsortedSegmentSum: segmentSum,
  Bincount: bincount,
  DenseBincount: denseBincount,
  Diag: diag,
};
