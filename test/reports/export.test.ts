import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { exportedRuns } from '../../reports/export/columns.ts';
import { csvField, csvOf, pointsEach, writeCsv } from '../../reports/export/csv.ts';
import { marlEval } from '../../reports/export/marl-eval.ts';
import { writeParquet } from '../../reports/export/parquet.ts';
import { makeReport, type RecordedRuns, type Report, readRuns, writeExports } from '../../reports/index.ts';
import { temporaryFolder } from '../scenarios/files.ts';
import { type FakeRuns, writeFakeRuns } from './fake-runs.ts';

/** RFC 4180, read back by a machine of its own: the rows of a file, each as its fields. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let row: string[] = [];
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    assert.ok(match, `no CSV after ${JSON.stringify(text.slice(0, 80))}`);
    row.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  assert.deepEqual(row, []);
  return rows;
}

const RETURN = 'evaluation/return/mean';

describe('exports', () => {
  const root = temporaryFolder();
  const made = async (options: FakeRuns = {}): Promise<{ report: Report; recorded: RecordedRuns; out: string }> => {
    writeFakeRuns(join(root(), 'batch'), { rows: 6, evaluateEvery: 3, ...options });
    const recorded = await readRuns([join(root(), 'batch')]);
    return { report: makeReport(recorded), recorded, out: join(root(), 'out') };
  };
  /** Every number that was recorded: key, metric, step, value. */
  const recordedNumbers = ({ runs }: RecordedRuns) =>
    runs.flatMap(({ key, series }) =>
      [...series].flatMap(([metric, { steps, values }]) =>
        Array.from(steps, (step, i) => [key, metric, step, values[i]!] as const),
      ),
    );

  type Numbered = readonly [key: string, metric: string, step: number, value: number];
  const inOrder = (numbers: readonly Numbered[]) => numbers.map(String).sort();
  /** The same from rows of a step each: what is not NaN was recorded. */
  const numbersOf = (rows: readonly Record<string, unknown>[]) =>
    inOrder(
      rows.flatMap(({ task: _, arm: __, seed: ___, key, step, ...metrics }) =>
        Object.entries(metrics as Record<string, number>)
          .filter(([, value]) => !Number.isNaN(value))
          .map(([metric, value]) => [String(key), metric, Number(step), value] as const),
      ),
    );

  it('as CSV read back exactly', async () => {
    const { report, recorded, out } = await made({ arms: ['al"pha', 'be,ta\nx'] });
    assert.deepEqual(await writeExports(report, recorded.runs, out), [
      'report.json',
      'csv/',
      'runs.parquet',
      'metrics.parquet',
      'marl-eval.json',
    ]);
    assert.deepEqual(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')), report);
    const read = (name: string) => parseCsv(readFileSync(join(out, 'csv', name), 'utf8'));
    const [head, ...runs] = read('runs.csv');
    assert.deepEqual(head!.slice(0, 4), ['key', 'task', 'arm', 'seed']);
    assert.deepEqual(
      runs
        .map((fields) => Object.fromEntries(fields.map((field, i) => [head![i], field])))
        .map(({ key, arm, seed, final, message }) => [key, arm, Number(seed), Number(final), message]),
      report.runs.map(({ key, arm, seed, final }) => [key, arm, seed, final, '']),
    );
    const [names, ...finals] = read('finals.csv');
    const low = names!.indexOf('interquartile_mean_low');
    assert.deepEqual(
      finals.map((fields) => Number(fields[low])),
      report.finals.map((row) => row.interquartileMean.low),
    );
    assert.deepEqual(finals[0]![names!.indexOf('optimality_gap')], '');
    assert.deepEqual(new Set(finals.map((fields) => fields[names!.indexOf('measure')])), new Set([RETURN]));
    assert.deepEqual(new Set(runs.map((fields) => fields[head!.indexOf('measure')])), new Set([RETURN]));
    const [heads, ...comparisons] = read('comparisons.csv');
    assert.deepEqual(
      comparisons
        .map((fields) => Object.fromEntries(fields.map((field, i) => [heads![i], field])))
        .map((row) => [
          row.better,
          Number(row.paired_difference),
          Number(row.paired_difference_low),
          Number(row.paired_difference_high),
          Number(row.pairs),
          row.pairs_caution,
        ]),
      report.comparisons.map(({ better, paired }) => {
        const { value, low, high } = paired!.difference;
        return [better, value, low, high, 5, ''];
      }),
    );
    const [titles, ...metrics] = read('metrics.csv');
    assert.deepEqual(titles, ['task', 'arm', 'seed', 'key', 'metric', 'step', 'value']);
    assert.deepEqual(
      metrics.map(([, , , key, metric, step, value]) => [key, metric, Number(step), Number(value)]),
      recordedNumbers(recorded),
    );
  });

  it('quote what CSV must quote, and nothing else', () => {
    assert.deepEqual(
      [csvField('a b'), csvField('a,b'), csvField('a"b'), csvField('a\nb'), csvField(null), csvField(-1e-7)],
      ['a b', '"a,b"', '"a""b"', '"a\nb"', '', '-1e-7'],
    );
    const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\r', '\n', 'ü') });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (rows) => {
        const columns = [0, 1].map((i) => ({
          name: `c${i}`,
          type: 'text' as const,
          of: (row: [string, string]) => row[i]!,
        }));
        assert.deepEqual(parseCsv(csvOf(columns, rows)), [['c0', 'c1'], ...rows]);
      }),
    );
  });

  it('thin metrics.csv evenly where there would be too many rows', async () => {
    assert.equal(pointsEach([10, 20], 30), Number.POSITIVE_INFINITY);
    assert.equal(pointsEach([2, 100, 100], 102), 50);
    assert.equal(pointsEach([100, 100], 0), 2);
    const { report, recorded, out } = await made({ rows: 100 });
    writeCsv(report, exportedRuns(report, recorded.runs), out, 2000);
    const [, ...rows] = parseCsv(readFileSync(join(out, 'metrics.csv'), 'utf8'));
    assert.ok(rows.length <= 2000 && rows.length > 1500, String(rows.length));
    const steps = rows.filter((row) => row[3] === 'alpha-s1' && row[4] === 'loss/value').map((row) => Number(row[5]));
    assert.deepEqual([steps[0], steps.at(-1)], [1000, 100_000]);
  });

  it('as Parquet read back exactly', async () => {
    const { report, recorded, out } = await made({ arms: ['alpha', 'β'] });
    await writeExports(report, recorded.runs, out);
    const read = async (name: string) => parquetReadObjects({ file: await asyncBufferFromFile(join(out, name)) });
    const runs = await read('runs.parquet');
    assert.deepEqual(
      runs.map(({ key, arm, seed, state, final, message }) => [key, arm, seed, state, final, message]),
      report.runs.map(({ key, arm, seed, state, final }) => [key, arm, seed, state, final, null]),
    );
    const metrics = await read('metrics.parquet');
    assert.deepEqual(numbersOf(metrics), inOrder(recordedNumbers(recorded)));
    assert.deepEqual([metrics[0]!.task, metrics[0]!.arm, metrics[0]!.seed], ['simple_spread', 'alpha', 1]);
  });

  it('as Parquet in several groups of rows', async () => {
    const { report, recorded, out } = await made({ seeds: 2 });
    mkdirSync(out);
    await writeParquet(report, exportedRuns(report, recorded.runs), out, 1);
    const file = await asyncBufferFromFile(join(out, 'metrics.parquet'));
    assert.ok((await parquetMetadataAsync(file)).row_groups.length > 2);
    const rows = await parquetReadObjects({ file });
    assert.deepEqual(numbersOf(rows), inOrder(recordedNumbers(recorded)));
  });

  it('as marl-eval reads it', async () => {
    const { report, recorded } = await made({ seeds: 2, tasks: ['Spread'] });
    const run = recorded.runs.find(({ key }) => key === 'beta-s2')!;
    const returns = run.series.get('evaluation/return/mean')!.values;
    const data = marlEval(report, recorded.runs);
    assert.deepEqual(Object.keys(data), ['lightbulb']);
    assert.deepEqual(Object.keys(data.lightbulb!), ['spread']);
    const algorithms = data.lightbulb!.spread!;
    // marl-eval takes the runs of the first algorithm for those of all, and the last entry of a run for the absolute one.
    for (const runs of Object.values(algorithms)) {
      assert.deepEqual(Object.keys(runs), ['seed_1', 'seed_2']);
      for (const entries of Object.values(runs))
        assert.deepEqual(Object.keys(entries), ['step_0', 'step_1', 'absolute_metrics']);
    }
    assert.deepEqual(algorithms.beta!.seed_2, {
      step_0: { step_count: 3000, return: [returns[0]], length: [25] },
      step_1: { step_count: 6000, return: [returns[1]], length: [25] },
      absolute_metrics: { return: [run.final], length: [25] },
    });
  });

  it('as marl-eval reads it, with another number compared than the return', async () => {
    const { recorded } = await made({ seeds: 1, arms: ['a'], isTeam: true });
    const run = recorded.runs[0]!;
    const [first, last] = run.series.get(RETURN)!.values as unknown as [number, number];
    const entries = (measure?: string) => {
      const report = makeReport(recorded, measure === undefined ? {} : { measure });
      return marlEval(report, recorded.runs).lightbulb!.simple_spread!.a!.seed_1!;
    };
    assert.deepEqual(entries(), {
      step_0: { step_count: 3000, team: [first / 4], return: [first], length: [25] },
      step_1: { step_count: 6000, team: [last / 4], return: [last], length: [25] },
      absolute_metrics: { team: [last / 4], return: [last], length: [25] },
    });
    assert.deepEqual(entries('evaluation/score/rouge1').step_1, {
      step_count: 6000,
      score_rouge1: [last / 100],
      return: [last],
      length: [25],
    });
    // Numbers of training stand at the steps at which there was an evaluation too.
    const losses = run.series.get('loss/value')!.values;
    const of = entries('loss/value');
    assert.deepEqual(Object.keys(of), ['step_0', 'step_1', 'absolute_metrics']);
    assert.deepEqual([of.step_0!.loss_value, of.absolute_metrics!.loss_value], [[losses[2]], [losses[5]]]);
  });

  it('for marl-eval keep the steps that all runs of a task have', async () => {
    writeFakeRuns(join(root(), 'one'), { arms: ['a'], seeds: 1, rows: 6, evaluateEvery: 2 });
    writeFakeRuns(join(root(), 'two'), { arms: ['b'], seeds: 1, rows: 6, evaluateEvery: 3 });
    const recorded = await readRuns([root()]);
    const data = marlEval(makeReport(recorded), recorded.runs).lightbulb!.simple_spread!;
    for (const arm of ['a', 'b']) {
      assert.deepEqual(Object.keys(data[arm]!.seed_1!), ['step_0', 'absolute_metrics']);
      assert.equal(data[arm]!.seed_1!.step_0!.step_count, 6000);
    }
  });
});
