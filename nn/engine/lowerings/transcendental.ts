import type { Graph } from '../graph.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { castName, pointwise, unary } from './pointwise.ts';

/** e^x - 1 without cancellation: 2 sinh(x/2) e^(x/2). Below -80 it is -1, and sinh would overflow. */
function expm1(graph: Graph, x: string): string {
  const half = graph.op('Mul', [graph.op('Max', [x, graph.float(-80)]), graph.float(0.5)]);
  const product = graph.op('Mul', [graph.op('Sinh', [half]), graph.op('Exp', [half])]);
  return graph.op('Mul', [product, graph.float(2)]);
}

/**
 * log(1 + x) without cancellation (Kahan): with u = 1 + x rounded, log(u) * x / (u - 1), and x where u is 1. The
 * largest float bounds u - 1, so that infinity divides to infinity.
 */
function log1p(graph: Graph, x: string): string {
  const above = graph.op('Add', [x, graph.float(1)]);
  const rounded = graph.op('Min', [graph.op('Sub', [above, graph.float(1)]), graph.float(FLOAT_MAX)]);
  const corrected = graph.op('Mul', [graph.op('Log', [above]), graph.op('Div', [x, rounded])]);
  return graph.op('Where', [graph.op('Equal', [rounded, graph.float(0)]), x, corrected]);
}

const FLOAT_MAX = 3.4028234663852886e38;
const FLOAT_MIN_NORMAL = 2 ** -126;

/** The angle of (b, a) in (-pi, pi]: of its mirror image in the first quadrant, turned back. */
const atan2: Lowering = (tracer, { a, b }) => {
  const [up, along] = [tracer.of(a!), tracer.of(b!)];
  return pointwise(tracer, [up, along], 'float32', (graph, names) => {
    const [y, x] = [
      castName(graph, names[0]!, up.dtype, 'float32'),
      castName(graph, names[1]!, along.dtype, 'float32'),
    ];
    const zero = graph.float(0);
    const length = graph.op('Max', [graph.op('Abs', [x]), graph.float(FLOAT_MIN_NORMAL)]);
    const first = graph.op('Atan', [graph.op('Div', [graph.op('Abs', [y]), length])]);
    const turned = graph.op('Where', [
      graph.op('Less', [x, zero]),
      graph.op('Sub', [graph.float(Math.PI), first]),
      first,
    ]);
    return graph.op('Where', [graph.op('Less', [y, zero]), graph.op('Neg', [turned]), turned]);
  });
};

const float = (operator: string | ((graph: Graph, x: string) => string), fold?: (x: number) => number): Lowering =>
  unary(operator, { isFloatOnly: true, ...(fold === undefined ? {} : { fold }) });

export const transcendental: Lowerings = {
  Exp: float('Exp', Math.exp),
  Expm1: float(expm1, Math.expm1),
  Log: float('Log', Math.log),
  Log1p: float(log1p, Math.log1p),
  Erf: float('Erf'),
  Sin: float('Sin', Math.sin),
  Cos: float('Cos', Math.cos),
  Tan: float('Tan', Math.tan),
  Asin: float('Asin', Math.asin),
  Acos: float('Acos', Math.acos),
  Atan: float('Atan', Math.atan),
  Atan2: atan2,
  Sinh: float('Sinh', Math.sinh),
  Cosh: float('Cosh', Math.cosh),
  Tanh: float('Tanh', Math.tanh),
  Asinh: float('Asinh', Math.asinh),
  Acosh: float('Acosh', Math.acosh),
  Atanh: float('Atanh', Math.atanh),
};
