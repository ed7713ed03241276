import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Terminal } from '../../cli/terminal.ts';
import type { CreateTraining } from '../../scenarios/index.ts';
import { environmentNames } from '../../worlds/index.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

const module = `export default () => {
  let t = 0;
  return {
    agents: ['a'],
    spaces: { a: { observation: { type: 'discrete', n: 9 }, action: { type: 'discrete', n: 2 } } },
    reset: () => ({ observations: { a: (t = 0) } }),
    step: () => ({ observations: { a: ++t }, rewards: { a: 1 }, terminated: { a: t === 5 }, truncated: { a: false } }),
  };
};
`;

describe('the lightbulb command', () => {
  const root = temporaryFolder();
  let fake: (trouble?: object) => CreateTraining;
  before(async () => {
    fake = (await import('../scenarios/fake-training.ts')).fakeTraining;
  });
  const small = (changes: object = {}) =>
    put(root(), 'small.json', { name: 'small', environment: { name: 'counting', copies: 2 }, steps: 160, ...changes });
  const run = (...words: string[]) => lightbulb(['run', small(), ...words], { createTraining: fake() });

  it('explains itself', async () => {
    const { code, out } = await lightbulb(['--help']);
    assert.equal(code, 0);
    for (const name of ['run', 'resume', 'evaluate', 'play', 'validate', 'check', 'conform', 'list', 'doctor']) {
      assert.match(out, new RegExp(`^ {2}${name} `, 'm'));
      const help = await lightbulb([name, '--help']);
      assert.equal(help.code, 0);
      assert.match(help.out, new RegExp(`^Usage: lightbulb ${name} `));
    }
    assert.match((await lightbulb(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
  });

  const refusals: [what: string, words: string[], message: RegExp][] = [
    ['an unknown command', ['rnu'], /unknown command 'rnu'\n\(Did you mean run\?\)/],
    ['an unknown option', ['run', 'cartpole', '--sed', '3'], /unknown option '--sed'/],
    ['no command', [], /^Usage: lightbulb/],
    ['a missing argument', ['run'], /missing required argument 'scenario'/],
    ['one argument too many', ['validate', 'cartpole', 'x'], /too many arguments/],
    [
      'an unknown scenario',
      ['run', 'cartpol'],
      /^error: cartpol: there is no such scenario; .* Did you mean "cartpole"\?\n$/,
    ],
    [
      'an unknown setting',
      ['validate', 'cartpole', '--set', 'learner.clp=1'],
      /--set learner\.clp=1: unknown key "clp"/,
    ],
    [
      'a wrong flag',
      ['run', 'cartpole', '--seed', '1.5'],
      /^error: --seed 1\.5: "seed" has the wrong type; wanted an integer/,
    ],
    ['a wrong device', ['run', 'cartpole', '--device', 'gpu'], /--device gpu: "device" is none of the known values/],
    ['a folder that is no run', ['resume', 'core'], /^error: core: not the folder of a run/],
    [
      'an unknown environment',
      ['check', 'cartpol'],
      /cartpol: neither a built-in environment nor a file\. Did you mean/,
    ],
    ['options that are no JSON', ['check', 'cartpole', '--options', '{'], /--options: not a JSON object/],
    [
      'an unknown option of an environment',
      ['check', 'cartpole', '--options', '{"agnts":1}'],
      /there is no option "agnts"/,
    ],
    ['a recording that is not there', ['conform', 'cartpole', 'none.json'], /none\.json: cannot be read as JSON/],
    [
      'a kind of list that is none',
      ['list', 'envs'],
      /Allowed choices are environments, learners, curricula, scenarios/,
    ],
    [
      'a number of episodes that is none',
      ['evaluate', 'core', '--episodes', '0'],
      /--episodes: .* wanted an integer >= 1, got 0/,
    ],
  ];
  for (const [what, words, message] of refusals) {
    it(`refuses ${what}, with exit code 2`, async () => {
      const { code, out, err } = await lightbulb(words);
      assert.match(err, message);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.doesNotMatch(err, /\n {4}at /);
    });
  }

  it('runs, and says what was reached, where it lies and how to go on', async () => {
    const folder = join(root(), 'run');
    const { code, out, err } = await run('--folder', folder);
    assert.equal(code, 0);
    assert.match(
      out,
      /^small \(seed 1\) finished: 160 steps in .*, \d+.* steps\/s\nreturn .* \+- 1 over 100 episodes of 10 steps\n/,
    );
    assert.ok(out.endsWith(`folder: ${folder}\nnext:   lightbulb evaluate ${folder}\n`));
    assert.match(err, /^small: 5 parameters, /);
  });

  it('prints the summary alone where --json is given, and the rest elsewhere', async () => {
    const { code, out, err } = await run('--json', '--runs', root(), '--seed', '4', '--set', 'name=other');
    assert.equal(code, 0);
    const summary = JSON.parse(out);
    assert.deepEqual(Object.keys(summary), [
      'scenario',
      'seed',
      'state',
      'steps',
      'seconds',
      'stepsPerSecond',
      'evaluation',
      'folder',
    ]);
    assert.deepEqual([summary.scenario, summary.seed, summary.state, summary.steps], ['other', 4, 'finished', 160]);
    assert.ok(summary.folder.startsWith(join(root(), 'other-4-')));
    assert.deepEqual(JSON.parse(readFileSync(join(summary.folder, 'summary.json'), 'utf8')), summary);
    assert.notEqual(err, '');
  });

  it('takes flags for settings of the scenario', async () => {
    const folder = join(root(), 'run');
    await run('--folder', folder, '--seed', '9', '--steps', '32', '--threads', '2', '--device', 'cpu', '--tensorboard');
    const { seed, steps, threads, device, tensorboard } = JSON.parse(
      readFileSync(join(folder, 'scenario.json'), 'utf8'),
    );
    assert.deepEqual([seed, steps, threads, device, tensorboard], [9, 32, 2, 'cpu', true]);
    assert.equal(readdirSync(join(folder, 'tensorboard')).length, 1);
  });

  it('goes on with a run, further than it was to go, and evaluates it', async () => {
    const folder = join(root(), 'run');
    await run('--folder', folder);
    const resumed = await lightbulb(['resume', folder, '--steps', '320', '--json'], { createTraining: fake() });
    assert.equal(resumed.code, 0);
    assert.equal(JSON.parse(resumed.out).steps, 320);
    assert.match(resumed.err, /^small: going on from step 160, /);
    const words = ['evaluate', folder, '--episodes', '7', '--seed', '3'];
    const text = await lightbulb(words, { createTraining: fake() });
    assert.match(text.out, /^small at step 320: return .* over 7 episodes of 10 steps\n$/);
    const json = JSON.parse((await lightbulb([...words, '--json'], { createTraining: fake() })).out);
    assert.deepEqual([json.step, json.seed, json.evaluation.episodes], [320, 3, 7]);
  });

  it('refuses a folder that is there already, and a checkpoint of another network', async () => {
    const folder = join(root(), 'run');
    await run('--folder', folder);
    const again = await run('--folder', folder);
    assert.equal(again.code, 2);
    assert.match(again.err, /this run folder is there already\. Name another, or go on with it: lightbulb resume\n$/);
    const other = await lightbulb(['resume', folder], { createTraining: fake({ parameters: 2 }) });
    assert.equal(other.code, 2);
    assert.match(other.err, /the checkpoint is of another network/);
  });

  it('ends with 1 where the training fails', async () => {
    const trouble = { metrics: () => ({ 'loss/policy': Number.POSITIVE_INFINITY }) };
    const { code, out, err } = await lightbulb(['run', small(), '--runs', root()], { createTraining: fake(trouble) });
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /\nerror: step 16: "loss\/policy" is Infinity\. .*\n$/);
  });

  it('asks to report what is a mistake of its own, and shows where only when asked to', async () => {
    const createTraining = () => Promise.reject(new TypeError('x is not a function'));
    const go = () => lightbulb(['run', small(), '--runs', root()], { createTraining });
    const plain = await go();
    assert.equal(plain.code, 1);
    assert.match(plain.err, /^error: internal: x is not a function\n.*report it/);
    assert.doesNotMatch(plain.err, /\n {4}at /);
    process.env.LIGHTBULB_DEBUG = '1';
    try {
      assert.match((await go()).err, /\n {4}at /);
    } finally {
      delete process.env.LIGHTBULB_DEBUG;
    }
  });

  it('validates without writing anything', async () => {
    const fine = await lightbulb(['validate', small()]);
    assert.deepEqual([fine.code, fine.out], [0, 'small is fine: ppo in counting, 160 steps, seed 1\n']);
    const resolved = await lightbulb(['validate', small(), '--json', '--set', 'seed=3']);
    assert.equal(JSON.parse(resolved.out).seed, 3);
    const wrong = await lightbulb(['validate', small({ environment: { name: 'counting', options: { agents: 0 } } })]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /small\.json:5:5 \/environment\/options: option "agents" is not usable; wanted an integer/);
    assert.deepEqual(readdirSync(root()), ['small.json']);
  });

  it('lists what there is', async () => {
    const { out } = await lightbulb(['list', '--json']);
    const lists = JSON.parse(out);
    assert.deepEqual(Object.keys(lists), ['environments', 'learners', 'curricula', 'scenarios']);
    const names = lists.environments.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, environmentNames);
    const text = await lightbulb(['list', 'learners']);
    assert.match(text.out, /^learners:\n {2}ppo +Proximal/);
    assert.doesNotMatch(text.out, /cartpole/);
  });

  it("checks people's own environments, and says what breaks the contract", async () => {
    const file = put(root(), 'mine.mjs', module);
    const broken = await lightbulb(['check', file]);
    assert.equal(broken.code, 1);
    assert.match(broken.out, /^fail refuses-before-reset: /m);
    assert.ok(broken.out.endsWith(`${file} fails\n`));
    const report = JSON.parse((await lightbulb(['check', file, '--json'])).out);
    assert.equal(report.passed, false);
  });

  it('passes a built-in environment', async () => {
    const { code, out } = await lightbulb(['check', 'counting', '--options', '{"agents":2}']);
    assert.match(out, /counting passes\n$/);
    assert.equal(code, 0);
  });

  it('compares an environment with recorded episodes', async () => {
    const { code, err } = await lightbulb(['conform', 'cartpole', put(root(), 'empty.json', {})]);
    assert.equal(code, 2, err);
  });

  it('says what of the machine works', async () => {
    const diagnose: Terminal['diagnose'] = async () => [
      { executor: 'onnx', device: 'cpu', works: true },
      { executor: 'onnx', device: 'cuda', works: false, reason: 'no such library', cure: 'Install it' },
    ];
    const { code, out } = await lightbulb(['doctor', '--quick'], { diagnose });
    assert.equal(code, 0);
    assert.match(out, /Node \d+\.\d+\.\d+; ONNX Runtime \d/);
    assert.match(out, /\nworks {2}onnx cpu\nno {5}onnx cuda\n\nonnx cuda: no such library\. Install it\n$/);
    const { machine, devices } = JSON.parse((await lightbulb(['doctor', '--json'], { diagnose })).out);
    assert.deepEqual(devices, await diagnose({}));
    assert.ok(machine.cores >= 1 && machine.memoryGiB > 0, JSON.stringify(machine));
  });

  it('does not make the folder for runs before there is one', async () => {
    await lightbulb(['run', small({ learner: { name: 'scripted' } }), '--runs', join(root(), 'runs'), '--steps', '0']);
    assert.equal(existsSync(join(root(), 'runs')), false);
  });
});
