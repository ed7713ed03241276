import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseNvidiaSmi, visibleNvidiaGpus } from '../../core/index.ts';
import { restoreOldNode } from '../../nn/engine/eager-executor.ts';
import { diagnosed } from './engine/diagnosed.ts';

describe('devices', () => {
  it('counts the GPUs that this process may use', () => {
    const devices = mkdtempSync(join(tmpdir(), 'lightbulb-dev-'));
    try {
      assert.deepEqual(visibleNvidiaGpus({ env: {}, devices }), []);
      for (const name of ['nvidia0', 'nvidia1', 'nvidiactl', 'nvidia-uvm', 'null'])
        writeFileSync(join(devices, name), '');
      const both = [join(devices, 'nvidia0'), join(devices, 'nvidia1')];
      assert.deepEqual(visibleNvidiaGpus({ env: {}, devices }), both);
      assert.deepEqual(visibleNvidiaGpus({ env: { CUDA_VISIBLE_DEVICES: '1' }, devices }), both);
      for (const hidden of ['', ' ', '-1']) {
        assert.deepEqual(visibleNvidiaGpus({ env: { CUDA_VISIBLE_DEVICES: hidden }, devices }), [], `"${hidden}"`);
      }
      assert.deepEqual(visibleNvidiaGpus({ env: {}, devices: join(devices, 'none') }), []);
    } finally {
      rmSync(devices, { recursive: true });
    }
  });

  it('reads what nvidia-smi prints', () => {
    assert.deepEqual(parseNvidiaSmi('NVIDIA A100-SXM4-80GB, 81920, 550.54.15, 8.0\nOld, 4096, 390.1, [N/A]\n'), [
      { name: 'NVIDIA A100-SXM4-80GB', memoryMiB: 81920, driver: '550.54.15', computeCapability: 8 },
      { name: 'Old', memoryMiB: 4096, driver: '390.1', computeCapability: null },
    ]);
    assert.deepEqual(parseNvidiaSmi(''), []);
  });

  it('gives an old package what Node 23 dropped, and leaves alone what is there', () => {
    const util: Record<string, unknown> = {};
    restoreOldNode(util);
    const { isNullOrUndefined, isArray } = util as Record<string, (value?: unknown) => boolean>;
    assert.deepEqual([undefined, null, 0, ''].map(isNullOrUndefined!), [true, true, false, false]);
    assert.deepEqual(
      [[], {}, 'a'].map((value) => isArray!(value)),
      [true, false, false],
    );
    const own = () => true;
    const other = { isArray: own };
    restoreOldNode(other);
    assert.equal(other.isArray, own);
  });

  it('measures what works, and nothing else', async () => {
    for (const { works, measurement } of await diagnosed()) {
      assert.equal(measurement !== undefined, works);
      if (measurement === undefined) continue;
      const { productSize, productGflops, trainingStepMs } = measurement;
      assert.ok([256, 512, 1024].includes(productSize));
      // A processor without SIMD does a hundredth, the largest GPUs there are less than a million.
      assert.ok(productGflops > 0.001 && productGflops < 1e6, String(productGflops));
      assert.ok(trainingStepMs > 0.001 && trainingStepMs < 60_000, String(trainingStepMs));
    }
  });
});
