import type { tf } from '../tf.ts';
import { sameShape, type TraceBackend, type Traced } from '../tracer.ts';
import type { DType } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { binary, castName, comparison, connective, noBools, pointwise, unary } from './pointwise.ts';

/** Casts as tfjs does: to int32 truncates towards zero, to bool means "is not zero". NaN has no integer. */
const cast: Lowering = (tracer, { x }, { dtype }) => {
  const traced = tracer.of(x!);
  const to = dtype as DType;
  if (traced.uniform !== undefined) return tracer.filled(traced.uniform, traced.shape, to);
  if (traced.dtype === to) return tracer.alias(traced);
  return pointwise(tracer, [traced], to, (graph, [name]) => castName(graph, name!, traced.dtype, to));
};

const identity: Lowering = (tracer, { x }) => tracer.alias(tracer.of(x!));

const clip: Lowering = (tracer, { x }, { clipValueMin, clipValueMax }) => {
  const traced = tracer.of(x!);
  return pointwise(tracer, [traced], traced.dtype, (graph, [name]) => {
    const bounds = [clipValueMin, clipValueMax].map((bound) =>
      // A bound between two integers takes effect truncated, as tfjs stores it; infinite ones bound nothing.
      traced.dtype === 'int32'
        ? graph.int(Math.max(INT32_MIN, Math.min(INT32_MAX, Number(bound))))
        : graph.float(Number(bound)),
    );
    return graph.op('Clip', [name!, ...bounds], {}, tracer.scope);
  });
};

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

/** tfjs has broadcast the operands to one shape already; ONNX does it again for less. */
const select: Lowering = (tracer, { condition, t, e }) => {
  const [test, yes, no] = [tracer.of(condition!), tracer.of(t!), tracer.of(e!)];
  const dtypes = [yes.dtype, no.dtype];
  const dtype = dtypes.includes('float32') ? 'float32' : dtypes.includes('int32') ? 'int32' : 'bool';
  return pointwise(tracer, [test, yes, no], dtype, (graph, [choice, a, b]) => {
    const branches = [castName(graph, a!, yes.dtype, dtype), castName(graph, b!, no.dtype, dtype)];
    if (dtype !== 'bool') return graph.op('Where', [choice!, ...branches], {}, tracer.scope);
    // ONNX Runtime has no Where on bools.
    return graph.op('Or', [
      graph.op('And', [choice!, branches[0]!]),
      graph.op('And', [graph.op('Not', [choice!]), branches[1]!]),
    ]);
  });
};

const addN: Lowering = (tracer, inputs) => {
  const [first, ...rest] = Object.values(inputs);
  // Never the input itself: tfjs's autodiff would take the kernel's result for its operand.
  const start = tracer.alias(tracer.of(first!));
  return rest.reduce<tf.TensorInfo>((sum, term) => add(tracer, { a: sum, b: term }, {}) as tf.TensorInfo, start);
};

const plainAdd = binary('Add', { fold: (a, b) => a + b, neutral: { left: 0, right: 0 } });

/** Add, and a note where it adds a row to a product: `simplify` makes one Gemm of the two. */
const add: Lowering = (tracer, { a, b }) => {
  const result = plainAdd(tracer, { a: a!, b: b! }, {}) as tf.TensorInfo;
  for (const [product, bias] of [
    [tracer.of(a!), tracer.of(b!)],
    [tracer.of(b!), tracer.of(a!)],
  ] as const) {
    if (noteBias(tracer, product, bias, tracer.of(result))) break;
  }
  return result;
};

function noteBias(tracer: TraceBackend, product: Traced, bias: Traced, sum: Traced): boolean {
  if (product.core !== undefined || bias.core !== undefined || !sameShape(product.shape, sum.shape)) return false;
  const graph = tracer.current;
  const columns = product.shape.at(-1);
  const isRow = bias.shape.length > 0 && bias.shape.at(-1) === columns && bias.shape.slice(0, -1).every((n) => n === 1);
  // Leading axes of length 1 are more than Gemm's matrix has.
  if (!isRow || bias.shape.length > 2) return false;
  const maker = graph.producer(product.name());
  const gemm = maker?.operator === 'Reshape' ? graph.producer(maker.inputs[0]!) : maker;
  if (gemm?.operator !== 'Gemm' || gemm.inputs.length !== 2) return false;
  // A reshape between is harmless where it keeps the columns.
  if (graph.columns.get(gemm.outputs[0]!) !== columns) return false;
  graph.biases.set(sum.name(), { product: product.name(), bias: bias.name() });
  return true;
}

const square = unary((graph, x) => graph.op('Mul', [x, x]), { fold: (x) => x * x });

const notBool =
  (lower: Lowering): Lowering =>
  (tracer, inputs, attributes) => {
    if (Object.values(inputs).some((input) => tracer.of(input).dtype === 'bool')) throw noBools(tracer);
    return lower(tracer, inputs, attributes);
  };

export const elementwise: Lowerings = {
  Add: add,
  AddN: addN,
  Sub: binary('Sub', { fold: (a, b) => a - b, neutral: { right: 0 } }),
  Multiply: binary('Mul', { fold: (a, b) => a * b, neutral: { left: 1, right: 1 }, bool: 'And' }),
  RealDiv: binary('Div', { fold: (a, b) => a / b, neutral: { right: 1 } }),
  Maximum: binary('Max', { fold: Math.max }),
  Minimum: binary('Min', { fold: Math.min }),
  Pow: binary('Pow', { fold: (a, b) => a ** b, neutral: { right: 1 } }),
  SquaredDifference: (tracer, inputs) =>
    square(tracer, { x: elementwise.Sub!(tracer, inputs, {}) as tf.TensorInfo }, {}),
  Equal: comparison('Equal'),
  NotEqual: comparison('NotEqual'),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: connective('And'),
  LogicalOr: connective('Or'),
  LogicalNot: unary('Not'),
  Neg: notBool(unary('Neg', { fold: (x) => -x })),
  Abs: unary('Abs', { fold: Math.abs }),
  Sign: unary('Sign', { fold: Math.sign }),
  Square: notBool(square),
  Sqrt: unary('Sqrt', { fold: Math.sqrt, isFloatOnly: true }),
  Rsqrt: unary((graph, x) => graph.op('Reciprocal', [graph.op('Sqrt', [x])]), { isFloatOnly: true }),
  Reciprocal: unary('Reciprocal', { fold: (x) => 1 / x, isFloatOnly: true }),
  Floor: unary('Floor', { isIdentityOnIntegers: true }),
  Ceil: unary('Ceil', { isIdentityOnIntegers: true }),
  Round: unary('Round', { isIdentityOnIntegers: true }),
  IsNan: unary('IsNaN', { result: 'bool', isFloatOnly: true }),
  IsInf: unary('IsInf', { result: 'bool', isFloatOnly: true }),
  // NaN is less than nothing, so one comparison sees all three.
  IsFinite: unary((graph, x) => graph.op('Less', [graph.op('Abs', [x]), graph.float(Number.POSITIVE_INFINITY)]), {
    result: 'bool',
    isFloatOnly: true,
  }),
  ClipByValue: clip,
  Select: select,
  Cast: cast,
  Identity: identity,
};
