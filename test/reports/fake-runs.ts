import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonObject, stream } from '../../core/index.ts';
import type { Plan, ScoreRange } from '../../scenarios/index.ts';

/** What `writeFakeRuns` writes; everything may be left out. */
export interface FakeRuns {
  /** Names; the later ones score higher. */
  readonly arms?: readonly string[];
  readonly tasks?: readonly string[];
  /** Runs of each arm on each task, seeds 1, 2, ... */
  readonly seeds?: number;
  /** Lines of metrics in each run, evaluations not counted. */
  readonly rows?: number;
  readonly stepsPerRow?: number;
  /** Rows between evaluations. */
  readonly evaluateEvery?: number;
  readonly scores?: Readonly<Record<string, ScoreRange>>;
  /** Evaluations say what the team's objective was, a quarter of the return, and a score `rouge1`, a hundredth. */
  readonly isTeam?: boolean;
  /** Without a plan the folder holds loose runs, each named by its arm. */
  readonly hasPlan?: boolean;
}

/**
 * Writes a batch of runs as `lightbulb` leaves them, of made-up numbers: `plan.json`, and in `runs/<key>` of each run
 * its scenario, events, metrics, summary and machine. The same options write the same files. Returns the run folders,
 * by arm, then task, then seed.
 */
export function writeFakeRuns(folder: string, options: FakeRuns = {}): string[] {
  const { arms = ['alpha', 'beta'], tasks = ['simple_spread'], seeds = 5, scores = {}, hasPlan = true } = options;
  const jobs: Plan['jobs'][number][] = [];
  const folders: string[] = [];
  arms.forEach((arm, a) => {
    for (const task of tasks) {
      for (let seed = 1; seed <= seeds; seed++) {
        const key = tasks.length > 1 ? `${arm}-${task}-s${seed}` : `${arm}-s${seed}`;
        jobs.push({ key, arm, settings: { '/learner/learningRate': learningRate(a) }, seed });
        folders.push(join(folder, 'runs', key));
        writeFakeRun(folders.at(-1)!, { arm, level: a, task, seed, ...options });
      }
    }
  });
  const plan: Plan = { experiment: 'fake', description: 'Made-up runs.', scores, jobs };
  if (hasPlan) write(folder, 'plan.json', plan);
  return folders;
}

interface FakeRun extends FakeRuns {
  readonly arm: string;
  /** How well it learns: 0, 1, ... */
  readonly level: number;
  readonly task: string;
  readonly seed: number;
}

/** One run. Its returns rise from 0 towards `10 (level + 1)`, with noise that is fixed by arm, task and seed. */
export function writeFakeRun(folder: string, run: FakeRun): void {
  const { arm, level, task, seed, rows = 20, stepsPerRow = 1000, evaluateEvery = 5, isTeam = false } = run;
  mkdirSync(folder, { recursive: true });
  const noise = stream(seed, `fake/${arm}/${task}`);
  const height = 10 * (level + 1) + 2 * noise.normal();
  const [events, metrics]: [JsonObject[], JsonObject[]] = [[], []];
  const tell = (event: JsonObject) => {
    events.push({ time: new Date(Date.UTC(2030, 0, 1, 0, 0, events.length)).toISOString(), ...event });
  };
  tell({
    kind: 'started',
    scenario: arm,
    seed,
    folder,
    step: 0,
    steps: rows * stepsPerRow,
    parameters: 9,
    resumed: false,
  });
  let evaluation = evaluationOf(0, isTeam);
  for (let row = 1; row <= rows; row++) {
    const step = row * stepsPerRow;
    const learnt = 1 - Math.exp((-4 * row) / rows);
    const numbers = {
      'return/mean': height * learnt + noise.normal(),
      'episode/length': 25,
      'loss/policy': 0.1 * noise.normal(),
      'loss/value': 10 * (1 - learnt) + noise.uniform(),
      'loss/entropy': 1.6 * (1 - 0.5 * learnt),
      approximateKl: 0.01 * noise.uniform(),
      clipFraction: 0.2 * noise.uniform(),
      gradientNorm: 0.5 + noise.uniform(),
      learningRate: learningRate(level),
    };
    tell({ kind: 'iteration', step, episodes: 8, metrics: numbers, stepsPerSecond: 5000 + 100 * noise.normal() });
    metrics.push({ step, episodes: 8, ...numbers });
    if (row % evaluateEvery !== 0 && row !== rows) continue;
    evaluation = evaluationOf(height * learnt + 0.2 * noise.normal(), isTeam);
    tell({ kind: 'evaluation', step, evaluation });
    metrics.push({ step, ...evaluationNumbers(evaluation) });
  }
  const steps = rows * stepsPerRow;
  const summary = { scenario: arm, seed, state: 'finished', steps, seconds: steps / 5000, stepsPerSecond: 5000 };
  tell({ kind: 'finished', step: steps, summary: { ...summary, evaluation, folder } });
  write(folder, 'scenario.json', scenarioOf(run, steps));
  write(folder, 'summary.json', { ...summary, evaluation, folder });
  write(folder, 'machine.json', [
    { cpu: 'Imagined 9000', cores: '8', memory: '32 GiB', os: 'Linux 6', node: 'v20.0.0' },
  ]);
  writeFileSync(join(folder, 'events.jsonl'), lines(events));
  writeFileSync(join(folder, 'metrics.jsonl'), lines(metrics));
}

function evaluationOf(mean: number, isTeam: boolean) {
  return {
    episodes: 100,
    return: { mean, std: 1, min: mean - 2, max: mean + 2 },
    length: 25,
    agents: { agent_0: mean },
    ...(isTeam ? { team: mean / 4, scores: { rouge1: mean / 100 } } : {}),
  };
}

function evaluationNumbers(evaluation: ReturnType<typeof evaluationOf>): Record<string, number> {
  const {
    episodes,
    return: { mean, std, min, max },
    length,
    team,
    scores,
  } = evaluation;
  return {
    'evaluation/episodes': episodes,
    'evaluation/length': length,
    'evaluation/return/mean': mean,
    'evaluation/return/std': std,
    'evaluation/return/min': min,
    'evaluation/return/max': max,
    'evaluation/agent/agent_0': mean,
    ...(team === undefined ? {} : { 'evaluation/team': team }),
    ...(scores === undefined ? {} : { 'evaluation/score/rouge1': scores.rouge1 }),
  };
}

function scenarioOf({ arm, level, task, seed }: FakeRun, steps: number): JsonObject {
  return {
    name: arm,
    description: `Made-up runs of ${arm}.`,
    seed,
    environment: { name: task, options: {}, copies: 8 },
    learner: { name: 'ppo', learningRate: learningRate(level), network: { hidden: [64, 64], gru: null }, clip: 0.2 },
    steps,
    evaluation: { episodes: 100, every: null, deterministic: true, seed: 1_000_000 },
    checkpoint: { every: steps, keep: 3 },
    device: 'auto',
    executor: 'onnx',
    threads: 1,
    tensorboard: false,
  };
}

const learningRate = (level: number): number => 0.001 * (level + 1);

function write(folder: string, name: string, value: object): void {
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}

function lines(values: readonly JsonObject[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}
