import { join } from 'node:path';
import { fileWriter, ParquetWriter, parquetWriteFile } from 'hyparquet-writer';
import type { Series } from '../read-runs.ts';
import type { Report } from '../report.ts';
import { type Column, type ExportedRun, runColumns } from './columns.ts';

/** Rows of a group of `metrics.parquet`, at least: what is held in memory at a time. */
export const GROUP_ROWS = 50_000;

/**
 * Writes `runs.parquet` (a row for each run) and `metrics.parquet` (a row for each step of a run, a column for each
 * number that any run recorded, NaN where this one did not) into `folder`. Steps and seeds are whole numbers in
 * doubles, as they may pass 2^31.
 */
export async function writeParquet(
  report: Report,
  runs: readonly ExportedRun[],
  folder: string,
  groupRows = GROUP_ROWS,
): Promise<void> {
  parquetWriteFile({
    filename: join(folder, 'runs.parquet'),
    columnData: runColumns(report).map((column) => columnOf(column, report.runs)),
  });
  await writeMetrics(runs, join(folder, 'metrics.parquet'), groupRows);
}

function columnOf<Row>(column: Column<Row>, rows: readonly Row[]) {
  const type = column.type === 'text' ? ('STRING' as const) : ('DOUBLE' as const);
  return { name: column.name, type, data: rows.map((row) => column.of(row)) };
}

const TEXTS = ['task', 'arm', 'key'] as const;
const NAMES: ReadonlySet<string> = new Set([...TEXTS, 'seed', 'step']);

async function writeMetrics(runs: readonly ExportedRun[], filename: string, groupRows: number): Promise<void> {
  const required = { repetition_type: 'REQUIRED' } as const;
  const metrics = [...new Set(runs.flatMap(({ series }) => [...series.keys()]))];
  const writer = new ParquetWriter({
    writer: fileWriter(filename),
    statistics: false, // smallest and largest texts of a group help nobody to find a run, and cost most of the time
    schema: [
      { name: 'root', num_children: NAMES.size + metrics.length },
      ...TEXTS.map((name) => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...required }) as const),
      ...['seed', 'step', ...metrics.map(columnName)].map((name) => ({ name, type: 'DOUBLE', ...required }) as const),
    ],
  });
  let group: Part[] = [];
  let rows = 0;
  for (const [i, run] of runs.entries()) {
    const steps = stepsOf(run);
    group.push({ run, steps });
    rows += steps.length;
    if (rows < groupRows && i < runs.length - 1) continue;
    if (rows > 0) await writeGroup(writer, metrics, group, rows);
    group = [];
    rows = 0;
  }
  await writer.finish();
}

/** A metric's column: its name, unless that is taken. */
const columnName = (metric: string): string => (NAMES.has(metric) ? `metric/${metric}` : metric);

/** A run and the steps at which it recorded anything. */
interface Part {
  readonly run: ExportedRun;
  readonly steps: Float64Array;
}

/** All steps of a run's series, rising, each once. Most series share theirs, so few are merged. */
function stepsOf({ series }: ExportedRun): Float64Array {
  const grids: Float64Array[] = [];
  for (const { steps } of series.values()) if (!grids.some((grid) => isEqual(grid, steps))) grids.push(steps);
  if (grids.length < 2) return grids[0] ?? new Float64Array(0);
  const all = new Float64Array(grids.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const grid of grids) {
    all.set(grid, start);
    start += grid.length;
  }
  all.sort();
  return all.filter((step, i) => i === 0 || step !== all[i - 1]);
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

async function writeGroup(
  writer: ParquetWriter,
  metrics: readonly string[],
  parts: readonly Part[],
  rows: number,
): Promise<void> {
  const texts = TEXTS.map((name) => ({ name, data: new Array<string>(rows) }));
  const [seeds, steps] = [new Float64Array(rows), new Float64Array(rows)];
  const columns = metrics.map(() => new Float64Array(rows).fill(Number.NaN));
  let start = 0;
  for (const { run, steps: own } of parts) {
    const end = start + own.length;
    for (const { name, data } of texts) data.fill(run[name], start, end);
    seeds.fill(run.seed, start, end);
    steps.set(own, start);
    for (const [i, metric] of metrics.entries()) {
      const series = run.series.get(metric);
      if (series !== undefined) place(series, own, columns[i]!, start);
    }
    start = end;
  }
  // Values hardly repeat: a dictionary or a compression of them would cost time and gain little.
  const plain = { encoding: 'PLAIN', codec: 'UNCOMPRESSED' } as const;
  const numbers = [
    { name: 'seed', data: seeds },
    { name: 'step', data: steps, ...plain },
    ...metrics.map((metric, i) => ({ name: columnName(metric), data: columns[i]!, ...plain })),
  ];
  await writer.write({ columnData: [...texts, ...numbers], rowGroupSize: rows });
}

/** Writes values to the rows of their steps; `steps` holds all of theirs. */
function place(series: Series, steps: Float64Array, column: Float64Array, start: number): void {
  for (let i = 0, row = 0; i < series.steps.length; i++) {
    while (steps[row]! < series.steps[i]!) row++;
    column[start + row] = series.values[i]!;
  }
}
