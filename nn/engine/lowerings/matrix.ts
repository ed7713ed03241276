import { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import { sizeOf } from '../value.ts';
import { activate } from './activation.ts';
import { elementwise } from './elementwise.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { reshaped, transposed } from './shape.ts';

/** Matrix products. Rank 2: Gemm, which takes its operands transposed for free; above: FusedMatMul, which does too. */
const batchMatMul: Lowering = (tracer, { a, b }, { transposeA, transposeB }) => {
  const [left, right] = [tracer.of(a!), tracer.of(b!)];
  if (left.dtype !== 'float32') return turnedProduct(tracer, left, right, Boolean(transposeA), Boolean(transposeB));
  return product(tracer, left, right, Boolean(transposeA), Boolean(transposeB));
};

function productShape(left: Traced, right: Traced, transA: boolean, transB: boolean): number[] {
  const [inner, outer] = [left.shape.at(transA ? -2 : -1), right.shape.at(transB ? -1 : -2)];
  // tfjs leaves this to its kernels.
  tf.util.assert(
    left.shape.length > 1 && right.shape.length > 1 && inner === outer,
    () => `Error in matMul: inner shapes (${inner}) and (${outer}) of [${left.shape}] and [${right.shape}] must match`,
  );
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  return [...batch, left.shape.at(transA ? -1 : -2)!, right.shape.at(transB ? -2 : -1)!];
}

/** The product of two float32 tensors of matrices. */
export function product(
  tracer: TraceBackend,
  left: Traced,
  right: Traced,
  transA: boolean,
  transB: boolean,
): tf.TensorInfo {
  const graph = tracer.current;
  const shape = productShape(left, right, transA, transB);
  // One matrix, with or without a batch axis, is a plain product.
  if (batchOf(left) === 1 && batchOf(right) === 1) {
    const [a, b] = [left, right].map((operand) => tracer.of(reshaped(tracer, operand, operand.shape.slice(-2))).name());
    const flags = { transA: Number(transA), transB: Number(transB) };
    const flat = graph.op('Gemm', [a!, b!], flags, tracer.scope);
    graph.columns.set(flat, shape.at(-1)!);
    return reshaped(tracer, tracer.of(tracer.tensor(flat, shape.slice(-2), 'float32')), shape);
  }
  const names = [left.name(), right.name()];
  if (!transA && !transB) return tracer.tensor(graph.op('MatMul', names, {}, tracer.scope), shape, 'float32');
  if (!graph.has('FusedMatMul')) return turnedProduct(tracer, left, right, transA, transB);
  const flags = { transA: Number(transA), transB: Number(transB) };
  return tracer.tensor(graph.op('FusedMatMul', names, flags, tracer.scope), shape, 'float32');
}

function batchOf(operand: Traced): number {
  return sizeOf(operand.shape.slice(0, -2));
}

/** By ONNX's own MatMul, which takes integers as well, and no flags: operands are transposed before. */
function turnedProduct(
  tracer: TraceBackend,
  left: Traced,
  right: Traced,
  transA: boolean,
  transB: boolean,
): tf.TensorInfo {
  const turned = (operand: Traced, isTurned: boolean): string => {
    const rank = operand.shape.length;
    const order = [...Array(rank - 2).keys(), rank - 1, rank - 2];
    return isTurned ? tracer.of(transposed(tracer, operand, order)).name() : operand.name();
  };
  const name = tracer.current.op('MatMul', [turned(left, transA), turned(right, transB)], {}, tracer.scope);
  return tracer.tensor(name, productShape(left, right, transA, transB), left.dtype);
}

const fusedMatMul: Lowering = (tracer, { a, b, bias, preluActivationWeights }, attributes) => {
  const bare = batchMatMul(tracer, { a: a!, b: b! }, attributes) as tf.TensorInfo;
  return activate(tracer, withBias(tracer, bare, bias), attributes, preluActivationWeights);
};

export function withBias(tracer: TraceBackend, x: tf.TensorInfo, bias: tf.TensorInfo | undefined): tf.TensorInfo {
  return bias === undefined ? x : (elementwise.Add!(tracer, { a: x, b: bias }, {}) as tf.TensorInfo);
}

/** One ONNX operator; tfjs has no gradient for it. */
const einsum: Lowering = (tracer, inputs, { equation }) => {
  const operands = Object.values(inputs).map((input) => tracer.of(input));
  const text = String(equation).replace(/\s/g, '');
  const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(text, operands.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, Object.values(inputs) as tf.Tensor[]);
  const [terms, result] = text.split('->') as [string, string];
  const lengths = new Map<string, number>();
  for (const [i, term] of terms.split(',').entries()) {
    for (const [axis, letter] of [...term].entries()) lengths.set(letter, operands[i]!.shape[axis]!);
  }
  const shape = [...result].map((letter) => lengths.get(letter)!);
  const names = operands.map((operand) => operand.name());
  return tracer.tensor(tracer.current.op('Einsum', names, { equation: text }, tracer.scope), shape, operands[0]!.dtype);
};

export const matrix: Lowerings = { BatchMatMul: batchMatMul, _FusedMatMul: fusedMatMul, Einsum: einsum };
