import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeReport, readRuns, writeExportsApart, writeHtml, writePictures } from '../reports/index.ts';
import { writeFakeRuns } from '../test/reports/fake-runs.ts';

/**
 * How long the report of 100 runs takes, part by part: 5 arms, 2 tasks, 10 seeds, 5,000 rows of metrics in each run.
 *
 *     node --import tsx bench/report.ts
 */
const folder = mkdtempSync(join(tmpdir(), 'lightbulb-bench-'));
try {
  const tasks = ['simple_spread', 'simple_tag'];
  const scores = Object.fromEntries(tasks.map((task) => [task, { low: 0, high: 50 }]));
  writeFakeRuns(folder, { arms: ['a', 'b', 'c', 'd', 'e'], tasks, seeds: 10, rows: 5000, evaluateEvery: 250, scores });
  const began = process.cpuUsage();
  const [recorded, readTime] = await timed(() => readRuns([folder]));
  const [report, makeTime] = await timed(async () => makeReport(recorded));
  const out = join(folder, 'report');
  mkdirSync(out);
  const [, writeTime] = await timed(async () => {
    const exporting = writeExportsApart(report, recorded.runs, out);
    await writeHtml(report, join(out, 'index.html'));
    await writePictures(report, join(out, 'pictures'));
    await exporting;
  });
  const { user, system } = process.cpuUsage(began);
  const seconds = { read: readTime, make: makeTime, write: writeTime };
  const total = Object.values(seconds).reduce((sum, each) => sum + each, 0);
  const runs = report.runs.length;
  console.log(
    JSON.stringify({ runs, curves: report.curves.length, seconds, total, cpuSeconds: (user + system) / 1e6 }, null, 2),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function timed<T>(work: () => Promise<T>): Promise<[T, seconds: number]> {
  const start = performance.now();
  const result = await work();
  return [result, (performance.now() - start) / 1000];
}
