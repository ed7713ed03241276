import type { RecordedRun } from '../read-runs.ts';
import type { Estimate, FinalRow, Report, RunRow } from '../report.ts';

/** A column of a table, as it is exported: text, whole numbers or numbers, null where there is none. */
export type Column<Row> =
  | { readonly name: string; readonly type: 'text'; readonly of: (row: Row) => string | null }
  | { readonly name: string; readonly type: 'whole' | 'number'; readonly of: (row: Row) => number | null };

/** `runs`: one row for each run. */
export const runColumns: readonly Column<RunRow>[] = [
  { name: 'key', type: 'text', of: ({ key }) => key },
  { name: 'task', type: 'text', of: ({ task }) => task },
  { name: 'arm', type: 'text', of: ({ arm }) => arm },
  { name: 'seed', type: 'whole', of: ({ seed }) => seed },
  { name: 'state', type: 'text', of: ({ state }) => state },
  { name: 'steps', type: 'whole', of: ({ steps }) => steps },
  { name: 'seconds', type: 'number', of: ({ seconds }) => seconds },
  { name: 'steps_per_second', type: 'number', of: ({ stepsPerSecond }) => stepsPerSecond },
  { name: 'final', type: 'number', of: ({ final }) => final },
  { name: 'message', type: 'text', of: ({ message }) => message },
  { name: 'folder', type: 'text', of: ({ folder }) => folder },
];

/** `finals`: one row for each arm and task; `task` is empty for scores over all tasks. */
export const finalColumns: readonly Column<FinalRow>[] = [
  { name: 'task', type: 'text', of: ({ task }) => task },
  { name: 'arm', type: 'text', of: ({ arm }) => arm },
  { name: 'runs', type: 'whole', of: ({ runs }) => runs },
  { name: 'scores', type: 'text', of: ({ isNormalised }) => (isNormalised ? 'normalised' : 'raw') },
  ...estimateColumns<FinalRow>('mean', (row) => row.mean),
  ...estimateColumns<FinalRow>('median', (row) => row.median),
  ...estimateColumns<FinalRow>('interquartile_mean', (row) => row.interquartileMean),
  ...estimateColumns<FinalRow>('optimality_gap', (row) => row.optimalityGap),
];

/** `comparisons`: one row for each ordered pair of arms and each task. */
export const comparisonColumns: readonly Column<Report['comparisons'][number]>[] = [
  { name: 'task', type: 'text', of: ({ task }) => task },
  { name: 'better', type: 'text', of: ({ better }) => better },
  { name: 'worse', type: 'text', of: ({ worse }) => worse },
  ...estimateColumns<Report['comparisons'][number]>('probability', (row) => row.probability),
  ...estimateColumns<Report['comparisons'][number]>('difference', (row) => row.difference),
];

function estimateColumns<Row>(name: string, of: (row: Row) => Estimate | null): Column<Row>[] {
  return [
    { name, type: 'number', of: (row) => of(row)?.value ?? null },
    { name: `${name}_low`, type: 'number', of: (row) => of(row)?.low ?? null },
    { name: `${name}_high`, type: 'number', of: (row) => of(row)?.high ?? null },
  ];
}

/** A run as exports name it: what the report says of it, and all its numbers. */
export interface ExportedRun extends RunRow {
  readonly series: RecordedRun['series'];
}

/** The runs of a report with their numbers. `recorded`: the runs that the report was made of. */
export function exportedRuns(report: Report, recorded: readonly RecordedRun[]): ExportedRun[] {
  return report.runs.map((row, i) => ({ ...row, series: recorded[i]!.series }));
}
