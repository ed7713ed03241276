import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { LightbulbError } from '../../core/index.ts';
import { readRuns } from '../../reports/index.ts';
import { readMetrics } from '../../reports/recorded/metrics-file.ts';
import { FolderLock } from '../../scenarios/index.ts';
import { collect } from '../scenarios/collect.ts';
import { put, scenarioWith, temporaryFolder } from '../scenarios/files.ts';
import { writeFakeRuns } from './fake-runs.ts';

const refused = async (work: Promise<unknown>): Promise<LightbulbError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LightbulbError, String(error));
  return error;
};

describe('reading runs', () => {
  const root = temporaryFolder();

  it('tells a real run as its files have it', async () => {
    const folder = join(root(), 'run');
    const scenario = scenarioWith(root(), { name: 'walk', seed: 3, steps: 160, evaluation: { every: 48 } });
    const { events } = await collect(scenario, { folder });
    const { runs, warnings, batches } = await readRuns([folder]);
    assert.deepEqual([warnings, batches, runs.length], [[], [], 1]);
    const run = runs[0]!;
    const end = events.at(-1)!;
    assert.ok(end.kind === 'finished');
    assert.deepEqual([run.arm, run.task, run.seed, run.state, run.key], ['walk', 'counting', 3, 'finished', 'run']);
    assert.equal(run.final, end.summary.evaluation!.return.mean);
    assert.equal(run.steps, 160);
    assert.equal(run.seconds, end.summary.seconds);
    assert.deepEqual(run.scenario, JSON.parse(JSON.stringify(scenario)));
    assert.equal(run.machines.length, 1);
    const iterations = events.filter((event) => event.kind === 'iteration');
    const speed = run.series.get('stepsPerSecond')!;
    assert.deepEqual(
      [...speed.steps],
      iterations.map(({ step }) => step),
    );
    assert.deepEqual(
      [...speed.values],
      iterations.map(({ stepsPerSecond }) => stepsPerSecond),
    );
    assert.deepEqual(
      [...run.series.get('return/mean')!.values],
      iterations.map(({ metrics }) => metrics['return/mean']),
    );
    const evaluations = events.filter((event) => event.kind === 'evaluation');
    assert.deepEqual(
      [...run.series.get('evaluation/return/mean')!.steps],
      evaluations.map(({ step }) => step),
    );
  });

  it('finds batches and loose runs, alone and below, each run once, in the order of the plan', async () => {
    const batch = join(root(), 'deep', 'batch');
    const folders = writeFakeRuns(batch, {
      arms: ['beta', 'alpha'],
      seeds: 2,
      rows: 4,
      scores: { simple_spread: { low: 0, high: 9 } },
    });
    writeFakeRuns(join(root(), 'loose'), { arms: ['gamma'], seeds: 1, rows: 4, hasPlan: false });
    const all = await readRuns([root(), batch, folders[0]!]);
    assert.deepEqual(
      all.runs.map(({ key }) => key),
      ['beta-s1', 'beta-s2', 'alpha-s1', 'alpha-s2', 'gamma-s1'],
    );
    assert.deepEqual(all.batches, [batch]);
    assert.deepEqual(all.scores, { simple_spread: { low: 0, high: 9 } });
    assert.deepEqual(all.warnings, []);
    assert.deepEqual(
      (await readRuns([folders[1]!])).runs.map(({ key }) => key),
      ['beta-s2'],
    );
  });

  it('refuses what is not there, saying what it looked for', async () => {
    mkdirSync(join(root(), 'empty'));
    const file = put(root(), 'file.json', {});
    for (const [path, text] of [
      [join(root(), 'none'), /there is no such folder; wanted the folder of a run \(scenario\.json/],
      [join(root(), 'empty'), /there are no runs; wanted .*got neither, nor below/],
      [file, /not a folder/],
    ] as const) {
      const error = await refused(readRuns([path]));
      assert.equal(error.code, 'invalid_input');
      assert.match(error.message, text);
    }
  });

  it('says what a plan planned and nobody began, and reads on where the plan is broken', async () => {
    const folders = writeFakeRuns(root(), { seeds: 3, rows: 4 });
    rmSync(folders[1]!, { recursive: true });
    const { runs, warnings } = await readRuns([root()]);
    assert.equal(runs.length, 5);
    assert.deepEqual(warnings, ['1 of 6 planned runs have not begun: alpha-s2']);
    for (const broken of ['{"jobs"', '{"jobs":[{"key":1}]}', 'null', '[]']) {
      put(root(), 'plan.json', broken);
      const again = await readRuns([root()]);
      assert.equal(again.runs.length, 5);
      assert.match(again.warnings[0]!, /plan\.json cannot be read, so its runs go by their own names/);
    }
  });

  it('warns of broken lines and files, and keeps the rest', async () => {
    const [one, two, three, four] = writeFakeRuns(root(), { arms: ['a'], seeds: 5, rows: 6, evaluateEvery: 3 });
    const metrics = readFileSync(join(one!, 'metrics.jsonl'), 'utf8').split('\n');
    metrics[1] = '{"step":2000,"loss';
    metrics[3] = '[]';
    writeFileSync(join(one!, 'metrics.jsonl'), `${metrics.join('\n')}{"step":70`);
    put(two!, 'scenario.json', '{');
    rmSync(join(three!, 'metrics.jsonl'));
    put(four!, 'summary.json', '{"state":');
    appendFileSync(join(four!, 'events.jsonl'), 'nonsense\n');
    const { runs, warnings } = await readRuns([root()]);
    assert.deepEqual(
      runs.map(({ key }) => key),
      ['a-s1', 'a-s3', 'a-s4', 'a-s5'],
    );
    assert.deepEqual([...runs[0]!.series.get('return/mean')!.steps], [1000, 3000, 4000, 5000, 6000]);
    assert.deepEqual([...runs[0]!.series.get('evaluation/return/mean')!.steps], [6000]);
    assert.equal(runs[1]!.final !== null, true);
    assert.deepEqual([runs[2]!.state, runs[2]!.final, runs[2]!.steps], ['finished', null, 6000]);
    const text = warnings.map((warning) => warning.replaceAll(root(), '')).join('\n');
    assert.match(text, /a-s1: 2 lines of metrics\.jsonl cannot be read, the first is line 2/);
    assert.match(text, /a-s1: metrics\.jsonl ends in half a line, which is left out/);
    assert.match(text, /a-s2: scenario\.json cannot be read/);
    assert.match(text, /a-s2 is left out/);
    assert.match(text, /a-s3: there is no metrics\.jsonl/);
    assert.match(text, /a-s4: summary\.json cannot be read/);
    assert.match(text, /a-s4: 1 lines of events\.jsonl cannot be read/);
    put(two!, 'scenario.json', {});
    assert.match((await readRuns([root()])).warnings.join(), /scenario\.json says no name, seed or environment/);
    assert.match((await refused(readRuns([two!]))).message, /no run can be read/);
  });

  const events = (...kinds: object[]) =>
    kinds.map((kind) => `${JSON.stringify({ time: '2030-01-01T00:00:00.000Z', ...kind })}\n`).join('');
  const started = { kind: 'started', step: 0, steps: 99, parameters: 1, resumed: false };
  const iteration = (step: number, stepsPerSecond: number) => ({
    kind: 'iteration',
    step,
    episodes: 1,
    metrics: { x: 1 },
    stepsPerSecond,
  });

  it('knows failed, killed, running and resumed runs apart, whatever an earlier summary says', async () => {
    const [folder] = writeFakeRuns(root(), { arms: ['a'], seeds: 1, rows: 4 }) as [string];
    const told = async (text: string) => {
      writeFileSync(join(folder, 'events.jsonl'), text);
      const { state, message, steps, seconds, final } = (await readRuns([folder])).runs[0]!;
      return { state, message, steps, seconds, final };
    };
    const failed = { kind: 'failed', step: 10, code: 'not_finite', message: '"loss" is NaN' };
    const none = { final: null };
    assert.deepEqual(await told(events(started, iteration(10, 5), failed)), {
      state: 'failed',
      message: 'not_finite: "loss" is NaN',
      steps: 10,
      seconds: 2,
      ...none,
    });
    const killed = await told(events(started, iteration(10, 5)));
    assert.equal(killed.state, 'interrupted');
    assert.match(killed.message!, /ended without saying so/);
    const lock = FolderLock.take(folder);
    // Steps 20 and 30 were made again after a kill: only the second time counts. 10/5 + 10/10 + 10/10 seconds.
    const resumed = events(
      started,
      iteration(10, 5),
      iteration(20, 1),
      iteration(30, 1),
      { ...started, step: 10 },
      iteration(20, 10),
      iteration(30, 10),
    );
    assert.deepEqual(await told(resumed), { state: 'running', message: null, steps: 30, seconds: 4, ...none });
    lock.release();
    put(root(), 'results.json', [{ key: 'a-s1', state: 'failed', code: 'time_limit' }]);
    const { runs } = await readRuns([root()]);
    assert.deepEqual([runs[0]!.state, runs[0]!.message], ['failed', 'time_limit']);
  });

  it('reads every line of metrics as JSON.parse does, whether its shape is known or not', async () => {
    const name = fc
      .oneof(fc.constantFrom('a', 'b,c', 'd"e', 'return/mean', 'é:1'), fc.string({ minLength: 1 }))
      .filter((key) => key !== 'step' && key !== '__proto__' && !/^\d+$/.test(key));
    const value = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x)),
      },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 'text', true, [1], { x: 1 }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.array(value, { minLength: 3, maxLength: 3 }), fc.integer({ min: 1, max: 3 })), {
          minLength: 1,
          maxLength: 12,
        }),
        async (names, drawn) => {
          const rows = drawn.map(([values, size], i) => ({
            step: i + 1,
            ...Object.fromEntries(names.slice(0, size).map((key, k) => [key, values[k]])),
          }));
          const file = put(root(), 'metrics.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
          const { series, lines } = await readMetrics(file);
          assert.deepEqual(lines, { broken: [], endsInHalfALine: false });
          for (const key of names) {
            const wanted = rows.flatMap((row) => {
              const number = (row as Record<string, unknown>)[key];
              return typeof number === 'number' ? [[row.step, number]] : [];
            });
            const got = series.get(key);
            assert.deepEqual(
              Array.from(got?.steps ?? [], (step, i) => [step, got!.values[i]]),
              wanted,
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads lines across the pieces in which a long file comes', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => ({ step: i + 1, value: i / 7, 'ü/mean': (i + 1) * -1e-9 }));
    const file = put(root(), 'metrics.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { series, lines } = await readMetrics(file);
    assert.deepEqual(lines.broken, []);
    assert.deepEqual(
      [...series.get('value')!.values],
      rows.map(({ value }) => value),
    );
    assert.deepEqual(
      [...series.get('ü/mean')!.values],
      rows.map((row) => row['ü/mean']),
    );
  });
});
