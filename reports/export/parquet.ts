import { join } from 'node:path';
import { fileWriter, ParquetWriter, parquetWriteFile } from 'hyparquet-writer';
import type { Series } from '../read-runs.ts';
import type { Report } from '../report.ts';
import { type Column, type ExportedRun, runColumns } from './columns.ts';

/** Rows of a group of `metrics.parquet`, at least: what is held in memory at a time. */
export const GROUP_ROWS = 250_000;

/**
 * Writes `runs.parquet` (a row for each run) and `metrics.parquet` (a row for each number of a run at a step, all that
 * were recorded) into `folder`. Steps and seeds are whole numbers in doubles, as they may pass 2^31.
 */
export async function writeParquet(
  report: Report,
  runs: readonly ExportedRun[],
  folder: string,
  groupRows = GROUP_ROWS,
): Promise<void> {
  parquetWriteFile({
    filename: join(folder, 'runs.parquet'),
    columnData: runColumns.map((column) => columnOf(column, report.runs)),
  });
  await writeMetrics(runs, join(folder, 'metrics.parquet'), groupRows);
}

function columnOf<Row>(column: Column<Row>, rows: readonly Row[]) {
  const type = column.type === 'text' ? ('STRING' as const) : ('DOUBLE' as const);
  return { name: column.name, type, data: rows.map((row) => column.of(row)) };
}

const TEXTS = ['task', 'arm', 'key', 'metric'] as const;

async function writeMetrics(runs: readonly ExportedRun[], filename: string, groupRows: number): Promise<void> {
  const required = { repetition_type: 'REQUIRED' } as const;
  const writer = new ParquetWriter({
    writer: fileWriter(filename),
    statistics: false, // smallest and largest texts of a group help nobody to find a run, and cost most of the time
    schema: [
      { name: 'root', num_children: TEXTS.length + 3 },
      ...TEXTS.map((name) => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...required }) as const),
      ...['seed', 'step', 'value'].map((name) => ({ name, type: 'DOUBLE', ...required }) as const),
    ],
  });
  let group: Part[] = [];
  let rows = 0;
  for (const run of runs) {
    for (const [metric, series] of run.series) {
      group.push({ run, metric, series });
      rows += series.steps.length;
      if (rows < groupRows) continue;
      await writeGroup(writer, group, rows);
      group = [];
      rows = 0;
    }
  }
  if (rows > 0) await writeGroup(writer, group, rows);
  await writer.finish();
}

/** One metric of one run. */
interface Part {
  readonly run: ExportedRun;
  readonly metric: string;
  readonly series: Series;
}

async function writeGroup(writer: ParquetWriter, parts: readonly Part[], rows: number): Promise<void> {
  const texts = TEXTS.map((name) => ({ name, data: new Array<string>(rows) }));
  const [seeds, steps, values] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  let start = 0;
  for (const { run, metric, series } of parts) {
    const end = start + series.steps.length;
    for (const { name, data } of texts) data.fill(name === 'metric' ? metric : run[name], start, end);
    seeds.fill(run.seed, start, end);
    steps.set(series.steps, start);
    values.set(series.values, start);
    start = end;
  }
  // Values hardly repeat: a dictionary or a compression of them would cost time and gain little.
  const plain = { encoding: 'PLAIN', codec: 'UNCOMPRESSED' } as const;
  const numbers = [
    { name: 'seed', data: seeds },
    { name: 'step', data: steps },
    { name: 'value', data: values, ...plain },
  ];
  await writer.write({ columnData: [...texts, ...numbers], rowGroupSize: rows });
}
