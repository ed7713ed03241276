import type { RecordedRun, Series } from '../read-runs.ts';
import type { Report } from '../report.ts';

/** By environment, task, algorithm and run: `step_0`, `step_1`, ... and `absolute_metrics`. */
export type MarlEval = Readonly<
  Record<string, Record<string, Record<string, Record<string, Record<string, Evaluated>>>>>
>;

/** `step_count`, and each metric as a list with a number for each episode. */
type Evaluated = Readonly<Record<string, number | readonly number[]>>;

/** marl-eval looks environments and tasks up in lower case. */
const ENVIRONMENT = 'lightbulb';
const RETURN = 'evaluation/return/mean';
const LENGTH = 'evaluation/length';

/**
 * The evaluations of finished runs as marl-eval reads them (Gorsane et al. 2022, "Towards a Standardised Performance
 * Evaluation Protocol for Cooperative MARL"): `environment -> task -> algorithm -> run -> step_k`, and
 * `absolute_metrics` for the final evaluation. Runs record the mean over the episodes of an evaluation and not each
 * episode, so every list has one number: marl-eval takes means of the lists first, and its results are the same. The
 * protocol's absolute metric is of the best policy over ten times as many episodes; ours is of the last policy.
 * marl-eval wants the same steps everywhere, so only steps at which all runs of a task were evaluated are in it. What
 * the report compares comes first (`team`, `score_rouge1`, ...), then `return` and `length` where all runs have them.
 */
export function marlEval(report: Report, recorded: readonly RecordedRun[]): MarlEval {
  const tasks: Record<string, Record<string, Record<string, Record<string, Evaluated>>>> = {};
  for (const task of report.tasks) {
    const ended = recorded.flatMap((run, i): Ended[] => {
      const { arm, task: own, final } = report.runs[i]!;
      return own === task && final !== null ? [{ run, arm, final }] : [];
    });
    const measure = report.measures[task]!.metric;
    const metrics = [...new Set([measure, RETURN, LENGTH])].filter(
      (metric) => metric === measure || ended.every(({ run }) => (run.series.get(metric)?.steps.length ?? 0) > 0),
    );
    const steps = commonSteps(ended, metrics);
    const algorithms = report.arms.flatMap((arm) => {
      const runs = ended.filter((run) => run.arm === arm);
      if (runs.length === 0) return [];
      const names = runNames(runs.map(({ run }) => run.seed));
      return [[arm, Object.fromEntries(runs.map((run, i) => [names[i]!, evaluations(run, metrics, steps)]))] as const];
    });
    if (algorithms.length > 0) tasks[task.toLowerCase()] = Object.fromEntries(algorithms);
  }
  return { [ENVIRONMENT]: tasks };
}

/** A run with a final score, and the arm that the report counts it to. */
interface Ended {
  readonly run: RecordedRun;
  readonly arm: string;
  readonly final: number;
}

/** The first of `metrics` is what is compared. */
function evaluations({ run, final }: Ended, metrics: readonly string[], steps: readonly number[]) {
  const at = (step: number) =>
    Object.fromEntries(metrics.map((metric) => [nameOf(metric), [valueAt(run.series.get(metric)!, step)]]));
  const record: Record<string, Evaluated> = {};
  steps.forEach((step, k) => {
    record[`step_${k}`] = { step_count: step, ...at(step) };
  });
  const others = metrics.slice(1).map((metric) => [nameOf(metric), [run.series.get(metric)!.values.at(-1)!]]);
  record.absolute_metrics = { [nameOf(metrics[0]!)]: [final], ...Object.fromEntries(others) };
  return record;
}

function valueAt({ steps, values }: Series, step: number): number {
  return values[steps.indexOf(step)]!;
}

/** `return`, `length`, `team`, and of other numbers their name as it can stand in names of files. */
function nameOf(metric: string): string {
  if (metric === RETURN) return 'return';
  return metric.replace(/^evaluation\//, '').replace(/\W+/g, '_');
}

/** Steps at which every run has every one of `metrics`: marl-eval wants all of them in every entry. */
function commonSteps(ended: readonly Ended[], metrics: readonly string[]): number[] {
  const [first, ...others] = ended.flatMap(({ run }) =>
    metrics.map((metric) => Array.from(run.series.get(metric)?.steps ?? [])),
  );
  const sets = others.map((steps) => new Set(steps));
  return (first ?? []).filter((step) => sets.every((steps) => steps.has(step)));
}

/** `seed_3`, and for another run of the same seed `seed_3_2`. */
function runNames(seeds: readonly number[]): string[] {
  return seeds.map((seed, i) => {
    const before = seeds.slice(0, i).filter((other) => other === seed).length;
    return before === 0 ? `seed_${seed}` : `seed_${seed}_${before + 1}`;
  });
}
