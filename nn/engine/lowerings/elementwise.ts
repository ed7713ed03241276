import type { Graph } from '../graph.ts';
import { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../trace.ts';
import type { DType } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';

/** The name of an operand, as a scalar where it is uniform and the other operand already has the full shape. */
function operand(tracer: TraceBackend, traced: Traced, other: Traced, shape: readonly number[]): string {
  const spreads =
    traced.uniform !== undefined &&
    traced.shape.length > 0 &&
    sameShape(other.shape, shape) &&
    other.uniform === undefined;
  if (!spreads) return traced.name();
  return tracer.of(tracer.filled(traced.uniform, [], traced.dtype)).name();
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

type Fold = (
  a: Traced,
  b: Traced,
  shape: readonly number[],
  pass: (x: 'a' | 'b') => tf.TensorInfo,
) => tf.TensorInfo | undefined;

/** A kernel of two operands that is one ONNX operator. `compute` folds uniform operands; `fold` drops neutral ones. */
function binary(operator: string, compute: (a: number, b: number) => number, fold?: Fold, result?: DType): Lowering {
  return (tracer, { a, b }) => {
    const [left, right] = [tracer.of(a!), tracer.of(b!)];
    const shape = tf.broadcast_util.assertAndGetBroadcastShape([...left.shape], [...right.shape]);
    const dtype = result ?? (a!.dtype as DType);
    if (left.uniform !== undefined && right.uniform !== undefined && dtype === 'float32') {
      return tracer.filled(compute(left.uniform, right.uniform), shape, dtype);
    }
    const pass = (x: 'a' | 'b'): tf.TensorInfo => {
      const traced = x === 'a' ? left : right;
      return tracer.tensor(traced.name(), traced.shape, traced.dtype);
    };
    const folded = fold?.(left, right, shape, pass);
    if (folded !== undefined) return folded;
    const inputs = [operand(tracer, left, right, shape), operand(tracer, right, left, shape)];
    return tracer.tensor(tracer.current.op(operator, inputs, {}, tracer.scope), shape, dtype);
  };
}

/** Drops an operand that changes nothing: x + 0, x * 1, x - 0, x / 1. */
function neutral(left: number | null, right: number | null): Fold {
  return (a, b, shape, pass) => {
    if (right !== null && b.uniform === right && sameShape(a.shape, shape)) return pass('a');
    if (left !== null && a.uniform === left && sameShape(b.shape, shape)) return pass('b');
    return undefined;
  };
}

type Compose = (graph: Graph, x: string, traced: Traced) => string;

/** A kernel of one operand, float32 in and out unless it keeps its input's dtype. */
function unary(compose: string | Compose, uniform?: (x: number) => number): Lowering {
  return (tracer, { x }) => {
    const traced = tracer.of(x!);
    if (uniform !== undefined && traced.uniform !== undefined && traced.dtype === 'float32') {
      return tracer.filled(uniform(traced.uniform), traced.shape, traced.dtype);
    }
    const graph = tracer.current;
    const name =
      typeof compose === 'string'
        ? graph.op(compose, [traced.name()], {}, tracer.scope)
        : compose(graph, traced.name(), traced);
    return tracer.tensor(name, traced.shape, traced.dtype);
  };
}

/** A comparison: bool out. `Not` turns Equal into NotEqual and so on, where ONNX has no operator. */
function comparison(operator: string): Lowering {
  return (tracer, { a, b }) => {
    const [left, right] = [tracer.of(a!), tracer.of(b!)];
    const shape = tf.broadcast_util.assertAndGetBroadcastShape([...left.shape], [...right.shape]);
    const graph = tracer.current;
    const inputs = [operand(tracer, left, right, shape), operand(tracer, right, left, shape)];
    const name =
      operator === 'NotEqual'
        ? graph.op('Not', [graph.op('Equal', inputs)])
        : graph.op(operator, inputs, {}, tracer.scope);
    return tracer.tensor(name, shape, 'bool');
  };
}

const ONNX_TYPE: Readonly<Record<DType, number>> = { float32: 1, int32: 6, bool: 9 };

/** Casts as tfjs does: to int32 truncates towards zero, to bool means "is not zero". */
function castTo(tracer: TraceBackend, traced: Traced, dtype: DType): string {
  if (traced.dtype === dtype) return traced.name();
  return tracer.current.op('Cast', [traced.name()], { to: ONNX_TYPE[dtype] });
}

const cast: Lowering = (tracer, { x }, { dtype }) => {
  const traced = tracer.of(x!);
  const to = dtype as DType;
  if (traced.uniform !== undefined) {
    const value =
      to === 'int32' ? Math.trunc(traced.uniform) : to === 'bool' ? Number(traced.uniform !== 0) : traced.uniform;
    return tracer.filled(value, traced.shape, to);
  }
  return tracer.tensor(castTo(tracer, traced, to), traced.shape, to);
};

const identity: Lowering = (tracer, { x }) => {
  const traced = tracer.of(x!);
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, traced.shape, traced.dtype);
  return tracer.tensor(traced.name(), traced.shape, traced.dtype);
};

/** 1 where x > 0, alpha elsewhere; NaN where x is NaN (tfjs's Step). */
const step: Lowering = (tracer, { x }, { alpha }) => {
  const traced = tracer.of(x!);
  const graph = tracer.current;
  const name = traced.name();
  const isAbove = graph.op('Greater', [name, graph.float(0)]);
  const below = Number(alpha ?? 0);
  const chosen =
    below === 0
      ? graph.op('Cast', [isAbove], { to: 1 })
      : graph.op('Where', [isAbove, graph.float(1), graph.float(below)]);
  return tracer.tensor(chosen, traced.shape, 'float32');
};

const clip: Lowering = (tracer, { x }, { clipValueMin, clipValueMax }) => {
  const traced = tracer.of(x!);
  const graph = tracer.current;
  const bounds = [clipValueMin, clipValueMax].map((bound) =>
    traced.dtype === 'int32' ? graph.int(Number(bound)) : graph.float(Number(bound)),
  );
  return tracer.tensor(graph.op('Clip', [traced.name(), ...bounds], {}, tracer.scope), traced.shape, traced.dtype);
};

const select: Lowering = (tracer, { condition, t, e }) => {
  const [test, yes, no] = [tracer.of(condition!), tracer.of(t!), tracer.of(e!)];
  const graph = tracer.current;
  // tfjs lets a vector condition choose whole rows of higher-ranked operands.
  const rank = yes.shape.length;
  const chooses =
    test.shape.length < rank
      ? graph.op('Reshape', [
          test.name(),
          graph.int64s([...test.shape, ...Array<number>(rank - test.shape.length).fill(1)]),
        ])
      : test.name();
  const branch = (traced: Traced): string =>
    traced.uniform !== undefined && test.shape.length === rank
      ? tracer.of(tracer.filled(traced.uniform, [], traced.dtype)).name()
      : traced.name();
  const isBothUniform = yes.uniform !== undefined && no.uniform !== undefined && test.shape.length < rank;
  const inputs = [chooses, isBothUniform ? yes.name() : branch(yes), branch(no)];
  return tracer.tensor(graph.op('Where', inputs, {}, tracer.scope), yes.shape, yes.dtype);
};

const addN: Lowering = (tracer, inputs) => {
  const terms = Object.values(inputs).map((input) => tracer.of(input));
  const [first] = terms;
  const kept = terms.filter((term) => term.uniform !== 0);
  if (kept.length === 0) return tracer.filled(0, first!.shape, first!.dtype);
  if (kept.length === 1) return tracer.tensor(kept[0]!.name(), kept[0]!.shape, kept[0]!.dtype);
  const name = kept.slice(1).reduce((sum, term) => tracer.current.op('Add', [sum, term.name()]), kept[0]!.name());
  return tracer.tensor(name, first!.shape, first!.dtype);
};

const square = unary(
  (graph, x) => graph.op('Mul', [x, x]),
  (x) => x * x,
);

export const elementwise: Lowerings = {
  Add: binary('Add', (a, b) => a + b, neutral(0, 0)),
  Sub: binary('Sub', (a, b) => a - b, neutral(null, 0)),
  Multiply: binary('Mul', (a, b) => a * b, neutral(1, 1)),
  RealDiv: binary('Div', (a, b) => a / b, neutral(null, 1)),
  Maximum: binary('Max', Math.max),
  Minimum: binary('Min', Math.min),
  Pow: binary('Pow', (a, b) => a ** b, neutral(null, 1)),
  SquaredDifference: (tracer, inputs, attributes) => {
    const difference = elementwise.Sub!(tracer, inputs, attributes) as tf.TensorInfo;
    return square(tracer, { x: difference }, {});
  },
  Equal: comparison('Equal'),
  NotEqual: comparison('NotEqual'),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: comparison('And'),
  LogicalOr: comparison('Or'),
  LogicalXor: comparison('Xor'),
  LogicalNot: unary('Not'),
  Neg: unary('Neg', (x) => -x),
  Abs: unary('Abs', Math.abs),
  Exp: unary('Exp', Math.exp),
  Log: unary('Log', Math.log),
  Sqrt: unary('Sqrt', Math.sqrt),
  Square: square,
  Tanh: unary('Tanh', Math.tanh),
  Sigmoid: unary('Sigmoid'),
  Relu: unary('Relu', (x) => Math.max(x, 0)),
  Reciprocal: unary('Reciprocal', (x) => 1 / x),
  Rsqrt: unary((graph, x) => graph.op('Reciprocal', [graph.op('Sqrt', [x])])),
  Erf: unary('Erf'),
  Sin: unary('Sin', Math.sin),
  Cos: unary('Cos', Math.cos),
  Floor: unary('Floor'),
  Ceil: unary('Ceil'),
  Round: unary('Round'),
  Sign: unary('Sign'),
  Softplus: unary('Softplus'),
  Step: step,
  ClipByValue: clip,
  Select: select,
  AddN: addN,
  Cast: cast,
  Identity: identity,
  ZerosLike: (tracer, { x }) => tracer.filled(0, tracer.of(x!).shape, x!.dtype as DType),
  OnesLike: (tracer, { x }) => tracer.filled(1, tracer.of(x!).shape, x!.dtype as DType),
  Fill: (tracer, _, { shape, value, dtype }) =>
    tracer.filled(Number(value), shape as number[], (dtype as DType | undefined) ?? 'float32'),
};
