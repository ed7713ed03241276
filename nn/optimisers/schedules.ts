import { LightbulbError } from '../../core/index.ts';

/** A number that changes with the step, on the host: hand `schedule(step)` to the program as an input. Steps from 0. */
export type Schedule = (step: number) => number;

/** Always `value`. */
export const constantSchedule =
  (value: number): Schedule =>
  () =>
    value;

/** From `from` to `to` on a straight line over `steps` steps, then `to`. */
export function linearSchedule(from: number, to: number, steps: number): Schedule {
  checkSteps('linear', steps);
  return (step) => from + (to - from) * progress(step, steps);
}

/** From `from` to `to` on half a cosine over `steps` steps, then `to` (Loshchilov and Hutter 2017, no restarts). */
export function cosineSchedule(from: number, to: number, steps: number): Schedule {
  checkSteps('cosine', steps);
  return (step) => to + ((from - to) * (1 + Math.cos(Math.PI * progress(step, steps)))) / 2;
}

/**
 * Linearly from `initial` (default 0) to `peak` in `warmupSteps`, then down half a cosine to `end` (default 0), which
 * is reached at `steps` counted from the start.
 */
export function warmupCosineSchedule({
  peak,
  warmupSteps,
  steps,
  initial = 0,
  end = 0,
}: {
  readonly peak: number;
  readonly warmupSteps: number;
  readonly steps: number;
  readonly initial?: number;
  readonly end?: number;
}): Schedule {
  if (!(warmupSteps >= 0 && warmupSteps < steps))
    throw new LightbulbError('invalid_input', 'the warm-up must end before the schedule does', {
      where: 'warmup-cosine schedule',
      wanted: `0 <= warmupSteps < ${steps}`,
      got: String(warmupSteps),
    });
  const fall = cosineSchedule(peak, end, steps - warmupSteps);
  return (step) =>
    step < warmupSteps ? initial + ((peak - initial) * Math.max(0, step)) / warmupSteps : fall(step - warmupSteps);
}

/** `values[i]` from step `boundaries[i - 1]` on; boundaries ascend, and there is one value more than boundaries. */
export function piecewiseSchedule(values: readonly number[], boundaries: readonly number[]): Schedule {
  if (values.length !== boundaries.length + 1)
    throw new LightbulbError('invalid_input', 'a piecewise schedule needs one value more than boundaries', {
      wanted: `${boundaries.length + 1} values`,
      got: String(values.length),
    });
  if (boundaries.some((boundary, i) => i > 0 && boundary <= boundaries[i - 1]!))
    throw new LightbulbError('invalid_input', 'the boundaries of a piecewise schedule must ascend', {
      got: boundaries.join(', '),
    });
  return (step) => values[boundaries.filter((boundary) => step >= boundary).length]!;
}

/** `from * rate ^ (step / steps)`, not below `end`; with `staircase` only at whole multiples of `steps`. */
export function exponentialSchedule({
  from,
  rate,
  steps,
  end = 0,
  staircase = false,
}: {
  readonly from: number;
  readonly rate: number;
  readonly steps: number;
  readonly end?: number;
  readonly staircase?: boolean;
}): Schedule {
  checkSteps('exponential', steps);
  return (step) => {
    const periods = Math.max(0, step) / steps;
    return Math.max(end, from * rate ** (staircase ? Math.floor(periods) : periods));
  };
}

function progress(step: number, steps: number): number {
  return Math.min(1, Math.max(0, step / steps));
}

function checkSteps(kind: string, steps: number): void {
  if (!(steps > 0))
    throw new LightbulbError('invalid_input', 'a schedule must last', {
      where: `${kind} schedule`,
      wanted: 'steps > 0',
      got: String(steps),
    });
}
