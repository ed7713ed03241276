import Table from 'cli-table3';
import type { Result } from '../batch/index.ts';
import type { Experiment } from '../scenarios/index.ts';
import { NO_LINES } from './batch-progress.ts';
import { played, short } from './summary.ts';

/** Every job of an experiment, and how many go side by side. */
export function planText({ name, jobs }: Experiment, parallel: number): string {
  const rows = jobs.map(({ key, arm, settings, seed, scenario }) => {
    const set = Object.entries(settings).map(([path, value]) => `${path}=${brief(JSON.stringify(value))}`);
    const { steps, device, threads } = scenario;
    return [key, arm, set.join(' '), String(seed), brief(played(scenario)), String(steps), device, String(threads)];
  });
  const head = ['run', 'arm', 'settings', 'seed', 'task', 'steps', 'device', 'threads'];
  return `${table(head, rows)}\n\n${name}: ${jobs.length} runs, ${parallel} side by side`;
}

/** A whole learner would push the rest off the screen; `--json` has it all. */
function brief(text: string): string {
  return text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS - 3)}...`;
}

const MOST_LETTERS = 32;

/** By arm and search point: how many runs are finished, and the mean and spread of their final returns and scores over levels. */
export function resultsText(results: readonly Result[]): string {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const group = result.key.slice(0, result.key.lastIndexOf('-s'));
    groups.set(group, [...(groups.get(group) ?? []), result]);
  }
  const scores = LEVEL_SCORES.filter((name) => results.some((each) => scoreOf(each, name) !== undefined));
  const rows = [...groups].map(([group, of]) => {
    const returns = of.flatMap(({ evaluation }) => (evaluation === null ? [] : [evaluation.return.mean]));
    return [
      group,
      `${of.filter(({ state }) => state === 'finished').length} of ${of.length}`,
      meanAndSpread(returns),
      ...scores.map((name) => meanAndSpread(of.flatMap((each) => scoreOf(each, name) ?? []))),
    ];
  });
  return table(['arm', 'finished', 'final return', ...scores], rows);
}

/** What evaluations on chosen levels come to; see agents' `LevelScores`. */
const LEVEL_SCORES = ['levels/mean', 'levels/cvar10', 'levels/cvar1', 'levels/solved', 'levels/regret'];

function scoreOf({ evaluation }: Result, name: string): number | undefined {
  return evaluation?.scores?.[name];
}

/** `480 +- 12`: mean and sample standard deviation over runs. */
export function meanAndSpread(values: readonly number[]): string {
  if (values.length === 0) return '-';
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return short(mean);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${short(mean)} +- ${short(Math.sqrt(variance))}`;
}

function table(head: string[], rows: string[][]): string {
  const all = new Table({
    head,
    chars: NO_LINES,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
  });
  all.push(...rows);
  return all
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
