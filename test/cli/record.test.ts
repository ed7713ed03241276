import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetManifest } from '../../agents/index.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

describe('lightbulb record and import', () => {
  const root = temporaryFolder();
  const at = (name: string) => join(root(), name);
  const counting = { name: 'counting', options: { agents: 2, deaths: true, length: 4 }, copies: 2 };
  const tiny = (learner: object, environment: object = counting) =>
    put(root(), 'tiny.json', {
      name: 'tiny',
      environment,
      learner,
      steps: 64,
      evaluation: { episodes: 4 },
    });
  const manifestOf = (out: string): DatasetManifest => (JSON.parse(out) as { manifest: DatasetManifest }).manifest;

  it('records a scenario played by script', async () => {
    const scenario = tiny({ name: 'ppo' });
    const words = ['record', scenario, '--episodes', '5', '--policy', 'scripted', '--out', at('x')];
    const { code, out, err } = await lightbulb(words);
    assert.deepEqual([code, err], [0, '']);
    assert.equal(out, `5 episodes, 20 steps, return 7 (7 to 7): ${at('x')}\n`);
    const again = await lightbulb(words);
    assert.equal(again.code, 2);
    assert.match(again.err, /there is something at this place already/);
  });

  const learners: [name: string, learner: object][] = [
    ['ppo', { name: 'ppo', rollout: 16, minibatches: 1, epochs: 1 }],
    ['qmix', { name: 'qmix', rollout: 16, batch: 2, replay: 8 }],
    ['random', { name: 'random' }],
  ];
  for (const [name, learner] of learners)
    it(`records what a run of ${name} learned, as its evaluation plays it`, async function () {
      this.timeout(60_000);
      const run = at('run');
      const cartpole = { name: 'cartpole', options: { maximumSteps: 12 }, copies: 2 };
      const ran = await lightbulb(['run', tiny(learner, cartpole), '--folder', run]);
      assert.equal(ran.code, 0, ran.err);
      const words = ['record', run, '--episodes', '6', '--seed', '5', '--json'];
      const recorded = await lightbulb([...words, '--out', at('x')]);
      assert.equal(recorded.err, '');
      const manifest = manifestOf(recorded.out);
      assert.equal(manifest.episodes, 6);
      assert.equal((manifest.policy as { learner: { name: string } }).learner.name, name);
      if (name !== 'random') {
        // No chance in the policy, and one episode in each copy: the two play the same ones.
        const evaluated = await lightbulb(['evaluate', run, '--episodes', '6', '--seed', '5', '--json']);
        const { evaluation } = JSON.parse(evaluated.out) as { evaluation: { return: object } };
        assert.deepEqual(manifest.return, evaluation.return);
      }
      const drawn = await lightbulb([...words, '--drawn', '--noise', '0.5', '--out', at('y')]);
      const { policy, shards } = manifestOf(drawn.out);
      assert.equal((policy as { noise: number }).noise, 0.5);
      assert.equal((policy as { drawn: boolean }).drawn, true);
      assert.notEqual(shards[0]!.sha256, manifest.shards[0]!.sha256);
    });

  const refusals: [what: string, words: string[], message: RegExp][] = [
    [
      'a scenario without a policy',
      ['tiny.json', '--episodes', '1'],
      /a scenario has learned nothing yet; wanted --policy random/,
    ],
    ['no number of episodes', ['tiny.json'], /required option '--episodes <n>'/],
    ['a wrong number', ['tiny.json', '--episodes', '0'], /--episodes: not a whole number in range/],
    ['a wrong noise', ['tiny.json', '--episodes', '1', '--noise', '2'], /--noise: not a share/],
    ['an unknown policy', ['tiny.json', '--episodes', '1', '--policy', 'best'], /'best' is invalid/],
    ['an unknown scenario', ['cartpol', '--episodes', '1'], /Did you mean "cartpole"/],
    ['a folder that is no run', ['.', '--episodes', '1'], /not the folder of a run/],
    [
      'many tasks',
      ['generalist', '--episodes', '1', '--policy', 'random'],
      /a scenario of many tasks plays in no one environment/,
    ],
  ];
  for (const [what, [source, ...words], message] of refusals)
    it(`refuses ${what}`, async () => {
      tiny({ name: 'ppo' });
      const place = existsSync(at(source!)) ? at(source!) : source!;
      const { code, out, err } = await lightbulb(['record', place, ...words, '--out', at('x')]);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, message);
      assert.deepEqual(readdirSync(root()), ['tiny.json']);
    });

  it('imports texts', async () => {
    const file = put(root(), 'a.csv', 'l,t\nx,one\ny,two\n');
    const words = ['import', file, '--header', '--text', 't', '--out', at('x')];
    assert.equal((await lightbulb(words)).out, `2 texts: ${at('x')}\n`);
    const labelled = ['import', file, '--header', '--text', 't', '--label', 'l', '--max-length', '2', '--json'];
    const { groups } = manifestOf((await lightbulb([...labelled, '--out', at('y')])).out);
    assert.deepEqual(groups[0]!.observation, { type: 'text', maxLength: 2 });
    assert.deepEqual(groups[0]!.action, { type: 'discrete', n: 2, labels: ['x', 'y'] });
  });

  const wrongImports: [what: string, words: string[], message: RegExp][] = [
    ['an ending that says nothing', ['a.txt', '--text', 't'], /Say it: --format jsonl or --format csv/],
    ['no text', ['a.txt'], /required option '--text <fields>'/],
    ['an empty name', ['a.txt', '--format', 'csv', '--text', 't,'], /--text: not a list of names/],
    ['labels without a field', ['a.txt', '--format', 'csv', '--text', '1', '--labels', 'a,b'], /Add --label/],
    ['a wrong length', ['a.txt', '--format', 'csv', '--text', '1', '--max-length', 'x'], /--max-length: /],
    ['a bad line', ['a.txt', '--format', 'jsonl', '--text', 't'], /a\.txt:1: not JSON/],
  ];
  for (const [what, [file, ...words], message] of wrongImports)
    it(`refuses to import with ${what}`, async () => {
      const { code, err } = await lightbulb(['import', put(root(), file!, 'l,t\n'), ...words, '--out', at('x')]);
      assert.equal(code, 2);
      assert.match(err, message);
      assert.deepEqual(readdirSync(root()), ['a.txt']);
    });
});
