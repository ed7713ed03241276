import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type Experiment, loadExperiment, mistakesOf } from '../../scenarios/index.ts';
import { publishedExperimentSchema } from '../../scenarios/published-schema.ts';
import { errorOf, put, temporaryFolder } from './files.ts';

describe('an experiment file', () => {
  const folder = temporaryFolder();
  const small = { name: 'small', scenario: 'cartpole', seeds: [1] };
  const load = (changes: object = {}): Experiment =>
    loadExperiment(put(folder(), 'experiment.json', { ...small, ...changes }));
  const keysOf = (changes: object): string[] => load(changes).jobs.map(({ key }) => key);
  const errorWith = (changes: object): string =>
    errorOf(() => load(changes)).message.replaceAll(`${join(folder(), 'experiment.json')}`, 'FILE');

  it('has its schema published as it is; otherwise: npm run schema', () => {
    const published = new URL('../../scenarios/experiment.schema.json', import.meta.url);
    assert.equal(readFileSync(published, 'utf8'), publishedExperimentSchema());
  });

  it('comes along in working order', () => {
    const file = (name: string) => fileURLToPath(new URL(`../../experiments/${name}.json`, import.meta.url));
    assert.equal(loadExperiment(file('cartpole-sweep')).jobs.length, 10);
    assert.equal(loadExperiment(file('tiny')).jobs.length, 4);
    assert.equal(loadExperiment(file('spread-families')).jobs.length, 20);
  });

  it('is one run where it says nothing else', () => {
    const { jobs, parallel, retries, limits, scores } = load();
    assert.deepEqual(
      jobs.map(({ key, arm, settings, seed }) => ({ key, arm, settings, seed })),
      [{ key: 'base-s1', arm: 'base', settings: {}, seed: 1 }],
    );
    assert.deepEqual([parallel, retries, scores], [null, 1, {}]);
    assert.deepEqual(limits, { seconds: null, memory: null });
    assert.equal(jobs[0]!.scenario.name, 'cartpole');
  });

  it('takes YAML, a scenario by path, and one written into it', () => {
    const scenario = { name: 'mine', environment: { name: 'dodge' }, steps: 10 };
    put(folder(), 'mine.json', scenario);
    assert.equal(load({ scenario: 'mine.json' }).jobs[0]!.scenario.name, 'mine');
    assert.equal(load({ scenario }).jobs[0]!.scenario.steps, 10);
    const yaml = put(folder(), 'e.yaml', 'name: e\nscenario: cartpole\nseeds: {from: 3, count: 2}\n');
    assert.deepEqual(
      loadExperiment(yaml).jobs.map(({ key }) => key),
      ['base-s3', 'base-s4'],
    );
  });

  it('runs every arm with every point and every seed', () => {
    const lists = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 4 });
    const distinct = (values: number[]): number[] => [...new Set(values)];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), lists, lists, fc.integer({ min: 1, max: 4 }), (arms, a, b, seeds) => {
        const { jobs } = load({
          arms: Object.fromEntries(Array.from({ length: arms }, (_, i) => [`arm${i}`, {}])),
          search: { grid: { '/learner/epochs': distinct(a), 'learner.rollout': distinct(b) } },
          seeds: { from: 1, count: seeds },
        });
        assert.equal(jobs.length, arms * distinct(a).length * distinct(b).length * seeds);
        assert.equal(new Set(jobs.map(({ key }) => key.toLowerCase())).size, jobs.length);
        for (const { key, seed, settings, scenario } of jobs) {
          assert.equal(basename(key), key);
          assert.match(key, /^[A-Za-z0-9._=+-]+$/);
          assert.equal(scenario.seed, seed);
          assert.ok(scenario.learner.name === 'ppo');
          assert.equal(scenario.learner.epochs, settings['/learner/epochs']);
          assert.equal(scenario.learner.rollout, settings['/learner/rollout']);
        }
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('names runs readably, and no two alike', () => {
    const grid = {
      'learner.learningRate': [0.001, 1e-7],
      '/learner/network/hidden': [[64, 64], [64]],
      '/learner/network/activation': ['tanh'],
    };
    assert.deepEqual(keysOf({ search: { grid } }), [
      'base-learningRate=0.001-hidden=64x64-activation=tanh-s1',
      'base-learningRate=0.001-hidden=64x-activation=tanh-s1',
      'base-learningRate=1e-7-hidden=64x64-activation=tanh-s1',
      'base-learningRate=1e-7-hidden=64x-activation=tanh-s1',
    ]);
    const odd = ['a/b', 'a:b', 'a b', 'true', '64x64', 'x'.repeat(300), ''];
    const keys = keysOf({ search: { grid: { '/description': odd } } });
    assert.equal(new Set(keys).size, odd.length);
    for (const key of keys) assert.match(key, /^[A-Za-z0-9._=-]{1,200}$/);
  });

  it('keeps the names and scenarios of what was there when more is added', () => {
    const random = (samples: number, over: object = {}) => ({
      random: { samples, seed: 7, over: { '/learner/learningRate': { low: 1e-4, high: 1e-2, scale: 'log' }, ...over } },
    });
    const before = load({ arms: { a: {} }, search: random(3), seeds: [1, 2] });
    const after = load({ arms: { z: {}, a: {} }, search: random(9), seeds: [5, 1, 2] });
    const byKey = new Map(after.jobs.map((job) => [job.key, job]));
    for (const job of before.jobs) assert.deepEqual(byKey.get(job.key), job);
    const clip = { '/learner/clip': { choices: [0.1, 0.2] } };
    const wider = load({ arms: { a: {} }, search: random(3, clip), seeds: [1, 2] });
    wider.jobs.forEach(({ settings }, i) => {
      assert.equal(settings['/learner/learningRate'], before.jobs[i]!.settings['/learner/learningRate']);
    });
  });

  it('draws from what the search says: ranges evenly, logarithms evenly, whole numbers, choices', () => {
    const over = {
      '/learner/gaeLambda': { low: 0.2, high: 0.6 },
      '/learner/learningRate': { low: 1e-4, high: 1e-2, scale: 'log' },
      '/learner/epochs': { low: 1, high: 4, integer: true },
      '/learner/critic': { choices: ['independent', 'central'] },
    };
    const { jobs } = load({ search: { random: { samples: 800, over } } });
    const column = <T>(path: string): T[] => jobs.map(({ settings }) => settings[path] as T);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const lambda = column<number>('/learner/gaeLambda');
    assert.ok(lambda.every((value) => value >= 0.2 && value <= 0.6));
    // Uniform on [0.2, 0.6]: mean 0.4, and 4.5 standard errors of 0.4 / sqrt(12 n).
    assert.ok(Math.abs(mean(lambda) - 0.4) < (4.5 * 0.4) / Math.sqrt(12 * 800));
    const rates = column<number>('/learner/learningRate').map(Math.log10);
    assert.ok(Math.abs(mean(rates) + 3) < (4.5 * 2) / Math.sqrt(12 * 800));
    for (const values of [column('/learner/epochs'), column('/learner/critic')]) {
      const counts = [...new Set(values)].map((each) => values.filter((value) => value === each).length);
      const expected = 800 / counts.length;
      assert.equal(counts.length, values === undefined ? 0 : typeof values[0] === 'number' ? 4 : 2);
      assert.ok(counts.every((count) => Math.abs(count - expected) < 4.5 * Math.sqrt(expected)));
    }
  });

  it('lets arms change the environment; modules lie beside the experiment', () => {
    const module = put(folder(), 'mine.ts', 'export default () => ({});');
    const { jobs } = load({
      arms: {
        pole: {},
        swing: { '/environment': { name: 'pendulum' } },
        own: { environment: { module: './mine.ts' } },
      },
    });
    const environments = jobs.map(({ scenario: { environment } }) => environment);
    assert.deepEqual(
      environments.map((each) => (each === null ? null : 'name' in each ? each.name : each.module)),
      ['cartpole', 'pendulum', module],
    );
  });

  it('takes overrides: of the base under the arms, of all over everything', () => {
    const file = put(folder(), 'e.json', { ...small, threads: 2, arms: { a: {}, b: { '/steps': 7 } } });
    const { jobs } = loadExperiment(file, {
      base: [{ path: ['steps'], value: 5, from: '--set steps=5' }],
      all: [{ path: ['device'], value: 'cpu', from: '--device cpu' }],
    });
    assert.deepEqual(
      jobs.map(({ scenario: { steps, device, threads } }) => [steps, device, threads]),
      [
        [5, 'cpu', 2],
        [7, 'cpu', 2],
      ],
    );
  });

  it('says what is wrong with it, where, and what was meant', () => {
    assert.match(errorWith({ seed: 1 }), /^FILE:7:3 \/seed: unknown key "seed"\. Did you mean "seeds"\?$/);
    assert.match(
      errorWith({ scenario: 'cartpol' }),
      /^FILE:3:3 \/scenario: there is no scenario "cartpol".*"cartpole"\?$/,
    );
    assert.match(errorWith({ seeds: [1, 1] }), /^FILE:4:3 \/seeds: /);
    assert.match(errorWith({ seeds: { from: 1 } }), /"count" is missing/);
    assert.match(errorWith({ search: {} }), /\/search: a search needs "grid" or "random"/);
    assert.match(errorWith({ arms: { 'a/b': {} } }), /an arm cannot be called "a\/b"/);
    assert.match(errorWith({ arms: { a: { seed: 3 } } }), /seeds are not set one by one\. See "seeds"/);
    assert.match(errorWith({ arms: { A: {}, a: {} } }), /two runs would be called "a-s1"/);
    assert.match(
      errorWith({ scores: { cartpol: { low: 0, high: 1 } } }),
      /no run plays "cartpol"\. Did you mean "cartpole"\?/,
    );
    const log = { random: { samples: 1, over: { '/learner/clip': { low: 0, high: 1, scale: 'log' } } } };
    assert.match(errorWith({ search: log }), /not a range; wanted low > 0 on a logarithmic scale, got 0 to 1/);
  });

  it('finds mistakes in every resolved scenario before anything starts, at the line and in the arm that made them', () => {
    const arms = { good: {}, bad: { '/learner/learningRat': 0.1 }, worse: { '/steps': 0 } };
    const error = errorOf(() => load({ arms }));
    const mistakes = mistakesOf(error).map(({ message }) => message.replace(/\S*experiment\.json/, 'FILE'));
    assert.deepEqual(mistakes, [
      'arm "bad": FILE:10:7 /arms/bad/~1learner~1learningRat: unknown key "learningRat". Did you mean "learningRate"?',
      'arm "worse": FILE:13:7 /arms/worse/~1steps: "steps" is out of range; wanted an integer >= 1, got 0',
    ]);
    const grid = { '/learner/clip': [0.1, 2] };
    assert.match(
      errorWith({ search: { grid } }),
      /^FILE:\d+:\d+ \/search\/grid\/~1learner~1clip\/1: "clip" is out of range.* got 2$/,
    );
    assert.match(errorWith({ scenario: { name: 'x', steps: 1 } }), /\/scenario: "environment" is missing/);
  });
});
