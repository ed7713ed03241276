import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { write } from '../../scenarios/disk.ts';
import { machine, machinesOf } from '../../scenarios/index.ts';
import { recordMachine } from '../../scenarios/machine.ts';
import { collect } from './collect.ts';
import { put, scenarioWith, temporaryFolder } from './files.ts';

describe("a run's machine", () => {
  const root = temporaryFolder();
  const other = { cpu: 'Imagined 9000', cores: '512' };

  it('is known by what matters to a result', () => {
    const { cores, node, lightbulb, 'onnxruntime-node': onnx, ...rest } = machine();
    assert.equal(cores, String(availableParallelism()));
    assert.equal(node, process.versions.node);
    assert.match(lightbulb!, /^\d+\.\d+\.\d+/);
    assert.match(onnx!, /^\d+\.\d+\.\d+/);
    assert.match(rest['@tensorflow/tfjs']!, /^\d+\.\d+\.\d+/);
    assert.match(rest.memory!, /^\d+ GiB$/);
    assert.match(rest.system!, /^\S+ \S+ \S+$/);
    if (rest.commit !== undefined) assert.match(rest.commit, /^[0-9a-f]{40}(-dirty)?$/);
  });

  it('is in its folder once, however often it is resumed', async () => {
    const folder = join(root(), 'run');
    await collect(scenarioWith(root(), { steps: 64 }), { folder });
    assert.deepEqual(machinesOf(folder), [machine()]);
    await collect(scenarioWith(root(), { steps: 96 }), { folder, resume: true });
    assert.deepEqual(machinesOf(folder), [machine()]);
    assert.doesNotMatch(readFileSync(join(folder, 'metrics.jsonl'), 'utf8'), /node/);
  });

  it('is added where the run goes on after another', () => {
    put(root(), 'machine.json', [other]);
    recordMachine(root(), write);
    assert.deepEqual(machinesOf(root()), [other, machine()]);
  });

  it('never stops a run: a broken file is written anew', () => {
    for (const broken of ['{"cpu"', '7', '[1, null]']) {
      put(root(), 'machine.json', broken);
      assert.deepEqual(machinesOf(root()), []);
      recordMachine(root(), write);
      assert.deepEqual(machinesOf(root()), [machine()]);
    }
    assert.deepEqual(machinesOf(join(root(), 'nowhere')), []);
  });
});
