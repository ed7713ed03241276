import { stream } from '../../core/index.ts';
import type { RecordedRun, Series } from '../read-runs.ts';
import type { Curve } from '../report.ts';
import { Band } from '../statistics/index.ts';

/** Points of a curve at most. */
export const POINTS = 150;

/** Runs of one arm on one task. */
export interface ArmRuns {
  readonly arm: string;
  readonly task: string;
  readonly runs: readonly RecordedRun[];
}

/** What comes first after what is compared; other metrics follow in the order in which runs record them. */
const FIRST = ['evaluation/return/mean', 'return/mean', 'stepsPerSecond'];

/** Counts, and the spread of a single evaluation or iteration: in the exports, but no curve. */
const NO_CURVE =
  /^(episodes|episode\/count|evaluation\/episodes|return\/(minimum|maximum)|evaluation\/return\/(std|min|max)|evaluation\/agent\/.*)$/;

/**
 * The curves of all arms, metric by metric, `compared` first: means over runs with a bootstrap interval. Finished runs are taken; where an
 * arm has none on a task, all that there are.
 */
export function curvesOf(groups: readonly ArmRuns[], compared: readonly string[]): Curve[] {
  const recorded = new Set(groups.flatMap(({ runs }) => runs.flatMap(({ series }) => [...series.keys()])));
  const isShown = (name: string) => recorded.has(name) && (compared.includes(name) || !NO_CURVE.test(name));
  const metrics = [...new Set([...compared, ...FIRST, ...recorded])].filter(isShown);
  const bands = new Map<number, Band>();
  const bandOf = (runs: number): Band => {
    const band = bands.get(runs) ?? new Band(runs, stream(0, `report/curves/${runs}`));
    bands.set(runs, band);
    return band;
  };
  return metrics.flatMap((metric) =>
    groups.flatMap(({ arm, task, runs }) => {
      const series = worthwhile(runs).flatMap((run) => run.series.get(metric) ?? []);
      const aligned = align(series.filter(({ steps }) => steps.length > 0));
      if (aligned === undefined) return [];
      return [{ metric, task, arm, runs: aligned.values.length, ...bandOver(aligned, bandOf(aligned.values.length)) }];
    }),
  );
}

/** The runs of an arm that its curves are made of. */
export function worthwhile(runs: readonly RecordedRun[]): readonly RecordedRun[] {
  const finished = runs.filter(({ state }) => state === 'finished');
  return finished.length > 0 ? finished : runs;
}

export interface Aligned {
  readonly steps: readonly number[];
  /** `values[run][point]` */
  readonly values: readonly Float64Array[];
}

/**
 * Puts runs on common steps, at most `points` of them, over the steps that all of them cover. Where the runs have the
 * same steps there, these are taken (evenly thinned, first and last kept); otherwise evenly spaced steps, with values
 * linear between neighbours. Undefined where there is no run, or no step that all cover.
 */
export function align(series: readonly Series[], points = POINTS): Aligned | undefined {
  const first = series[0];
  if (first === undefined) return undefined;
  const low = Math.max(...series.map(({ steps }) => steps[0]!));
  const high = Math.min(...series.map(({ steps }) => steps.at(-1)!));
  if (low > high) return undefined;
  const cut = series.map((each) => within(each, low, high));
  if (cut.every(({ steps }) => equal(steps, cut[0]!.steps))) {
    const places = thinned(cut[0]!.steps.length, points);
    return {
      steps: places.map((i) => cut[0]!.steps[i]!),
      values: cut.map(({ values }) => Float64Array.from(places, (i) => values[i]!)),
    };
  }
  const count = low === high ? 1 : Math.min(points, Math.max(2, ...cut.map(({ steps }) => steps.length)));
  const steps = Array.from({ length: count }, (_, i) => (count === 1 ? low : low + ((high - low) * i) / (count - 1)));
  return { steps, values: series.map((each) => interpolated(each, steps)) };
}

/** Up to `points` places of 0 .. length - 1, evenly spread, with both ends. */
export function thinned(length: number, points: number): number[] {
  if (length <= points) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: points }, (_, i) => Math.round((i * (length - 1)) / (points - 1)));
}

function bandOver({ steps, values }: Aligned, band: Band): Pick<Curve, 'steps' | 'centre' | 'low' | 'high'> {
  const [centre, low, high]: [number[], number[], number[]] = [[], [], []];
  const atPoint = new Float64Array(values.length);
  steps.forEach((_, point) => {
    for (let run = 0; run < values.length; run++) atPoint[run] = values[run]![point]!;
    const estimate = band.at(atPoint);
    centre.push(estimate.value);
    low.push(estimate.low);
    high.push(estimate.high);
  });
  return { steps, centre, low, high };
}

function within({ steps, values }: Series, low: number, high: number): Series {
  let [start, end] = [0, steps.length];
  while (steps[start]! < low) start++;
  while (steps[end - 1]! > high) end--;
  return { steps: steps.subarray(start, end), values: values.subarray(start, end) };
}

function equal(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The series at rising steps within its range. */
function interpolated({ steps, values }: Series, at: readonly number[]): Float64Array {
  let right = 0;
  return Float64Array.from(at, (step) => {
    while (right < steps.length - 1 && steps[right]! < step) right++;
    if (steps[right]! <= step || right === 0) return values[right]!;
    const [before, after] = [steps[right - 1]!, steps[right]!];
    const part = (step - before) / (after - before);
    return values[right - 1]! * (1 - part) + values[right]! * part;
  });
}
