import type { RecordedRun } from '../read-runs.ts';
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
 * marl-eval wants the same steps everywhere, so only steps at which all runs of a task were evaluated are in it.
 */
export function marlEval(report: Report, recorded: readonly RecordedRun[]): MarlEval {
  const tasks: Record<string, Record<string, Record<string, Record<string, Evaluated>>>> = {};
  for (const task of report.tasks) {
    const arms = report.arms.flatMap((arm) => {
      const runs = recorded.filter((run, i) => {
        const row = report.runs[i]!;
        return row.arm === arm && row.task === task && run.final !== null;
      });
      return runs.length > 0 ? [{ arm, runs }] : [];
    });
    const steps = commonSteps(arms.flatMap(({ runs }) => runs));
    const algorithms = arms.map(({ arm, runs }) => {
      const names = runNames(runs.map(({ seed }) => seed));
      return [arm, Object.fromEntries(runs.map((run, i) => [names[i]!, evaluations(run, steps)]))] as const;
    });
    if (algorithms.length > 0) tasks[task.toLowerCase()] = Object.fromEntries(algorithms);
  }
  return { [ENVIRONMENT]: tasks };
}

function evaluations(run: RecordedRun, steps: readonly number[]): Record<string, Evaluated> {
  const at = (metric: string, step: number): Record<string, number[]> => {
    const series = run.series.get(metric);
    const place = series?.steps.indexOf(step) ?? -1;
    return place < 0 ? {} : { [NAMES[metric]!]: [series!.values[place]!] };
  };
  const record: Record<string, Evaluated> = {};
  steps.forEach((step, k) => {
    record[`step_${k}`] = { step_count: step, ...at(RETURN, step), ...at(LENGTH, step) };
  });
  const last = run.series.get(RETURN)?.steps.at(-1);
  record.absolute_metrics =
    last === undefined ? { return: [run.final!] } : { ...at(RETURN, last), ...at(LENGTH, last), return: [run.final!] };
  return record;
}

const NAMES: Readonly<Record<string, string>> = { [RETURN]: 'return', [LENGTH]: 'length' };

function commonSteps(runs: readonly RecordedRun[]): number[] {
  const [first, ...others] = runs.map(({ series }) => Array.from(series.get(RETURN)?.steps ?? []));
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
