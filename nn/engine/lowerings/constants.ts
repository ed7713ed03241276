import type { DType } from '../value.ts';
import type { Lowering, Lowerings } from './lowering.ts';

const like =
  (value: number): Lowering =>
  (tracer, { x }) => {
    const traced = tracer.of(x!);
    return tracer.filled(value, traced.shape, traced.dtype);
  };

/** start, start + step, ... in float32 sums, as tfjs counts; empty where `step` leads away from `stop`. */
const range: Lowering = (tracer, _, { start, stop, step, dtype }) => {
  const [from, to, by] = [Number(start), Number(stop), Number(step)];
  const isEmpty = from === to || (from < to && by < 0) || (to < from && by > 1);
  const count = isEmpty ? 0 : Math.abs(Math.ceil((to - from) / by));
  // tfjs turns the default step around where the range runs down.
  return progression(tracer, from, to < from && by === 1 ? -1 : by, count, dtype as DType);
};

const linSpace: Lowering = (tracer, _, { start, stop, num }) => {
  const [from, count] = [Number(start), Number(num)];
  return progression(tracer, from, (Number(stop) - from) / (count - 1), count, 'float32');
};

const progression = (
  tracer: Parameters<Lowering>[0],
  start: number,
  step: number,
  count: number,
  dtype: DType,
): ReturnType<Lowering> => {
  const values = dtype === 'float32' ? new Float32Array(count) : new Int32Array(count);
  for (let i = 0; i < count; i++) values[i] = i === 0 ? start : values[i - 1]! + step;
  return tracer.constant(values, [count], dtype);
};

export const constants: Lowerings = {
  Fill: (tracer, _, { shape, value, dtype }) =>
    tracer.filled(Number(value), shape as number[], (dtype as DType | undefined) ?? 'float32'),
  ZerosLike: like(0),
  OnesLike: like(1),
  Range: range,
  LinSpace: linSpace,
};
