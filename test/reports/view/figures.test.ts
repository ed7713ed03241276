import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Report } from '../../../reports/report.ts';
import { svgOf } from '../../../reports/view/figure.ts';
import { figuresOf } from '../../../reports/view/figures.ts';
import { finalScores, finalScoresByTask } from '../../../reports/view/final-scores.ts';
import { improvement } from '../../../reports/view/improvement.ts';
import { learningCurves, metricsOf } from '../../../reports/view/learning-curves.ts';
import { pngOf, writePictures } from '../../../reports/view/pictures.ts';
import { armStyle, printed, printTheme } from '../../../reports/view/theme.ts';
import { sampleReport } from './sample.ts';

/** A report with one curve. */
function withCurve(steps: number[], centre: number[], low: number[], high: number[]): Report {
  const curve = { metric: 'return/mean', task: 'simple_spread', arm: 'ppo', runs: 3, steps, centre, low, high };
  return { ...sampleReport({ arms: ['ppo'] }), curves: [curve] };
}

/** Points of the first polygon, and those of the line, as [x, y] in pixels. */
function drawn(svg: string): { band: number[][]; line: number[][] } {
  const pairs = (text: string) =>
    [...text.matchAll(/(-?[\d.]+)[ ,](-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  return {
    band: pairs(/<polygon points="([^"]+)"/.exec(svg)![1]!),
    line: pairs(/<path d="([^"]+)"[^>]*stroke="#0072b2" stroke-width="1.8"/.exec(svg)![1]!),
  };
}

describe('pictures of reports', () => {
  it('draw a band exactly from its lower to its upper ends, below zero too', () => {
    const [low, centre, high] = [
      [-40, -30, -10],
      [-30, -15, 5],
      [-28, -10, 20],
    ];
    const { band, line } = drawn(
      svgOf(learningCurves(withCurve([0, 50, 100], centre!, low!, high!), 'return/mean', printTheme)),
    );
    assert.equal(band.length, 6);
    // The line gives the scale: pixels of its first and last point against -30 and 5.
    const [first, last] = [line[0]!, line.at(-1)!];
    const pixel = (value: number) => first[1]! + ((value + 30) / 35) * (last[1]! - first[1]!);
    const wanted = [...low!.map(pixel), ...[...high!].reverse().map(pixel)];
    band.forEach(([, y], i) => {
      assert.ok(Math.abs(y! - wanted[i]!) < 0.2, `${y} for ${wanted[i]}`);
    });
    const across = [0, 1, 2, 2, 1, 0].map((i) => line[i]![0]!);
    band.forEach(([x], i) => {
      assert.ok(Math.abs(x! - across[i]!) < 0.2, `${x} for ${across[i]}`);
    });
  });

  it('leave out points that are no numbers, and keep the last of very many', () => {
    const hole = withCurve([0, 1, 2], [1, Number.NaN, 3], [0, 0, 2], [2, 2, 4]);
    assert.equal(drawn(svgOf(learningCurves(hole, 'return/mean', printTheme))).line.length, 2);
    const steps = Array.from({ length: 5000 }, (_, i) => i);
    const long = learningCurves(withCurve(steps, steps, steps, steps), 'return/mean', printTheme);
    const { data } = (long.option.series as { type: string; data: number[][] }[]).find(({ type }) => type === 'line')!;
    assert.ok(data.length <= 240 && data.length > 200, String(data.length));
    assert.deepEqual(data.at(-1), [4999, 4999]);
  });

  it('give an arm one look everywhere, and twelve arms twelve looks', () => {
    const looks = Array.from({ length: 12 }, (_, i) => JSON.stringify(armStyle(printTheme, i)));
    assert.equal(new Set(looks).size, 12);
    const report = sampleReport();
    const without = { ...report, curves: report.curves.filter(({ arm }) => arm !== 'ppo') };
    const { series } = learningCurves(without, 'return/mean', printTheme).option as {
      series: { name?: string; color?: string; lineStyle?: { color: string } }[];
    };
    assert.equal(series.find(({ name }) => name === 'ippo')!.lineStyle!.color, printTheme.arms[1]);
  });

  it('show returns first', () => {
    assert.deepEqual(metricsOf(sampleReport()), ['evaluation/return/mean', 'return/mean', 'loss/value']);
  });

  it('show the optimality gap of normalised scores only, and no score over tasks of raw ones', () => {
    const titles = (report: Report) =>
      (finalScores(report, printTheme)!.option.title as { text: string }[]).map(({ text }) => text);
    assert.deepEqual(titles(sampleReport()), ['Mean', 'Median', 'Interquartile mean']);
    const tasks = ['simple_spread', 'simple_tag'];
    assert.deepEqual(titles(sampleReport({ tasks, isNormalised: true })), [
      'Mean',
      'Median',
      'Interquartile mean',
      'Optimality gap',
    ]);
    assert.equal(finalScores(sampleReport({ tasks }), printTheme), null);
    assert.deepEqual(
      (finalScoresByTask(sampleReport({ tasks }), printTheme)!.option.title as { text: string }[]).map(
        ({ text }) => text,
      ),
      tasks,
    );
  });

  it('mark one half in the picture of improvement; without pairs there is none', () => {
    const { option } = improvement(sampleReport(), printTheme)!;
    const [series] = option.series as { markLine: { data: unknown } }[];
    assert.deepEqual(series!.markLine.data, [{ xAxis: 0.5 }]);
    assert.equal(improvement(sampleReport({ arms: ['ppo'] }), printTheme), null);
  });

  it('can be read out: each has a role, a title and a description with its numbers', () => {
    const { scores } = figuresOf(sampleReport({ arms: ['a <b> & "c"'] }));
    const svg = svgOf(scores[0]!);
    assert.match(svg, /^<svg role="img" aria-labelledby="final-scores-title final-scores-description"/);
    assert.match(svg, /<desc id="final-scores-description">[^<]*a &lt;b&gt; &amp; &quot;c&quot; -\d+/);
    const again = finalScores(sampleReport({ arms: ['a <b> & "c"'] }), printTheme)!;
    assert.equal(svgOf(again), printed(svg), 'drawn anew, the same but for the names of its colours');
  });

  it('have names of their own, also where those of metrics are alike', () => {
    const { others } = figuresOf(sampleReport({ points: 12, metrics: ['loss/a', 'loss-a', 'Loss/A'] }));
    assert.deepEqual(others.map(({ name }) => name).sort(), ['curve-loss-a', 'curve-loss-a-2', 'curve-loss-a-3']);
  });

  it('stand for nothing to show: a report of runs that have recorded nothing', () => {
    const empty = { ...sampleReport(), curves: [], finals: [], comparisons: [] };
    const bare = { ...empty, runs: empty.runs.map((run) => ({ ...run, final: null })) };
    assert.deepEqual(figuresOf(bare), {
      scores: [],
      leading: [],
      others: [],
      improvement: null,
      levels: [],
      levelCurves: [],
    });
  });

  it('are written as PNG of twice their size', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lightbulb-'));
    try {
      const report = sampleReport({ arms: ['ppo', 'ippo'], seeds: 3, points: 20, metrics: ['return/mean'] });
      const files = await writePictures(report, join(folder, 'new', 'pictures'));
      assert.deepEqual(
        files.map((file) => basename(file)),
        ['final-scores.png', 'every-run.png', 'curve-return-mean.png', 'probability-of-improvement.png'],
      );
      const bytes = readFileSync(files[2]!);
      const figure = learningCurves(report, 'return/mean', printTheme);
      assert.equal(bytes.toString('latin1', 1, 4), 'PNG');
      assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [2 * figure.width, 2 * figure.height]);
      assert.ok(bytes.length > 20_000, `${bytes.length} bytes`);
      // Without its font, a picture would be drawn without a word and be no other with another title.
      const [a, b] = await Promise.all(
        ['ppo', 'mappo'].map((arm) => pngOf(finalScores(sampleReport({ arms: [arm] }), printTheme)!)),
      );
      assert.ok(!a!.equals(b!));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
