import type { Report } from '../reports/index.ts';
import { short } from './summary.ts';

type Estimate = Report['finals'][number]['mean'];

/** The final scores of a report as a table for the terminal: raw returns by task, and normalised scores over all. */
export async function finalTable({ finals }: Report): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const rows = finals.filter(({ task, isNormalised }) => task === null || !isNormalised);
  if (rows.length === 0) return 'There are no final scores: no run finished with an evaluation.';
  const table = new Table({
    head: ['task', 'arm', 'runs', 'mean', 'interquartile mean'],
    colAligns: ['left', 'left', 'right', 'left', 'left'],
    style: { head: [], border: [] }, // no colours: it is read by people and by files
  });
  for (const { task, arm, runs, mean, interquartileMean } of rows) {
    table.push([task ?? 'all, normalised', arm, runs, estimate(mean), estimate(interquartileMean)]);
  }
  return `${table.toString()}\nIn brackets: stratified bootstrap 95 % intervals.`;
}

function estimate({ value, low, high }: Estimate): string {
  return `${short(value)} [${short(low)}, ${short(high)}]`;
}
