import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NO_ADAPTER, softwareAdapter } from '../nn/engine/webgpu/software-adapter.ts';

const command = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));

type Metrics = Record<string, number>;

/** The metrics of a short training of PPO on CartPole, on a device. */
function trained(device: string, folder: string, environment: Readonly<Record<string, string>>): Metrics[] {
  const scenario = join(folder, `${device}.json`);
  writeFileSync(
    scenario,
    JSON.stringify({
      name: 'cartpole',
      environment: { name: 'cartpole', copies: 4 },
      learner: { name: 'ppo', rollout: 32, minibatches: 2, epochs: 2, learningRate: 0.001 },
      steps: 512,
      evaluation: { every: 1_000_000, episodes: 1 },
      device,
    }),
  );
  const runs = join(folder, device);
  const { status, signal, stderr } = spawnSync(
    process.execPath,
    [command, 'run', scenario, '--seed', '1', '--runs', runs],
    { env: { ...process.env, ...environment }, encoding: 'utf8' },
  );
  assert.equal(status, 0, `${signal ?? ''} ${stderr}`);
  const [run] = readdirSync(runs);
  return readFileSync(join(runs, run!, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Metrics)
    .filter((line) => 'loss/policy' in line);
}

describe('a training with "device": "webgpu", on a software adapter', () => {
  const adapter = softwareAdapter();
  if (adapter === null) {
    it.skip(NO_ADAPTER);
    return;
  }

  it('learns what the CPU learns, but for rounding, and ends as it should', function () {
    this.timeout(300_000);
    const folder = mkdtempSync(join(tmpdir(), 'lightbulb-webgpu-'));
    try {
      const [host, device] = [trained('cpu', folder, {}), trained('webgpu', folder, adapter)];
      assert.equal(device.length, 4);
      const apart = host.map((line, i) =>
        Math.max(
          ...Object.entries(line).map(([key, value]) => Math.abs(device[i]![key]! - value) / (1 + Math.abs(value))),
        ),
      );
      for (const [i, distance] of apart.entries()) assert.ok(distance < 1e-4, `iteration ${i}: off by ${distance}`);
      // Another arithmetic: equal to the last bit would be the CPU under another name.
      assert.ok(Math.max(...apart) > 0);
      assert.notEqual(host[0]!['loss/value'], host[3]!['loss/value']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
