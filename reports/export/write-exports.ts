import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedRun } from '../read-runs.ts';
import type { Report } from '../report.ts';
import { exportedRuns } from './columns.ts';
import { writeCsv } from './csv.ts';
import { marlEval } from './marl-eval.ts';
import { writeParquet } from './parquet.ts';

/**
 * Writes `report.json`, `csv/*.csv`, `runs.parquet`, `metrics.parquet` and `marl-eval.json` into `folder`, over what
 * an earlier report left there. `recorded`: the runs that the report was made of. Returns the paths, from `folder`.
 */
export async function writeExports(
  report: Report,
  recorded: readonly RecordedRun[],
  folder: string,
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const runs = exportedRuns(report, recorded);
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report)}\n`);
  writeFileSync(join(folder, 'marl-eval.json'), `${JSON.stringify(marlEval(report, recorded))}\n`);
  writeCsv(report, runs, join(folder, 'csv'));
  await writeParquet(report, runs, folder);
  return ['report.json', 'csv/', 'runs.parquet', 'metrics.parquet', 'marl-eval.json'];
}
