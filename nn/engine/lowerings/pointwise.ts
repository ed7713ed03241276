import { LightbulbError } from '../../../core/index.ts';
import type { Graph } from '../graph.ts';
import { tf } from '../tf.ts';
import { type Core, sameShape, type TraceBackend, type Traced } from '../tracer.ts';
import type { DType } from '../value.ts';
import type { Attributes, Lowering } from './lowering.ts';

/** ONNX's numbers for element types, as Cast takes them. */
export const ONNX_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 } as const;

/** The least of a tensor that an elementwise operator has to see. */
function coreOf(traced: Traced): Core {
  return traced.core ?? traced;
}

export function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  return shapes.reduce<number[]>((whole, shape) => tf.broadcast_util.assertAndGetBroadcastShape(whole, [...shape]), []);
}

/**
 * The one way to lower an elementwise kernel: `compose` sees the cores of the operands, and only its result is
 * broadcast, when somebody needs it whole. So gradients of sums and means never fill memory with copies of one row.
 */
export function pointwise(
  tracer: TraceBackend,
  operands: readonly Traced[],
  dtype: DType,
  compose: (graph: Graph, names: readonly string[]) => string,
): tf.TensorInfo {
  const cores = operands.map(coreOf);
  const shape = broadcastShape(...operands.map((operand) => operand.shape));
  const core = broadcastShape(...cores.map((small) => small.shape));
  const name = compose(
    tracer.current,
    cores.map((small) => small.name()),
  );
  return tracer.broadcast({ shape: core, name: () => name }, shape, dtype);
}

/** Casts inside the graph; nothing where the dtype is right already. */
export function castName(graph: Graph, name: string, from: DType, to: DType | 'int64' | 'float64'): string {
  return from === to ? name : graph.op('Cast', [name], { to: ONNX_TYPE[to] });
}

interface Binary {
  /** Folds two uniform operands. */
  readonly fold?: (a: number, b: number) => number;
  /** A uniform left or right operand that changes nothing: x + 0, x * 1, x - 0, x / 1. */
  readonly neutral?: { readonly left?: number; readonly right?: number };
  /** What it means for bools, where tfjs gives it a meaning. */
  readonly bool?: string;
}

/** A kernel of two operands that is one ONNX operator; the result has the left operand's dtype. */
export function binary(operator: string, { fold, neutral, bool }: Binary = {}): Lowering {
  return (tracer, { a, b }) => {
    const [left, right] = [tracer.of(a!), tracer.of(b!)];
    const shape = broadcastShape(left.shape, right.shape);
    const { dtype } = left;
    if (dtype === 'bool') {
      if (bool === undefined) throw noBools(tracer);
      return pointwise(tracer, [left, right], 'bool', (graph, names) => graph.op(bool, names, {}, tracer.scope));
    }
    if (fold !== undefined && left.uniform !== undefined && right.uniform !== undefined && dtype === 'float32') {
      return tracer.filled(fold(left.uniform, right.uniform), shape, dtype);
    }
    // x + 0 is x but for the sign of a zero, which no comparison sees.
    if (neutral?.right !== undefined && right.uniform === neutral.right) return spread(tracer, left, shape);
    if (neutral?.left !== undefined && left.uniform === neutral.left) return spread(tracer, right, shape);
    return pointwise(tracer, [left, right], dtype, (graph, names) => graph.op(operator, names, {}, tracer.scope));
  };
}

function spread(tracer: TraceBackend, traced: Traced, shape: readonly number[]): tf.TensorInfo {
  if (sameShape(traced.shape, shape)) return tracer.alias(traced);
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, shape, traced.dtype);
  return tracer.broadcast(coreOf(traced), shape, traced.dtype);
}

export function noBools(tracer: TraceBackend): LightbulbError {
  return new LightbulbError('trace', `arithmetic on a bool tensor ${tracer.place}`, {
    wanted: 'float32 or int32',
    cure: "Cast it first: x.cast('float32')",
  });
}

type Compose = (graph: Graph, x: string, attributes: Attributes, traced: Traced) => string;

interface Unary {
  /** Folds a uniform operand. */
  readonly fold?: (x: number) => number;
  /** ONNX's operator knows floats alone: integers pass through float32 and come back truncated, as in tfjs. */
  readonly isFloatOnly?: boolean;
  /** For integers there is nothing to do. */
  readonly isIdentityOnIntegers?: boolean;
  /** The result's dtype, where that is not the operand's. */
  readonly result?: DType;
}

/** A kernel of one operand. */
export function unary(
  compose: string | Compose,
  { fold, isFloatOnly = false, isIdentityOnIntegers = false, result }: Unary = {},
): Lowering {
  return (tracer, { x }, attributes) => {
    const traced = tracer.of(x!);
    const dtype = result ?? traced.dtype;
    const isWhole = traced.dtype !== 'float32';
    if (isIdentityOnIntegers && isWhole) return tracer.alias(traced);
    if (fold !== undefined && traced.uniform !== undefined && dtype === 'float32' && !isWhole) {
      return tracer.filled(fold(traced.uniform), traced.shape, dtype);
    }
    return pointwise(tracer, [traced], dtype, (graph, [name]) => {
      const isCast = isFloatOnly && isWhole;
      const operand = isCast ? castName(graph, name!, traced.dtype, 'float32') : name!;
      const value =
        typeof compose === 'string'
          ? graph.op(compose, [operand], {}, tracer.scope)
          : compose(graph, operand, attributes, traced);
      return isCast ? castName(graph, value, 'float32', dtype) : value;
    });
  };
}

/** A comparison of two operands: bool out. Order is not defined on bools in ONNX, so they compare as integers. */
export function comparison(operator: string): Lowering {
  return (tracer, { a, b }) => {
    const [left, right] = [tracer.of(a!), tracer.of(b!)];
    const asNumbers = operator !== 'Equal' && operator !== 'NotEqual';
    return pointwise(tracer, [left, right], 'bool', (graph, names) => {
      const operands =
        asNumbers && left.dtype === 'bool' ? names.map((x) => castName(graph, x, 'bool', 'int32')) : names;
      if (operator === 'NotEqual') return graph.op('Not', [graph.op('Equal', operands)]);
      return graph.op(operator, operands, {}, tracer.scope);
    });
  };
}

/** A connective of two bools. */
export function connective(operator: string): Lowering {
  return (tracer, { a, b }) =>
    pointwise(tracer, [tracer.of(a!), tracer.of(b!)], 'bool', (graph, names) =>
      graph.op(operator, names, {}, tracer.scope),
    );
}
