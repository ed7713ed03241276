/**
 * The updates of a rollout by themselves, one call for each (`steps`) or one for all (`scan`), on the workloads of
 * `ppo.ts`: milliseconds in their programs, and what crosses the border of a device with memory of its own.
 * `node --import tsx bench/updates.ts [--device cpu|webgpu|cuda|tensorflow] [--json]`
 */
import { pathToFileURL } from 'node:url';
import { ppoDefaults } from '../agents/index.ts';
import { createPpo } from '../agents/ppo.ts';
import { makeEnvironment } from '../worlds/index.ts';
import { type BenchDevice, deviceOf, executorOn, stopWhere } from './device.ts';
import { metered } from './meter.ts';
import { PPO_WORKLOADS } from './ppo.ts';

export interface UpdateSpeed {
  readonly workload: string;
  readonly updates: 'steps' | 'scan';
  /** Of a rollout's updates: the best of the repeats. */
  readonly milliseconds: number;
  /** Read and written by the updates of a rollout. */
  readonly updateBytes: number;
  /** Read and written by acting and estimating in a rollout: the same in both. */
  readonly otherBytes: number;
}

export async function benchUpdates(
  device: BenchDevice,
  { repeats = 40, warmUp = 5 }: { readonly repeats?: number; readonly warmUp?: number } = {},
): Promise<UpdateSpeed[]> {
  const speeds: UpdateSpeed[] = [];
  for (const { name, copies } of PPO_WORKLOADS) {
    const ways = await Promise.all(
      (['steps', 'scan'] as const).map(async (updates) => {
        const { executor, readings } = metered(await executorOn(device));
        const training = createPpo({
          seed: 1,
          steps: 1e9,
          copies,
          make: (count) => makeEnvironment(name, count, {}),
          options: { ...ppoDefaults, schedule: 'constant' },
          executor,
          updates,
        });
        return { updates, readings, training, best: Number.POSITIVE_INFINITY, updateBytes: 0, otherBytes: 0 };
      }),
    );
    // In turn, so that a slow minute of the machine meets both.
    for (let i = 0; i < warmUp + repeats; i++) {
      for (const way of ways) {
        for (const reading of way.readings.values()) Object.assign(reading, { calls: 0, milliseconds: 0, bytes: 0 });
        await way.training.advance();
        const own = [...way.readings].filter(([program]) => /\/updates?$/.test(program)).map(([, reading]) => reading);
        const all = [...way.readings.values()];
        way.updateBytes = own.reduce((sum, { bytes }) => sum + bytes, 0);
        way.otherBytes = all.reduce((sum, { bytes }) => sum + bytes, 0) - way.updateBytes;
        if (i < warmUp) continue;
        way.best = Math.min(
          way.best,
          own.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
        );
      }
    }
    for (const { updates, training, best, updateBytes, otherBytes } of ways) {
      await training.close();
      speeds.push({ workload: name, updates, milliseconds: best, updateBytes, otherBytes });
    }
  }
  return speeds;
}

export function describeUpdates({ workload, updates, milliseconds, updateBytes, otherBytes }: UpdateSpeed): string {
  const kilobytes = (bytes: number): string =>
    `${Math.round(bytes / 1000)
      .toLocaleString('en')
      .padStart(7)} kB`;
  return `${workload.padEnd(16)}${updates.padEnd(8)}${milliseconds.toFixed(1).padStart(8)} ms a rollout, ${kilobytes(updateBytes)} across in updates, ${kilobytes(otherBytes)} in the rest`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const speeds = await benchUpdates(deviceOf(process.argv)).catch(stopWhere);
  if (process.argv.includes('--json')) console.log(JSON.stringify(speeds, null, 2));
  else for (const speed of speeds) console.log(describeUpdates(speed));
}
