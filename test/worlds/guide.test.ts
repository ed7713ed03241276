import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkEnvironment, loadEnvironment, printReport } from '../../worlds/index.ts';

/** The examples of docs/environments.md do what they promise, as somebody would who copies them. */
describe('the examples of the environments’ guide', () => {
  const root = resolve(import.meta.dirname, '../..');
  const guide = readFileSync(join(root, 'docs/environments.md'), 'utf8');
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'guide-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/lightbulb'), 'dir');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, judged] of [
    ['headline', []],
    ['hints', ['team-reward', 'feedback']],
    ['steady', ['scores']],
    ['lamp', ['task-rewards']],
  ] as const)
    it(`${name} keeps the whole contract`, async () => {
      const code = new RegExp(`\`\`\`ts\\n(// ${name}\\.ts[^]*?)\`\`\``).exec(guide)![1]!;
      const path = join(folder, `${name}.ts`);
      writeFileSync(path, code);
      const { single } = await loadEnvironment(path);
      const report = await checkEnvironment(single!, { enduranceSteps: 0 });
      assert.ok(report.passed, printReport(report));
      for (const check of judged)
        assert.equal(report.checks.find((each) => each.name === check)?.outcome, 'pass', printReport(report));
    });

  it('pay what they say', async () => {
    const { single: headline } = await loadEnvironment(join(folder, 'headline.ts'));
    const environment = headline!();
    environment.reset({ seed: 0 });
    // Storm (2), storm again, school (8), the end (0): two of three words.
    assert.deepEqual(environment.step({ writer: [2, 2, 8, 0] }).rewards, { writer: 2 / 3 });
    const { single } = await loadEnvironment(join(folder, 'hints.ts'));
    const pair = single!();
    pair.reset({ seed: 3 });
    const first = pair.step({ hinter: 3, guesser: 0 });
    assert.deepEqual([first.teamReward, first.feedback], [0, {}]);
    const second = pair.step({ hinter: 1, guesser: 3 });
    assert.deepEqual([second.teamReward, second.feedback], [1, { 0: 1 }]);
  });

  it('score what they say', async () => {
    const { single: steady } = await loadEnvironment(join(folder, 'steady.ts'));
    const environment = steady!();
    environment.reset({ seed: 4 });
    const places: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { rewards, scores } = environment.step({ pilot: [i === 2 ? 1 : -0.5] });
      places.push(-rewards.pilot!);
      assert.equal(scores === undefined, i < 4);
      if (scores === undefined) continue;
      assert.deepEqual(Object.keys(scores), environment.scoreNames);
      assert.deepEqual([scores.furthest, Math.abs(scores.final!)], [Math.max(...places), places[4]]);
    }
  });
});
