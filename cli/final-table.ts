import type { Report } from '../reports/index.ts';
import { short } from './summary.ts';

type Estimate = Report['finals'][number]['mean'];

/** More pairs of arms than this are no small table any more. */
const MOST_PAIRS = 28;

/**
 * The final scores of a report as tables for the terminal: raw ones by task, and normalised ones over all; below them
 * the paired differences, each pair of arms once, where there are arms with two seeds or more in common.
 */
export async function finalTable(report: Report): Promise<string> {
  const rows = report.finals.filter(({ task, isNormalised }) => task === null || !isNormalised);
  if (rows.length === 0) return nothingText(report);
  const head = ['task', 'arm', 'runs', 'mean', 'interquartile mean'];
  const finals = await tableOf(
    head,
    ['left', 'left', 'right', 'left', 'left'],
    rows.map(({ task, arm, runs, mean, interquartileMean }) => [
      task ?? 'all, normalised',
      arm,
      runs,
      estimate(mean),
      estimate(interquartileMean),
    ]),
  );
  const pairs = await pairsText(report);
  return [`Compared is the ${report.measure}.`, finals, BRACKETS, ...(pairs === '' ? [] : ['', pairs])].join('\n');
}

const BRACKETS = 'In brackets: stratified bootstrap 95 % intervals.';

function nothingText({ measure }: Report): string {
  return `There are no final scores: no run finished with one. Compared is the ${measure}.`;
}

async function pairsText({ arms, comparisons }: Report): Promise<string> {
  const rows = comparisons.flatMap(({ task, better, worse, paired }) =>
    paired !== null && paired.pairs > 1 && arms.indexOf(better) < arms.indexOf(worse)
      ? [{ task, first: better, second: worse, paired }]
      : [],
  );
  if (rows.length === 0) return '';
  if (rows.length > MOST_PAIRS) return `Paired differences of ${rows.length} pairs of arms are in comparisons.csv.`;
  const table = await tableOf(
    ['task', 'first', 'second', 'seeds in common', 'first minus second'],
    ['left', 'left', 'left', 'left', 'left'],
    rows.map(({ task, first, second, paired: { pairs, difference, caution } }) => [
      task ?? '',
      first,
      second,
      caution === null ? pairs : `${pairs}, ${caution}`,
      estimate(difference),
    ]),
  );
  return `${table}\nSeed by seed, mean and in brackets percentile bootstrap 95 % intervals of the pairs.`;
}

export async function tableOf(
  head: readonly string[],
  colAligns: ('left' | 'right')[],
  rows: readonly (string | number)[][],
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const table = new Table({
    head: [...head],
    colAligns,
    style: { head: [], border: [] }, // no colours: it is read by people and by files
  });
  table.push(...rows);
  return table.toString();
}

export function estimate({ value, low, high }: Estimate): string {
  return `${short(value)} [${short(low)}, ${short(high)}]`;
}
