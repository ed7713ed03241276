import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateTraining, LevelsSummary } from '../../scenarios/index.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

/** The goal 1 and 2 steps ahead, behind the agent's back, and walled in: best returns 0.91, 0.82, 0.73 and 0. */
const LEVELS = {
  near: ['>G..', '....', '....', '....'],
  far: ['>.G.', '....', '....', '....'],
  behind: ['G>..', '....', '....', '....'],
  walled: ['>.#G', '..##', '....', '....'],
};

describe('lightbulb evaluate --levels', () => {
  const root = temporaryFolder();
  let createTraining: CreateTraining;
  before(async () => {
    const { fakeTraining } = await import('../scenarios/fake-training.ts');
    // Learns nothing, and goes forward, always.
    createTraining = async (spec) =>
      Object.assign(await fakeTraining()(spec), {
        player: ({ groups }: { groups: readonly { actions: readonly { fill(value: number): unknown }[] }[] }) => ({
          act: (t: number) => void groups[0]!.actions[t]!.fill(2),
        }),
      });
  });
  const environment = { name: 'maze', options: { size: 4, walls: 3, maximumSteps: 10 }, copies: 2 };
  const scenario = (changes: object = {}) => {
    put(root(), 'levels.json', LEVELS);
    return put(root(), 'small.json', { name: 'small', environment, steps: 32, ...changes });
  };
  const run = async (name: string, changes: object = {}, ...words: string[]) => {
    const folder = join(root(), name);
    const { code, err } = await lightbulb(['run', scenario(changes), '--folder', folder, ...words], { createTraining });
    assert.equal(code, 0, err);
    return folder;
  };
  const evaluate = (...words: string[]) => lightbulb(['evaluate', ...words], { createTraining });

  it('tells of each level and of all, in a table, as JSON and in the folder', async () => {
    const folder = await run('run');
    const words = [folder, '--levels', join(root(), 'levels.json'), '--episodes', '4'];
    const { out, code } = await evaluate(...words);
    assert.equal(code, 0);
    assert.match(out, /^small at step 32, file-levels: 4 levels; 4 episodes each, the most likely action each time\n/);
    assert.match(out, /│ level +│ walls │ solvable │ path │ solved │ return │ regret │ steps │/);
    assert.match(out, /│ near +│ 0 +│ 1 +│ 1 +│ 100 % +│ 0.91 +│ 0 +│ 1 +│/);
    assert.match(out, /│ behind +│ 0 +│ 1 +│ 1 +│ 0 % +│ 0 +│ 0.73 +│ 10 +│/);
    assert.match(out, /│ walled +│ 3 +│ 0 +│ 0 +│ 0 % +│ 0 +│ 0 +│ 10 +│/);
    assert.match(out, /return 0.433, worst 10 % 0, worst 1 % 0; solved 50 %; regret 0.182, the largest 0.73\n/);
    const file = join(folder, 'levels-file-levels.json');
    assert.ok(out.endsWith(`${file}\n`));
    const summary = JSON.parse((await evaluate(...words, '--json')).out) as LevelsSummary;
    assert.equal(summary.file, file);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), summary.evaluation);
    const { step, episodes, solvedAbove, levels } = summary.evaluation;
    assert.deepEqual([step, episodes, solvedAbove], [32, 4, 0]);
    assert.deepEqual(
      levels.map(({ name, level, solved }) => [name, level, solved]),
      Object.entries(LEVELS).map(([name, level], i) => [name, level, i < 2 ? 1 : 0]),
    );
    assert.match(levels[3]!.picture!, /^<svg /);
  });

  it('plays in mazes of another size, and by another mark', async () => {
    const folder = await run('run');
    const words = [folder, '--levels', 'held-out', '--environment', '{"size":13}', '--episodes', '2', '--json'];
    const { evaluation } = JSON.parse((await evaluate(...words)).out) as LevelsSummary;
    assert.deepEqual([evaluation.levels.length, evaluation.options], [12, { ...environment.options, size: 13 }]);
    assert.equal(evaluation.scores.solved, 0);
    const strict = [folder, '--levels', join(root(), 'levels.json'), '--solved', '0.85', '--json'];
    const marked = JSON.parse((await evaluate(...strict)).out) as LevelsSummary;
    assert.deepEqual([marked.evaluation.scores.solved, marked.evaluation.episodes], [0.25, 10]);
  });

  it('compares the arms of several runs, and leaves out what cannot be evaluated', async () => {
    const folders = [];
    for (const seed of [1, 2, 3]) folders.push(await run(`a${seed}`, {}, '--seed', String(seed)));
    folders.push(await run('b1', { name: 'other' }));
    writeFileSync(join(folders[2]!, 'scenario.json'), '{}');
    const { out, err, code } = await evaluate(root(), '--levels', 'solvable:5', '--episodes', '2');
    assert.equal(code, 0);
    assert.match(err, /a3 is left out: .*"name" is missing/s);
    assert.match(out, /^solvable-5 on maze: 5 levels, 2 episodes each/);
    assert.match(out, /│ arm +│ runs │ return .*│ worst 10 % .*│ solved .*│ largest regret/);
    assert.match(out, /│ small │ +2 │ (\S+) \[\1, \1\]/);
    assert.match(out, /│ other │ +1 │/);
  });

  it('scores levels in the evaluations of a run, too', async () => {
    const levels = { set: 'levels.json', episodes: 2 };
    const folder = await run('run', { evaluation: { every: 16, levels } });
    const rows = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const evaluations = rows.map((row) => JSON.parse(row)).filter((row) => 'evaluation/score/levels/mean' in row);
    assert.equal(evaluations.length, 2);
    const { 'evaluation/score/levels/solved': solved, 'evaluation/score/levels/cvar10': cvar } = evaluations[1];
    assert.deepEqual([solved, cvar], [0.5, 0]);
    assert.equal(JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8')).evaluation.levels.solved, null);
  });

  it('refuses what is no set, no level, or nothing to be played', async () => {
    const folder = await run('run');
    const refused = async (message: RegExp, ...words: string[]) => {
      const { code, err } = await evaluate(folder, ...words);
      assert.equal(code, 2, err);
      assert.match(err, message);
    };
    await refused(/no such set of levels.*Did you mean "held-out"/, '--levels', 'held-ou');
    await refused(/no held-out levels/, '--levels', 'held-out');
    await refused(/does not take level "near"/, '--levels', join(root(), 'levels.json'), '--environment', '{"size":5}');
    await refused(/other agents or spaces/, '--levels', 'random', '--environment', '{"view":3}');
    await refused(/--episodes.*>= 2/, '--levels', 'random', '--episodes', '1');
    await refused(/--solved: not a number/, '--levels', 'random', '--solved', 'x');
    await refused(/--solved: this is for levels alone/, '--solved', '1');
    await refused(/this is for levels alone/, folder);
    const counting = await run('counting', { environment: { name: 'counting', copies: 2 } });
    const none = await evaluate(counting, '--levels', 'random');
    assert.match(none.err, /no levels/);
    const asked = scenario({ evaluation: { levels: { set: 'grid' } } });
    const { code, err } = await lightbulb(['run', asked, '--folder', join(root(), 'x')], { createTraining });
    assert.deepEqual([code, /small\.json:\d+:\d+.*levels are no grid/.test(err)], [2, true], err);
    const { fakeTraining } = await import('../scenarios/fake-training.ts');
    const mute = scenario({ evaluation: { levels: { set: 'random' } } });
    const refusal = await lightbulb(['run', mute, '--folder', join(root(), 'y')], { createTraining: fakeTraining() });
    assert.match(refusal.err, /does not let its policy be played on chosen levels/);
  });

  it('is told of by a report', async () => {
    const folder = await run('run');
    await evaluate(folder, '--levels', join(root(), 'levels.json'), '--episodes', '2');
    writeFileSync(join(folder, 'levels-broken.json'), '{"set":"broken"}');
    const { htmlOf, makeReport, readRuns } = await import('../../reports/index.ts');
    const report = makeReport(await readRuns([folder]));
    assert.ok(report.warnings.some((text) => text.endsWith('levels-broken.json is no evaluation on levels')));
    assert.deepEqual(
      report.levels.map(({ set, task, count }) => [set, task, count]),
      [['file-levels', 'maze', 4]],
    );
    const page = htmlOf(report);
    assert.match(page, /<h2 id="levels">Levels<\/h2>/);
    assert.equal(page.match(/<img alt="Level /g)!.length, 4);
  });
});
