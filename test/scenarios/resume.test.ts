import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { write } from '../../scenarios/disk.ts';
import { collect, outline } from './collect.ts';
import { scenarioWith, temporaryFolder } from './files.ts';

describe('resuming', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'run');
  const read = (...path: string[]) => readFileSync(join(root(), ...path), 'utf8');
  const checkpoint = (step: number, file: string) => join(folder(), 'checkpoints', String(step), file);

  /** What the disk holds when a process is killed at its n-th write, `part` of which has gone out. */
  async function killed(n: number, part: number, corpse: string): Promise<boolean> {
    const whole = join(root(), 'whole');
    rmSync(whole, { recursive: true, force: true });
    let writes = 0;
    await collect(scenarioWith(root(), { checkpoint: { every: 32, keep: 2 } }), {
      folder: whole,
      disk: (file, bytes, offset) => {
        if (++writes !== n) return write(file, bytes, offset);
        const cut = Math.floor(part * bytes.length);
        if (cut > 0) write(file, bytes.subarray(0, cut), 0);
        cpSync(whole, corpse, { recursive: true });
        return cut + write(file, bytes.subarray(cut), 0);
      },
    });
    return writes >= n;
  }

  it('after a kill at any write makes the metrics and checkpoints of a run that was never stopped', async () => {
    const wound = fc.record({
      write: fc.integer({ min: 2, max: 45 }), // the first makes scenario.json: before it there is no run
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      lost: fc.nat({ max: 200 }), // bytes of metrics that never reached the disk
    });
    await fc.assert(
      fc.asyncProperty(wound, async ({ write, part, lost }) => {
        rmSync(folder(), { recursive: true, force: true });
        if (!(await killed(write, part, folder()))) return;
        const metrics = join(folder(), 'metrics.jsonl');
        if (existsSync(metrics)) truncateSync(metrics, Math.max(0, statSync(metrics).size - lost));
        const scenario = scenarioWith(root(), { checkpoint: { every: 32, keep: 2 } });
        const { error } = await collect(scenario, { folder: folder(), resume: true });
        assert.equal(error, undefined);
        assert.equal(read('run', 'metrics.jsonl'), read('whole', 'metrics.jsonl'));
        const steps = readdirSync(join(folder(), 'checkpoints')).sort();
        assert.deepEqual(steps, ['128', '160']);
        for (const step of steps) {
          for (const file of ['tensors.safetensors', 'state.json']) {
            assert.equal(read('run', 'checkpoints', step, file), read('whole', 'checkpoints', step, file));
          }
        }
        for (const line of read('run', 'events.jsonl').trimEnd().split('\n')) JSON.parse(line);
        assert.deepEqual(
          readdirSync(folder()).filter((name) => name.endsWith('.tmp')),
          [],
        );
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  const wounds: [what: string, reason: RegExp, inflict: () => void][] = [
    [
      'a changed byte',
      /160: tensors\.safetensors is not what was written/,
      () => flip(checkpoint(160, 'tensors.safetensors')),
    ],
    [
      'a file cut short',
      /160: state\.json is not what was written/,
      () => truncateSync(checkpoint(160, 'state.json'), 3),
    ],
    ['a file missing', /160: state\.json cannot be read \(ENOENT\)/, () => rmSync(checkpoint(160, 'state.json'))],
    ['no manifest', /160: manifest\.json cannot be read/, () => rmSync(checkpoint(160, 'manifest.json'))],
    [
      'a manifest that is no JSON',
      /160: manifest\.json is not JSON/,
      () => writeFileSync(checkpoint(160, 'manifest.json'), '{'),
    ],
    [
      'a manifest of another kind',
      /160: manifest\.json has an unknown format/,
      () => writeFileSync(checkpoint(160, 'manifest.json'), 'null'),
    ],
    [
      'metrics that end before it',
      /160: metrics\.jsonl ends before it/,
      () =>
        truncateSync(
          join(folder(), 'metrics.jsonl'),
          JSON.parse(readFileSync(checkpoint(128, 'manifest.json'), 'utf8')).metricsBytes,
        ),
    ],
  ];
  for (const [what, reason, inflict] of wounds) {
    it(`skips a checkpoint with ${what}, saying so, and takes the one before`, async () => {
      await collect(scenarioWith(root()), { folder: folder() });
      const metrics = read('run', 'metrics.jsonl');
      inflict();
      const { events } = await collect(scenarioWith(root()), { folder: folder(), resume: true });
      assert.deepEqual(outline(events).slice(0, 3), ['started 128', 'warning', 'iteration 144']);
      assert.ok(events[1]?.kind === 'warning');
      assert.match(events[1].message, reason);
      assert.equal(read('run', 'metrics.jsonl'), metrics);
    });
  }

  it('starts from the beginning where no checkpoint is whole', async () => {
    await collect(scenarioWith(root()), { folder: folder() });
    const metrics = read('run', 'metrics.jsonl');
    for (const step of [96, 128, 160]) rmSync(checkpoint(step, 'state.json'));
    const { events } = await collect(scenarioWith(root()), { folder: folder(), resume: true });
    assert.deepEqual(outline(events).slice(0, 5), ['started 0', 'warning', 'warning', 'warning', 'iteration 16']);
    assert.equal(read('run', 'metrics.jsonl'), metrics);
  });

  function flip(file: string): void {
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
  }
});
