import type { Graph } from '../graph.ts';
import type { Traced } from '../tracer.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { castName, pointwise } from './pointwise.ts';

/** Integer operators of ONNX Runtime end the process on a division by zero; tfjs answers 0. */
function guarded(graph: Graph, divisor: string, traced: Traced, value: (safe: string) => string): string {
  if (traced.uniform !== undefined && traced.uniform !== 0) return value(divisor);
  const [zero, one] = traced.dtype === 'int32' ? [graph.int(0), graph.int(1)] : [graph.float(0), graph.float(1)];
  const isZero = graph.op('Equal', [divisor, zero]);
  return graph.op('Where', [isZero, graph.int(0), value(graph.op('Where', [isZero, one, divisor]))]);
}

/** The quotient rounded down, int32 whatever its operands. In float64, as JavaScript divides: exact for all of int32. */
const floorDiv: Lowering = (tracer, { a, b }) => {
  const [left, right] = [tracer.of(a!), tracer.of(b!)];
  return pointwise(tracer, [left, right], 'int32', (graph, [x, y]) =>
    guarded(graph, y!, right, (safe) => {
      const operands = [castName(graph, x!, left.dtype, 'float64'), castName(graph, safe, right.dtype, 'float64')];
      return graph.op('Cast', [graph.op('Floor', [graph.op('Div', operands)])], { to: 6 });
    }),
  );
};

/** The remainder with the divisor's sign. */
const mod: Lowering = (tracer, { a, b }) => {
  const [left, right] = [tracer.of(a!), tracer.of(b!)];
  return pointwise(tracer, [left, right], left.dtype, (graph, [x, y]) => {
    if (left.dtype === 'int32') return guarded(graph, y!, right, (safe) => graph.op('Mod', [x!, safe]));
    const remainder = graph.op('Mod', [x!, y!], { fmod: 1 });
    const moved = graph.op('Mod', [graph.op('Add', [remainder, y!]), y!], { fmod: 1 });
    const [isLeftNegative, isRightNegative] = [x!, y!].map((name) => graph.op('Less', [name, graph.float(0)]));
    return graph.op('Where', [graph.op('Equal', [isLeftNegative!, isRightNegative!]), remainder, moved]);
  });
};

export const division: Lowerings = { FloorDiv: floorDiv, Mod: mod };
