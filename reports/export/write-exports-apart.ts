import { Worker } from 'node:worker_threads';
import type { RecordedRun } from '../read-runs.ts';
import type { Report } from '../report.ts';

/** As `writeExports`, on a thread of its own: what takes longest needs nothing of the pictures, nor they of it. */
export function writeExportsApart(
  report: Report,
  recorded: readonly RecordedRun[],
  folder: string,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./export-worker.mjs', import.meta.url), {
      workerData: { report, recorded, folder },
      execArgv: [],
    });
    worker.once('message', ({ files, error }: { files?: readonly string[]; error?: Error }) => {
      if (files !== undefined) resolve(files);
      else reject(error);
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`internal: the thread of exports ended with ${code}`)));
  });
}
