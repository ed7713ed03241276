import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { thinned } from '../making/curves.ts';
import type { Report } from '../report.ts';
import {
  type Column,
  comparisonColumns,
  type ExportedRun,
  finalColumns,
  levelColumns,
  levelRows,
  runColumns,
} from './columns.ts';

/**
 * Rows of `metrics.csv` at most, under 20 MB, which a spreadsheet still opens. Where the runs have more, each series is thinned evenly, first and last
 * kept; the Parquet file has all of them.
 */
export const CSV_ROWS = 250_000;

/**
 * Writes `runs.csv`, `finals.csv`, `comparisons.csv` and `metrics.csv` (a number of a run at a step in each row) into
 * `folder`, and `levels.csv` where runs were evaluated on levels. RFC 4180: a header, commas, CRLF, fields quoted where they need it; a missing value is an empty field.
 * Numbers are written so that they read back exactly.
 */
export function writeCsv(report: Report, runs: readonly ExportedRun[], folder: string, rows = CSV_ROWS): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'runs.csv'), csvOf(runColumns(report), report.runs));
  writeFileSync(join(folder, 'finals.csv'), csvOf(finalColumns(report), report.finals));
  writeFileSync(join(folder, 'comparisons.csv'), csvOf(comparisonColumns(report), report.comparisons));
  if (report.levels.length > 0) writeFileSync(join(folder, 'levels.csv'), csvOf(levelColumns, levelRows(report)));
  writeMetrics(runs, join(folder, 'metrics.csv'), rows);
}

export function csvOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  return lines.map((fields) => `${fields.map(csvField).join(',')}\r\n`).join('');
}

/** A field, quoted where it holds a comma, a quote or an end of line. */
export function csvField(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function writeMetrics(runs: readonly ExportedRun[], path: string, rows: number): void {
  const points = pointsEach(
    runs.flatMap(({ series }) => Array.from(series.values(), ({ steps }) => steps.length)),
    rows,
  );
  const file = openSync(path, 'w');
  try {
    writeSync(file, 'task,arm,seed,key,metric,step,value\r\n');
    for (const { task, arm, seed, key, series } of runs) {
      for (const [metric, { steps, values }] of series) {
        const start = [task, arm, seed, key, metric].map(csvField).join(',');
        let text = '';
        for (const i of thinned(steps.length, points)) text += `${start},${steps[i]},${values[i]}\r\n`;
        if (text !== '') writeSync(file, text);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** How many rows a series may have, at most, so that all together have no more than `rows` (but two each at least). */
export function pointsEach(lengths: readonly number[], rows: number): number {
  const sorted = [...lengths].sort((a, b) => a - b);
  let left = rows;
  for (const [i, length] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - i));
    if (length > share) return Math.max(2, share);
    left -= length;
  }
  return Number.POSITIVE_INFINITY;
}
