import { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../trace.ts';
import type { Lowering, Lowerings } from './lowering.ts';

/** Matrix products. Rank 2: Gemm, which takes its operands transposed for free; above: FusedMatMul, which does too. */
const batchMatMul: Lowering = (tracer, { a, b }, { transposeA, transposeB }) => {
  const [left, right] = [tracer.of(a!), tracer.of(b!)];
  const [isLeftTurned, isRightTurned] = [Boolean(transposeA), Boolean(transposeB)];
  const rows = left.shape.at(isLeftTurned ? -1 : -2)!;
  const columns = right.shape.at(isRightTurned ? -2 : -1)!;
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  return tracer.tensor(product(tracer, left, right, isLeftTurned, isRightTurned, shape), shape, 'float32');
};

function product(
  tracer: TraceBackend,
  left: Traced,
  right: Traced,
  transA: boolean,
  transB: boolean,
  shape: readonly number[],
): string {
  const graph = tracer.current;
  // tfjs's matMul always comes with a batch axis; one batch is a plain product.
  const isPlain = sizeOfBatch(left) === 1 && sizeOfBatch(right) === 1;
  if (isPlain) {
    const [flatLeft, flatRight] = [left, right].map((operand) =>
      operand.shape.length === 2
        ? operand.name()
        : graph.op('Reshape', [operand.name(), graph.int64s(operand.shape.slice(-2))]),
    );
    const flat = graph.op(
      'Gemm',
      [flatLeft!, flatRight!],
      { transA: Number(transA), transB: Number(transB) },
      tracer.scope,
    );
    return shape.length === 2 ? flat : graph.op('Reshape', [flat, graph.int64s(shape)]);
  }
  if (!transA && !transB) return graph.op('MatMul', [left.name(), right.name()], {}, tracer.scope);
  return graph.op(
    'FusedMatMul',
    [left.name(), right.name()],
    { transA: Number(transA), transB: Number(transB) },
    tracer.scope,
  );
}

function sizeOfBatch(operand: Traced): number {
  return operand.shape.slice(0, -2).reduce((size, length) => size * length, 1);
}

export const matrix: Lowerings = { BatchMatMul: batchMatMul };
