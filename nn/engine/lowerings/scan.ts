import type { Graph } from '../graph.ts';
import { tf } from '../tf.ts';
import type { Traced } from '../tracer.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { castName } from './pointwise.ts';

const cumsum: Lowering = (tracer, { x }, { axis, exclusive, reverse }) => {
  const traced = tracer.of(x!);
  const graph = tracer.current;
  const [along] = tf.util.parseAxisParam(axis as number, [...traced.shape]);
  const dtype = traced.dtype === 'bool' ? 'int32' : traced.dtype;
  const attributes = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 };
  const numbers = castName(graph, traced.name(), traced.dtype, dtype);
  return tracer.tensor(graph.op('CumSum', [numbers, graph.int(along!)], attributes, tracer.scope), traced.shape, dtype);
};

/** Running product, in log2(length) doublings: ONNX has no operator for it. */
const cumprod: Lowering = (tracer, { x }, { axis, exclusive, reverse }) => {
  const traced = tracer.of(x!);
  const graph = tracer.current;
  const [along] = tf.util.parseAxisParam(axis as number, [...traced.shape]);
  const dtype = traced.dtype === 'bool' ? 'int32' : traced.dtype;
  const moved: Moved = { ...traced, dtype, axis: along!, isBack: Boolean(reverse) };
  let name = castName(graph, traced.name(), traced.dtype, dtype);
  if (exclusive) name = shifted(graph, name, moved, 1);
  for (let distance = 1; distance < traced.shape[along!]!; distance *= 2) {
    name = graph.op('Mul', [name, shifted(graph, name, moved, distance)]);
  }
  return tracer.tensor(name, traced.shape, dtype);
};

interface Moved extends Omit<Traced, 'name'> {
  readonly axis: number;
  readonly isBack: boolean;
}

/** Moved by `distance` along its axis, with ones moving in. */
function shifted(graph: Graph, name: string, { shape, dtype, axis, isBack }: Moved, distance: number): string {
  const length = shape[axis]!;
  const [from, to] = isBack ? [distance, length] : [0, length - distance];
  const kept = graph.op('Slice', [name, graph.int64s([from]), graph.int64s([to]), graph.int64s([axis])]);
  const sides = Array<number>(2 * shape.length).fill(0);
  sides[isBack ? shape.length + axis : axis] = distance;
  return graph.op('Pad', [kept, graph.int64s(sides), dtype === 'int32' ? graph.int(1) : graph.float(1)]);
}

export const scan: Lowerings = { Cumsum: cumsum, Cumprod: cumprod };
