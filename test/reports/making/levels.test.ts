import assert from 'node:assert/strict';
import { levelColumns, levelRows } from '../../../reports/export/columns.ts';
import { csvOf } from '../../../reports/export/csv.ts';
import { levelReports, type OwnedLevels } from '../../../reports/making/levels.ts';
import { htmlOf } from '../../../reports/view/html.ts';
import type { LevelsEvaluation } from '../../../scenarios/index.ts';
import { sampleReport } from '../view/sample.ts';

/** Three levels whose best return is 1; a run that has these mean returns of them. */
function owned(arm: string, returns: readonly number[], changes: Partial<LevelsEvaluation> = {}): OwnedLevels {
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const least = Math.min(...returns);
  const evaluation: LevelsEvaluation = {
    scenario: arm,
    set: 'held-out',
    step: 100,
    seed: 1,
    deterministic: true,
    episodes: 2,
    solvedAbove: 0.5,
    options: {},
    scores: { mean, cvar10: least, cvar1: least, solved: 0.5, regret: 1 - mean, maximumRegret: 1 - least },
    levels: returns.map((value, i) => ({
      name: `level ${i}`,
      level: { i },
      description: { walls: 10 * i, solvable: 1 },
      return: value,
      length: 5,
      solved: value > 0.5 ? 1 : 0,
      optimum: 1,
      regret: 1 - value,
      returns: [value, value],
      picture: `<svg xmlns="http://www.w3.org/2000/svg"><script>window.evil=${i}</script></svg>`,
    })),
    ...changes,
  };
  return { task: 'maze', arm, evaluation };
}

const RUNS = [
  owned('a', [0.1, 0.6, 0.8]),
  owned('a', [0.2, 0.6, 0.7]),
  owned('a', [0.9, 0.6, 0.9]),
  owned('a', [0.4, 0.6, 0.8]),
  owned('b', [1, 0, 0.5]),
];

describe('what reports say of levels', () => {
  it('are interquartile means over the runs of an arm, level by level and over all', () => {
    const { reports, warnings } = levelReports(RUNS, ['b', 'a']);
    assert.deepEqual(warnings, []);
    const [{ arms, levels, set, count } = assert.fail()] = reports;
    assert.deepEqual([reports.length, set, count], [1, 'held-out', 3]);
    assert.deepEqual(
      arms.map(({ arm, runs }) => [arm, runs]),
      [
        ['b', 1],
        ['a', 4],
      ],
    );
    // Four runs: the middle two count. Means 0.5, 0.5, 0.8, 0.6; lowest levels 0.1, 0.2, 0.6, 0.4.
    const { mean, cvar10, maximumRegret } = arms[1]!.scores;
    for (const [found, wanted] of [
      [mean.value, 0.55],
      [cvar10.value, 0.3],
      [maximumRegret!.value, 0.7],
      [levels[0]!.arms[1]!.return.value, 0.3],
      [levels[0]!.arms[1]!.solved!.value, 0],
      [levels[1]!.arms[1]!.solved!.value, 1],
    ])
      assert.ok(Math.abs(found! - wanted!) < 1e-9, `${found} for ${wanted}`);
    assert.ok(mean.low < mean.value && mean.value < mean.high && mean.low >= 0.5 && mean.high <= 0.8);
    assert.deepEqual(arms[0]!.scores.mean, { value: 0.5, low: 0.5, high: 0.5 });
  });

  it('names the hardest levels of each arm, the most regret first', () => {
    const { hardest } = levelReports(RUNS, ['a', 'b']).reports[0]!;
    assert.deepEqual(
      hardest.map(({ arm, name }) => [arm, name]),
      [
        ['a', 'level 0'],
        ['a', 'level 1'],
        ['a', 'level 2'],
        ['b', 'level 1'],
        ['b', 'level 2'],
        ['b', 'level 0'],
      ],
    );
    assert.ok(Math.abs(hardest[0]!.return - 0.4) < 1e-9 && Math.abs(hardest[0]!.regret! - 0.6) < 1e-9);
    assert.equal(hardest[0]!.solved, 0.25);
  });

  it('keeps apart what was not played alike, and leaves out what not all can tell', () => {
    const drawn = owned('a', [0, 0, 0], { deterministic: false });
    const { reports, warnings } = levelReports([...RUNS, drawn], ['a', 'b']);
    assert.deepEqual(
      reports.map(({ set, deterministic }) => [set, deterministic]),
      [
        ['held-out', true],
        ['held-out (2)', false],
      ],
    );
    assert.match(warnings[0]!, /^levels of held-out on maze were played in 2 ways/);
    const { regret: _, maximumRegret: __, solved: ___, ...scores } = RUNS[4]!.evaluation.scores;
    const less = levelReports([...RUNS.slice(0, 4), owned('a', [1, 1, 1], { scores })], ['a']).reports[0]!;
    assert.deepEqual([less.arms[0]!.runs, less.arms[0]!.scores.regret, less.arms[0]!.scores.solved], [5, null, null]);
  });

  it('are exported as a table, a row for each set and arm', () => {
    const { reports } = levelReports(RUNS, ['a', 'b']);
    const report = { ...sampleReport({ arms: ['a', 'b'], seeds: 2, points: 12 }), levels: reports };
    const [head, first, second, ...rest] = csvOf(levelColumns, levelRows(report)).trim().split('\r\n');
    assert.match(head!, /^task,set,arm,runs,levels,episodes,mean,mean_low,mean_high,cvar10,.*,maximum_regret_high$/);
    assert.match(first!, /^maze,held-out,a,4,3,2,0\.5[45]/);
    assert.match(second!, /^maze,held-out,b,1,3,2,0\.5,0\.5,0\.5,0,0,0,/);
    assert.deepEqual(rest, []);
  });

  it('are on the page: tables, a picture of the scores, and levels as images that can do nothing', () => {
    const { reports } = levelReports(RUNS, ['a', 'b']);
    const metrics = ['return/mean', 'curriculum/level/walls', 'curriculum/level/path', 'curriculum/correlation/regret'];
    const report = sampleReport({ arms: ['a', 'b'], seeds: 2, points: 12, metrics, tasks: ['maze'] });
    const page = htmlOf({ ...report, levels: reports });
    for (const words of [
      '<h3>held-out</h3>',
      '3 levels, 2 episodes of each, the most likely action each time.',
      'A level is solved by a return above 0.5.',
      'held-out: solve rate of each level, by arm',
      '<title id="levels-maze-held-out-title">Scores over levels: held-out</title>',
      '<figcaption><b>level 0</b><br>solved 25 %<br>return 0.4<br>regret 0.6<br>walls 0</figcaption>',
      '<h3>Levels played in training</h3>',
      '>shortest path</text>',
      '<h3>Rank correlation of scores with exact regret</h3>',
    ])
      assert.ok(page.includes(words), words);
    assert.equal(page.match(/<img alt="Level level \d" src="data:image\/svg\+xml;base64,/g)!.length, 6);
    assert.doesNotMatch(page, /window\.evil/);
    assert.doesNotMatch(page, /<th scope="col"[^>]*>solvable/, 'the same of all levels says nothing');
    assert.equal(page.match(/<h3>curriculum\//g), null, 'shown once');
    const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  });
});
