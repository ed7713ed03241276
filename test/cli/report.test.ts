import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFakeRuns } from '../reports/fake-runs.ts';
import { temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

describe('lightbulb report', () => {
  const root = temporaryFolder();
  const batch = () => join(root(), 'batch');
  const report = (...words: string[]) => lightbulb(['report', ...words]);

  it('writes a page, pictures and exports into the batch, and prints the final table', async () => {
    writeFakeRuns(batch(), { rows: 4 });
    const { code, out, err } = await report(batch());
    assert.equal(err, '');
    assert.equal(code, 0);
    const folder = join(batch(), 'report');
    assert.deepEqual(readdirSync(folder).sort(), [
      'csv',
      'index.html',
      'marl-eval.json',
      'metrics.parquet',
      'pictures',
      'report.json',
      'runs.parquet',
    ]);
    assert.deepEqual(readdirSync(join(folder, 'csv')).sort(), [
      'comparisons.csv',
      'finals.csv',
      'metrics.csv',
      'runs.csv',
    ]);
    const pictures = readdirSync(join(folder, 'pictures'));
    assert.ok(pictures.length > 3 && pictures.every((name) => name.endsWith('.png')));
    assert.match(readFileSync(join(folder, 'index.html'), 'utf8'), /^<!doctype html>/i);
    assert.match(out, /task .*arm .*runs .*mean .*interquartile mean/);
    assert.match(out, /simple_spread .*alpha .* 5 .*-?[\d.]+ \[-?[\d.]+, -?[\d.]+\]/);
    for (const name of ['index.html', 'pictures', 'csv', 'marl-eval.json']) assert.ok(out.includes(join(folder, name)));
  });

  it('again writes over its own, and leaves no picture of before', async () => {
    const out = join(root(), 'out');
    mkdirSync(join(out, 'pictures'), { recursive: true });
    writeFileSync(join(out, 'pictures', 'curve-of-old.png'), '');
    writeFakeRuns(batch(), { rows: 3, seeds: 2, arms: ['a'] });
    const {
      code,
      out: text,
      err,
    } = await report(batch(), '--out', out, '--json', '--title', 'Mine', '--score', 'simple_spread=-5:20');
    assert.equal(code, 0, err);
    assert.equal(existsSync(join(out, 'pictures', 'curve-of-old.png')), false);
    assert.equal(existsSync(join(batch(), 'report')), false);
    const said = JSON.parse(text);
    assert.deepEqual([said.title, said.folder, said.arms], ['Mine', out, ['a']]);
    for (const file of said.files) assert.ok(existsSync(join(out, file)), file);
    const [raw, normalised] = said.finals;
    assert.ok(Math.abs(normalised.mean.value - (raw.mean.value + 5) / 25) < 1e-9);
    assert.match(err, /^warning: a has only 2 runs on simple_spread/);
  });

  it("compares the team's objective or another number, seed by seed, and says which", async () => {
    writeFakeRuns(batch(), { rows: 4, seeds: 3, isTeam: true });
    const { code, out } = await report(batch());
    assert.equal(code, 0);
    assert.match(out, /^Compared is the team's objective of an episode: /);
    const pairs = out.split('\n').filter((line) => / alpha +│ beta /.test(line));
    assert.equal(pairs.length, 1, 'each pair once');
    assert.match(pairs[0]!, /simple_spread .*3, too few to rely on +│ -[\d.]+ \[-[\d.]+, -[\d.]+\]/);
    const named = await report(batch(), '--measure', 'evaluation/score/rouge1', '--json');
    const said = JSON.parse(named.out);
    assert.deepEqual(said.measures.simple_spread.metric, 'evaluation/score/rouge1');
    assert.ok(said.finals[0].mean.value < 0.2);
    assert.equal(said.comparisons[0].paired.pairs, 3);
    const rows = readFileSync(join(batch(), 'report', 'csv', 'runs.csv'), 'utf8').split('\r\n');
    assert.match(rows[1]!, /,evaluation\/score\/rouge1,0\.\d+,/);
  });

  it('of one arm, or of arms without two seeds in common, shows no pairs', async () => {
    writeFakeRuns(batch(), { rows: 2, seeds: 1 });
    const { out } = await report(batch());
    assert.doesNotMatch(out, /seeds in common/);
    assert.match(out, /alpha/);
  });

  it('refuses a number that nobody recorded, before it writes anything', async () => {
    writeFakeRuns(batch(), { rows: 2, seeds: 1, isTeam: true });
    const { code, out, err } = await report(batch(), '--measure', 'rouge1');
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /no run has recorded a number "rouge1"\. Did you mean "evaluation\/score\/rouge1"\?/);
    assert.equal(existsSync(join(batch(), 'report')), false);
  });

  const refusals: [what: string, words: string[], message: RegExp][] = [
    ['no path', [], /missing required argument 'paths'/],
    ['a path that is not there', ['nowhere'], /^error: nowhere: there is no such folder; wanted the folder of a run/],
    ['a folder without runs', ['core'], /^error: core: there are no runs/],
    [
      'a range that is none',
      ['core', '--score', 'x=1'],
      /--score: not a range of scores; wanted task=low:high .*got x=1/,
    ],
    ['a range of one number', ['core', '--score', 'x=1:1'], /two different numbers/],
  ];
  for (const [what, words, message] of refusals) {
    it(`refuses ${what}`, async () => {
      const { code, out, err } = await report(...words);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err, message);
    });
  }

  it('refuses the score of a task that nobody ran, before it writes anything', async () => {
    writeFakeRuns(batch(), { rows: 2, seeds: 1 });
    const { code, err } = await report(batch(), '--score', 'simple_spred=0:1');
    assert.equal(code, 2);
    assert.match(err, /no run is of the task "simple_spred"\. Did you mean "simple_spread"\?/);
    assert.equal(existsSync(join(batch(), 'report')), false);
  });

  it('says where it cannot write', async () => {
    writeFakeRuns(batch(), { rows: 2, seeds: 1 });
    writeFileSync(join(root(), 'taken'), '');
    const { code, err } = await report(batch(), '--out', join(root(), 'taken'));
    assert.equal(code, 1);
    assert.match(err, /taken: the report cannot be written \(EEXIST\)/);
  });
});
