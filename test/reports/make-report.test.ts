import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { makeReport, type Report, readRuns, type Series } from '../../reports/index.ts';
import { armsOf } from '../../reports/making/arms.ts';
import { align, thinned } from '../../reports/making/curves.ts';
import { settingRows, settingsOf } from '../../reports/making/settings.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { type FakeRuns, writeFakeRuns } from './fake-runs.ts';

const series = (points: readonly (readonly [step: number, value: number])[]): Series => ({
  steps: Float64Array.from(points, ([step]) => step),
  values: Float64Array.from(points, ([, value]) => value),
});

/** What is changed of a scenario or summary. */
interface Editable {
  steps: number;
  evaluation: { episodes: number } | null;
}

describe('a report', () => {
  const root = temporaryFolder();
  const reportOf = async (options: FakeRuns = {}, more = {}): Promise<Report> => {
    writeFakeRuns(root(), { rows: 6, ...options });
    return makeReport(await readRuns([root()]), more);
  };
  /** Changes a JSON file of a run. */
  const change = (key: string, file: string, edit: (value: Editable) => void) => {
    const path = join(root(), 'runs', key, file);
    const value = JSON.parse(readFileSync(path, 'utf8'));
    edit(value);
    put(join(root(), 'runs', key), file, value);
  };

  it('says what the folders say, and the same each time', async () => {
    const tasks = ['simple_spread', 'simple_tag'];
    const scores = Object.fromEntries(tasks.map((task) => [task, { low: 0, high: 20 }]));
    const report = await reportOf({ tasks, seeds: 5, scores });
    assert.deepEqual([report.title, report.description], ['fake', 'Made-up runs.']);
    assert.deepEqual([report.arms, report.tasks], [['alpha', 'beta'], tasks]);
    assert.equal(report.runs.length, 20);
    assert.deepEqual(report.scores, scores);
    assert.deepEqual(report.warnings, []);
    assert.deepEqual(makeReport(await readRuns([root()])), report);

    const finals = (arm: string, task: string) =>
      report.runs.filter((run) => run.arm === arm && run.task === task).map(({ final }) => final!);
    const average = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    const row = (arm: string, task: string | null, isNormalised: boolean) =>
      report.finals.find((each) => each.arm === arm && each.task === task && each.isNormalised === isNormalised)!;
    const alpha = finals('alpha', 'simple_spread');
    const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-9, `${got}, not ${wanted}`);
    near(row('alpha', 'simple_spread', false).mean.value, average(alpha));
    near(row('alpha', 'simple_spread', true).mean.value, average(alpha) / 20);
    near(row('beta', null, true).mean.value, average(tasks.flatMap((task) => finals('beta', task))) / 20);
    assert.equal(row('alpha', 'simple_spread', false).optimalityGap, null);
    assert.equal(row('alpha', null, true).runs, 10);
    assert.equal(report.finals.length, 2 * 2 * 2 + 2);

    // Both orders of the one pair, on two tasks and over both; beta is better by far.
    assert.equal(report.comparisons.length, 6);
    for (const { better, probability, difference } of report.comparisons) {
      assert.equal(probability.value > 0.5, better === 'beta');
      assert.equal(difference.low > 0, better === 'beta');
    }
    assert.deepEqual(
      report.machines.map(({ runs }) => runs),
      [20],
    );
    assert.deepEqual(report.machines[0]!.facts.device, 'auto');
  });

  it('has curves of the means, each with its band', async () => {
    const { curves } = await reportOf({ seeds: 3, arms: ['alpha'] });
    const { runs } = await readRuns([root()]);
    const curve = curves.find(({ metric }) => metric === 'return/mean')!;
    assert.deepEqual(curve.steps, [1000, 2000, 3000, 4000, 5000, 6000]);
    curve.steps.forEach((_, i) => {
      const values = runs.map((run) => run.series.get('return/mean')!.values[i]!);
      assert.ok(Math.abs(curve.centre[i]! - values.reduce((sum, x) => sum + x) / 3) < 1e-9);
      assert.ok(Math.min(...values) - 1e-9 <= curve.low[i]! && curve.low[i]! <= curve.centre[i]!);
      assert.ok(curve.centre[i]! <= curve.high[i]! && curve.high[i]! <= Math.max(...values) + 1e-9);
    });
    const metrics = curves.map(({ metric }) => metric);
    assert.deepEqual(metrics.slice(0, 3), ['evaluation/return/mean', 'return/mean', 'stepsPerSecond']);
    assert.ok(metrics.includes('loss/value') && !metrics.includes('episodes'));
  });

  it('of long runs has curves of 150 points', async () => {
    const { curves } = await reportOf({ seeds: 1, arms: ['alpha'], rows: 431 });
    const { steps } = curves.find(({ metric }) => metric === 'loss/value')!;
    assert.deepEqual([steps.length, steps[0], steps.at(-1)], [150, 1000, 431_000]);
  });

  it('pairs runs by seed, in both orders, on each task', async () => {
    const { comparisons, runs } = await reportOf({ seeds: 6 });
    const finals = (arm: string) => runs.filter((run) => run.arm === arm).map(({ final }) => final!);
    const [alpha, beta] = [finals('alpha'), finals('beta')];
    const differences = alpha.map((score, i) => score - beta[i]!);
    const [there, back] = comparisons.map(({ paired }) => paired!);
    assert.deepEqual([there!.pairs, there!.caution], [6, null]);
    const { value, low, high } = there!.difference;
    assert.ok(Math.abs(value - differences.reduce((sum, x) => sum + x, 0) / 6) < 1e-9);
    assert.ok(Math.min(...differences) < low && low < value && value < high && high < Math.max(...differences));
    assert.deepEqual(back!.difference, { value: -value, low: -high, high: -low });
  });

  it("compares the team's objective where evaluations tell it, with its curve first", async () => {
    const { runs, curves, measure, measures, methods, finals } = await reportOf({ isTeam: true });
    const recorded = await readRuns([root()]);
    assert.deepEqual(
      runs.map(({ final }) => final),
      recorded.runs.map(({ final }) => final! / 4),
    );
    assert.deepEqual([measures.simple_spread!.metric, curves[0]!.metric], ['evaluation/team', 'evaluation/team']);
    assert.match(measure, /^team's objective of an episode/);
    assert.ok(methods[0]!.includes(measure));
    const { value } = finals[0]!.mean;
    assert.ok(Math.abs(value - runs.slice(0, 5).reduce((sum, { final }) => sum + final!, 0) / 5) < 1e-9);
  });

  it('compares any number by its name, and leaves aside what the plan says of returns', async () => {
    const scores = { simple_spread: { low: 0, high: 40 } };
    const report = await reportOf({ isTeam: true, scores }, { measure: 'evaluation/score/rouge1' });
    const recorded = await readRuns([root()]);
    assert.deepEqual(
      report.runs.map(({ final }) => final),
      recorded.runs.map(({ final }) => final! / 100),
    );
    assert.equal(report.curves[0]!.metric, 'evaluation/score/rouge1');
    assert.equal(
      report.finals.some(({ isNormalised }) => isNormalised),
      false,
    );
    assert.match(report.warnings.join(), /counts as 0 and 1 on simple_spread is not of evaluation\/score\/rouge1/);
    const given = makeReport(recorded, { measure: 'evaluation/score/rouge1', scores });
    assert.deepEqual([given.finals.filter(({ isNormalised }) => isNormalised).length, given.warnings], [2, []]);
    // What is no curve otherwise is one where it is what is compared.
    const spread = makeReport(recorded, { measure: 'evaluation/return/std' });
    assert.equal(spread.curves[0]!.metric, 'evaluation/return/std');
    assert.throws(() => makeReport(recorded, { measure: 'evaluation/score/rouge' }), /Did you mean .*rouge1/);
  });

  it('names the settings that differ, by pointer', async () => {
    const { settings } = await reportOf({ seeds: 1 });
    assert.deepEqual(settings, [{ path: '/learner/learningRate', values: { alpha: [0.001], beta: [0.002] } }]);
    const network = (gru: object | null, extra = {}) =>
      settingsOf({ name: 'x', seed: 1, a: { 'b/c~d': [1, 2], gru }, ...extra } as never);
    assert.deepEqual(settingRows([network(null), network({ units: 4 }), network(null, { seed: 9 })], ['p', 'q', 'p']), [
      { path: '/a/gru', values: { p: [null], q: [] } },
      { path: '/a/gru/units', values: { p: [], q: [4] } },
    ]);
    assert.ok(network(null).has('/a/b~1c~0d'));
  });

  it('tells runs of one name apart by what they learn with, task by task', () => {
    const run = (task: string, learner: object, rest: object = {}) => ({
      arm: 'ppo',
      task,
      scenario: { learner, ...rest },
    });
    const armOf = (...runs: ReturnType<typeof run>[]) =>
      armsOf(
        runs as never,
        runs.map(({ scenario }) => settingsOf(scenario as never)),
      );
    const [slow, fast] = [
      { rate: 1, clip: 0.2 },
      { rate: 2, clip: 0.2 },
    ];
    assert.deepEqual(armOf(run('a', slow), run('a', slow, { threads: 2 })), ['ppo', 'ppo']);
    assert.deepEqual(armOf(run('a', slow), run('b', fast)), ['ppo', 'ppo']);
    assert.deepEqual(armOf(run('a', slow), run('a', fast), run('a', { ...slow, gru: [3] })), [
      'ppo (rate=1)',
      'ppo (rate=2)',
      'ppo (rate=1, gru=[3])',
    ]);
  });

  it('of one run stands, without width, and says so', async () => {
    const { finals, comparisons, warnings } = await reportOf({ arms: ['alpha', 'beta'], seeds: 1 });
    for (const { mean } of finals) assert.ok(mean.low === mean.value && mean.value === mean.high);
    assert.deepEqual(
      comparisons.map(({ probability }) => probability),
      [
        { value: 0, low: 0, high: 0 },
        { value: 1, low: 1, high: 1 },
      ],
    );
    assert.match(warnings.join('\n'), /alpha has one run on simple_spread/);
  });

  it('warns of what makes arms hard to compare', async () => {
    writeFakeRuns(root(), {
      seeds: 4,
      rows: 6,
      tasks: ['simple_spread', 'simple_tag'],
      scores: { simple_tag: { low: 0, high: 1 } },
    });
    change('alpha-simple_spread-s1', 'scenario.json', (scenario) => {
      scenario.steps = 7;
      scenario.evaluation!.episodes = 3;
    });
    change('alpha-simple_tag-s2', 'summary.json', (summary) => {
      summary.evaluation = null;
    });
    const events = join(root(), 'runs', 'beta-simple_tag-s1', 'events.jsonl');
    const text = readFileSync(events, 'utf8').split('\n').slice(0, 4).join('\n');
    const failed = { time: '2030-01-01T00:00:00.000Z', kind: 'failed', step: 3000, code: 'disk', message: 'full' };
    writeFileSync(events, `${text}\n${JSON.stringify(failed)}\n`);
    const report = makeReport(await readRuns([root()]));
    const said = report.warnings.join('\n');
    for (const wanted of [
      /1 of 16 runs failed and count in no final score: beta-simple_tag-s1 \(disk: full\)/,
      /1 runs finished without an evaluation: alpha-simple_tag-s2/,
      /runs on simple_spread have unequal budgets of steps/,
      /runs on simple_spread are evaluated differently: \/evaluation\/episodes/,
      /has only 3 runs on simple_tag/,
      /no scores over all tasks: .* not known of simple_spread/,
    ]) {
      assert.match(said, wanted);
    }
    assert.equal(
      report.finals.some(({ task }) => task === null),
      false,
    );
    // The failed run is in no final score and in no curve.
    const beta = report.curves.find(({ arm, task }) => arm === 'beta' && task === 'simple_tag')!;
    assert.equal(beta.runs, 3);
  });

  it('takes score ranges over those of the plan', async () => {
    const scores = { simple_spread: { low: 0, high: 10 } };
    assert.deepEqual((await reportOf({ scores }, { scores: { simple_spread: { low: 1, high: 2 } } })).scores, {
      simple_spread: { low: 1, high: 2 },
    });
    assert.deepEqual((await reportOf({ scores: {} }, { title: 'Mine' })).title, 'Mine');
  });
});

describe('runs on common steps', () => {
  it('keep the steps they share, where all of them have been', () => {
    const [a, b] = [
      series([
        [1, 10],
        [2, 20],
        [3, 30],
      ]),
      series([
        [2, 5],
        [3, 6],
      ]),
    ];
    assert.deepEqual(align([a, b]), { steps: [2, 3], values: [Float64Array.of(20, 30), Float64Array.of(5, 6)] });
    assert.equal(align([series([[1, 1]]), series([[2, 2]])]), undefined);
    assert.equal(align([]), undefined);
  });

  it('are interpolated in between where they differ', () => {
    const aligned = align([
      series([
        [0, 0],
        [10, 100],
      ]),
      series([
        [0, 1],
        [5, 2],
        [10, 5],
      ]),
    ])!;
    assert.deepEqual(aligned.steps, [0, 5, 10]);
    assert.deepEqual(
      aligned.values.map((values) => [...values]),
      [
        [0, 50, 100],
        [1, 2, 5],
      ],
    );
  });

  it('lie on a straight line where the runs do, whatever their steps', () => {
    const points = fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { minLength: 0, maxLength: 30 });
    fc.assert(
      fc.property(points, points, fc.integer({ min: 2, max: 20 }), (one, two, most) => {
        const line = (steps: number[]) =>
          series([0, ...steps.sort((a, b) => a - b), 1000].map((step) => [step, 3 * step + 1] as const));
        const { steps, values } = align([line(one), line(two)], most)!;
        assert.ok(steps.length <= most && steps[0] === 0 && steps.at(-1) === 1000);
        for (const each of values) {
          for (const [i, step] of steps.entries()) assert.ok(Math.abs(each[i]! - (3 * step + 1)) < 1e-6);
        }
      }),
    );
  });

  it('are thinned evenly, with both ends', () => {
    assert.deepEqual(thinned(3, 5), [0, 1, 2]);
    assert.deepEqual(thinned(9, 5), [0, 2, 4, 6, 8]);
    const many = thinned(12_345, 200);
    assert.deepEqual([many.length, many[0], many.at(-1), new Set(many).size], [200, 0, 12_344, 200]);
  });
});
