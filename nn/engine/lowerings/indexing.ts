import { tf } from '../tf.ts';
import type { DType } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';

const gather: Lowering = (tracer, { x, indices }, { axis, batchDims }) => {
  const [table, index] = [tracer.of(x!), tracer.of(indices!)];
  const [along] = tf.util.parseAxisParam(axis as number, [...table.shape]);
  if (Number(batchDims ?? 0) !== 0) throw new Error('internal: batched gather reached the plain lowering');
  const shape = [...table.shape.slice(0, along), ...index.shape, ...table.shape.slice(along! + 1)];
  return tracer.tensor(
    tracer.current.op('Gather', [table.name(), index.name()], { axis: along! }, tracer.scope),
    shape,
    table.dtype,
  );
};

const oneHot: Lowering = (tracer, { indices }, { depth, onValue, offValue, dtype }) => {
  const index = tracer.of(indices!);
  const graph = tracer.current;
  // A comparison with 0..depth-1: ONNX's OneHot wraps negative indices around, tfjs answers all-off.
  const classes = graph.constant(
    'int32',
    [Number(depth)],
    Int32Array.from({ length: Number(depth) }, (_, i) => i),
  );
  const spread = graph.op('Unsqueeze', [index.name(), graph.int64s([index.shape.length])]);
  const equal = graph.op('Equal', [spread, classes]);
  const to = ((dtype as DType | undefined) ?? 'int32') as DType;
  const shape = [...index.shape, Number(depth)];
  if (Number(onValue) === 1 && Number(offValue) === 0) {
    const name = to === 'bool' ? equal : graph.op('Cast', [equal], { to: to === 'int32' ? 6 : 1 });
    return tracer.tensor(name, shape, to);
  }
  const constant = (value: unknown): string => (to === 'int32' ? graph.int(Number(value)) : graph.float(Number(value)));
  return tracer.tensor(graph.op('Where', [equal, constant(onValue), constant(offValue)]), shape, to);
};

export const indexing: Lowerings = { GatherV2: gather, OneHot: oneHot };
