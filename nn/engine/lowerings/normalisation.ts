import type { Lowering, Lowerings } from './lowering.ts';
import { pointwise } from './pointwise.ts';

/** (x - mean) * scale / sqrt(variance + epsilon) + offset, with statistics that are given. */
const batchNorm: Lowering = (tracer, { x, mean, variance, scale, offset }, { varianceEpsilon }) => {
  const given = [x, mean, variance, scale, offset].map((input) => (input === undefined ? undefined : tracer.of(input)));
  const operands = given.filter((operand) => operand !== undefined);
  return pointwise(tracer, operands, 'float32', (graph, names) => {
    const rest = [...names];
    const next = (i: number): string | undefined => (given[i] === undefined ? undefined : rest.shift());
    const [value, average, spread, gain, shift] = [0, 1, 2, 3, 4].map(next);
    const epsilon = graph.float(Number(varianceEpsilon ?? 0.001));
    const deviation = graph.op('Sqrt', [graph.op('Add', [spread!, epsilon])]);
    const by = gain === undefined ? graph.op('Reciprocal', [deviation]) : graph.op('Div', [gain, deviation]);
    const scaled = graph.op('Mul', [graph.op('Sub', [value!, average!]), by]);
    return shift === undefined ? scaled : graph.op('Add', [scaled, shift], {}, tracer.scope);
  });
};

export const normalisation: Lowerings = { FusedBatchNorm: batchNorm };
