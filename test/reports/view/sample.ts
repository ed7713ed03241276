import { stream } from '../../../core/index.ts';
import type { Curve, Estimate, FinalRow, Measure, Report, RunRow } from '../../../reports/report.ts';

interface SampleOptions {
  readonly arms?: readonly string[];
  readonly tasks?: readonly string[];
  readonly seeds?: number;
  readonly points?: number;
  readonly isNormalised?: boolean;
  readonly metrics?: readonly string[];
  readonly measure?: Measure;
}

/** A report with noisy curves that rise and level off, returns below zero among them. Equal options, equal report. */
export function sampleReport({
  arms = ['ppo', 'ippo', 'mappo'],
  tasks = ['simple_spread'],
  seeds = 10,
  points = 120,
  isNormalised = false,
  metrics = ['return/mean', 'evaluation/return/mean', 'loss/value'],
  measure = { metric: 'evaluation/return/mean', title: 'return' },
}: SampleOptions = {}): Report {
  const random = stream(7, 'sample');
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const around = (value: number, spread: number): Estimate => ({
    value,
    low: value - spread * (1 + 0.3 * random.uniform()),
    high: value + spread * (1 + 0.3 * random.uniform()),
  });
  const level = (arm: number, task: number) => -20 - 40 * task - (50 / arms.length) * ((arm * 3 + task) % arms.length);
  const runs: RunRow[] = [];
  const curves: Curve[] = [];
  const finals: FinalRow[] = [];
  const statistics = (middle: number, spread: number) => ({
    mean: around(middle, spread),
    median: around(middle + 0.4 * spread, 1.2 * spread),
    interquartileMean: around(middle + 0.2 * spread, spread),
    optimalityGap: isNormalised ? around(1 - middle, spread) : null,
  });
  tasks.forEach((task, t) => {
    const steps = 1_000_000 * (t + 1) + 1536;
    arms.forEach((arm, a) => {
      const end = level(a, t);
      for (let seed = 1; seed <= seeds; seed++) {
        const isLost = a === arms.length - 1 && t === 0 && seed === seeds && seeds > 3;
        runs.push({
          folder: `runs/${arm}-${task}-s${seed}`,
          key: `${arm}-${task}-s${seed}`,
          task,
          arm,
          seed,
          state: isLost ? 'failed' : 'finished',
          steps: isLost ? 401_408 : steps,
          seconds: 61.5 + 10 * a + random.uniform(),
          stepsPerSecond: 16000 - 900 * a + 400 * random.uniform(),
          final: isLost ? null : end + 4 * normal(),
          message: isLost ? 'not_finite: loss/policy is NaN at step 401408' : null,
        });
      }
      for (const metric of metrics) {
        const isLoss = metric.startsWith('loss');
        const many = metric.startsWith('evaluation') ? 11 : points;
        const at = Array.from({ length: many }, (_, i) =>
          Math.round((steps * (i + (many > 11 ? 1 : 0))) / (many - (many > 11 ? 0 : 1))),
        );
        const centre = at.map((step) => {
          const rise = 1 - Math.exp((-5 * step) / steps);
          return isLoss ? 0.8 * (1 - 0.9 * rise) + 0.01 * normal() : -120 + (end + 120) * rise + 1.5 * normal();
        });
        const spread = at.map((step) => (isLoss ? 0.03 : 9 - (6 * step) / steps));
        curves.push({
          metric,
          task,
          arm,
          runs: seeds,
          steps: at,
          centre,
          low: centre.map((value, i) => value - spread[i]!),
          high: centre.map((value, i) => value + 0.7 * spread[i]!),
        });
      }
      const middle = isNormalised ? 1 + end / 200 : end;
      finals.push({ task, arm, runs: seeds, isNormalised, ...statistics(middle, isNormalised ? 0.03 : 2.5) });
    });
  });
  if (isNormalised) {
    arms.forEach((arm, a) => {
      const middle = 0.9 - (0.5 * a) / arms.length;
      finals.push({ task: null, arm, runs: seeds * tasks.length, isNormalised, ...statistics(middle, 0.04) });
    });
  }
  const pairs = arms.flatMap((better, i) => arms.slice(i + 1).map((worse) => ({ better, worse })));
  return {
    title: 'Value sharing in cooperative navigation',
    description: 'Three ways to share a critic, ten seeds each.\nBudgets are equal; only the critic differs.',
    measure: 'return of an episode: sum over agents and steps',
    measures: Object.fromEntries(tasks.map((task) => [task, measure])),
    tasks,
    arms,
    runs,
    curves,
    finals,
    comparisons: (isNormalised ? [null] : tasks).flatMap((task) =>
      pairs.map(({ better, worse }) => {
        const middle = 0.2 + 0.7 * random.uniform();
        return {
          task,
          better,
          worse,
          probability: { value: middle, low: Math.max(0, middle - 0.18), high: Math.min(1, middle + 0.17) },
          difference: around(20 * (middle - 0.5), 4),
          paired: isNormalised
            ? null
            : { pairs: seeds, difference: around(19 * (middle - 0.5), 3), caution: seeds < 5 ? 'too few' : null },
        };
      }),
    ),
    levels: [],
    scores: Object.fromEntries(tasks.map((task) => [task, isNormalised ? { low: -200, high: 0 } : null])),
    settings: [
      { path: '/learner/learningRate', values: Object.fromEntries(arms.map((arm, a) => [arm, [0.001 / (a + 1)]])) },
      {
        path: '/learner/critic',
        values: Object.fromEntries(
          arms.map((arm, a) => [arm, a === 0 ? ['central', 'local'] : [a % 2 ? 'local' : { view: 'central' }]]),
        ),
      },
    ],
    machines: [
      {
        facts: {
          cpu: 'Intel(R) Xeon(R) Processor @ 2.50GHz',
          cores: '2',
          memory: '7.8 GiB',
          os: 'Linux 6.1 (x64)',
          node: '20.20.2',
          lightbulb: '0.1.0',
          'onnxruntime-node': '1.30.0',
          device: 'cpu',
        },
        runs: runs.length,
      },
    ],
    methods: [
      'Intervals: stratified bootstrap over runs, percentile method, 95 %, 2000 repetitions.',
      'Interquartile mean: the mean of the middle half of all runs.',
    ],
    warnings: ['1 of the runs failed; its arm has fewer seeds than the others.'],
  };
}
