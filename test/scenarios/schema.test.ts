import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { ppoDefaults } from '../../agents/index.ts';
import { loadScenario, presetFile, presetNames } from '../../scenarios/index.ts';
import { publishedSchema } from '../../scenarios/published-schema.ts';
import { environmentNames } from '../../worlds/index.ts';
import { put, temporaryFolder } from './files.ts';

describe('the schema of scenarios', () => {
  const folder = temporaryFolder();

  it('is published as it is; otherwise: npm run schema', () => {
    const published = readFileSync(new URL('../../scenarios/scenario.schema.json', import.meta.url), 'utf8');
    assert.equal(published, publishedSchema());
  });

  it('explains every key that a person may write', () => {
    const unexplained: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, part] of Object.entries(node)) {
        if (key === 'properties') {
          for (const [name, schema] of Object.entries(part as Record<string, Record<string, unknown>>)) {
            const said = schema.description ?? schema.title ?? schema.const ?? schema.enum;
            if (said === undefined) unexplained.push(`${path}/${name}`);
          }
        }
        visit(part, `${path}/${key}`);
      }
    };
    visit(JSON.parse(publishedSchema()), '');
    assert.deepEqual(unexplained, []);
  });

  it("fills in the learner's own defaults, and its own for the rest", () => {
    const file = put(folder(), 'a.json', { name: 'a', environment: { name: 'cartpole' }, steps: 1000 });
    assert.deepEqual(loadScenario(file), {
      name: 'a',
      description: '',
      seed: 1,
      environment: { name: 'cartpole', options: {}, copies: 8 },
      tasks: null,
      learner: ppoDefaults,
      curriculum: null,
      mas: { bus: 'memory:', roles: {} },
      steps: 1000,
      evaluation: { episodes: 100, every: null, deterministic: true, seed: 1_000_000, options: {}, levels: null },
      checkpoint: { every: 100, keep: 3 },
      device: 'auto',
      executor: 'onnx',
      threads: 1,
      tensorboard: false,
    });
  });

  it('takes the executor that a device needs, unless one is named', () => {
    const of = (change: object): string => {
      const file = put(folder(), 'a.json', { name: 'a', environment: { name: 'cartpole' }, steps: 1, ...change });
      return loadScenario(file).executor;
    };
    assert.deepEqual(
      ['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow', 'wasm'].map((device) => of({ device })),
      ['onnx', 'onnx', 'onnx', 'onnx', 'eager', 'eager'],
    );
    assert.equal(of({ device: 'cpu', executor: 'eager' }), 'eager');
    assert.equal(of({ device: 'tensorflow', executor: 'onnx' }), 'onnx');
  });

  it('keeps what is written and fills in around it', () => {
    const learner = { clip: 0.3, network: { gru: 16 } };
    const file = put(folder(), 'a.json', { name: 'a', environment: { name: 'cartpole' }, steps: 1, learner });
    const network = { ...ppoDefaults.network, gru: 16 };
    assert.deepEqual(loadScenario(file).learner, { ...ppoDefaults, clip: 0.3, network });
  });

  it('gives baselines no options of other learners', () => {
    for (const name of ['random', 'scripted']) {
      const file = put(folder(), 'a.json', { name: 'a', environment: { name: 'dodge' }, steps: 1, learner: { name } });
      assert.deepEqual(loadScenario(file).learner, { name });
    }
  });

  it('passes a preset for every built-in environment, each with its tiny twin', () => {
    const played = new Set<string>();
    for (const name of presetNames()) {
      const { environment, tasks, name: own } = loadScenario(presetFile(name));
      assert.equal(own, name);
      for (const one of [environment, ...Object.values(tasks ?? {}).map((task) => task.environment)]) {
        if (one === null) continue;
        assert.ok('name' in one);
        played.add(one.name);
      }
      const tiny = presetFile(`tiny/${name}`);
      assert.ok(existsSync(tiny), tiny);
      assert.ok(loadScenario(tiny).steps <= 1000);
    }
    assert.deepEqual([...played].sort(), [...environmentNames].sort());
  });
});
