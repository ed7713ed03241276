/**
 * Whole training loops: collect, learn, count. Workloads, so that they can be repeated in another framework:
 * - `cartpole`: CartPole-v1, 64 copies x 128 steps an iteration, 4 epochs x 4 minibatches of 2,048, policy and value
 *   networks of two 64-unit tanh layers each, Adam, gradient norm 0.5, advantages standardised per minibatch;
 * - `simple_spread`: simple_spread N = 3, 25 steps, 16 copies x 128 steps, 4 epochs x 4 minibatches of 512 copies
 *   (1,536 agents), one policy and one value network of two 64-unit tanh layers shared by the agents (JaxMARL's
 *   feed-forward IPPO settings).
 * Auto-reset, episode statistics and metrics included; compilation and evaluation not.
 */
import { pathToFileURL } from 'node:url';
import { createTraining, ppoDefaults } from '../agents/index.ts';
import { makeEnvironment } from '../worlds/index.ts';
import { type BenchDevice, deviceOf, stopWhere } from './device.ts';

export const PPO_WORKLOADS = [
  { name: 'cartpole', copies: 64 },
  { name: 'simple_spread', copies: 16 },
] as const;

export interface PpoSpeed {
  readonly workload: string;
  readonly threads: number;
  /** Environment steps a second: the best of the repeats. */
  readonly stepsPerSecond: number;
  /** Over one thread, in this run. */
  readonly ratio: number;
}

/** Seconds of each repeat, after a warm-up. */
const REPEATS = 5;
const SECONDS = 2;

/** On the CPU, one row for each number of threads; other devices have one row. */
export async function benchPpo(
  device: BenchDevice = 'cpu',
  threadCounts: readonly number[] = device === 'cpu' ? [1, 2] : [1],
): Promise<PpoSpeed[]> {
  const speeds: PpoSpeed[] = [];
  for (const { name, copies } of PPO_WORKLOADS) {
    let single = Number.NaN;
    for (const threads of threadCounts) {
      const training = await createTraining({
        seed: 1,
        steps: 1e9,
        copies,
        make: (count) => makeEnvironment(name, count, {}),
        learner: { ...ppoDefaults, schedule: 'constant' },
        executor: device === 'tensorflow' ? 'eager' : 'onnx',
        device,
        threads,
      });
      for (let i = 0; i < 10; i++) await training.advance();
      let best = 0;
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const [began, from] = [performance.now(), training.step];
        while (performance.now() - began < SECONDS * 1000) await training.advance();
        best = Math.max(best, (training.step - from) / ((performance.now() - began) / 1000));
      }
      await training.close();
      if (threads === threadCounts[0]) single = best;
      speeds.push({ workload: name, threads, stepsPerSecond: Math.round(best), ratio: best / single });
    }
  }
  return speeds;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const speeds = await benchPpo(deviceOf(process.argv)).catch(stopWhere);
  if (process.argv.includes('--json')) console.log(JSON.stringify(speeds, null, 2));
  else
    for (const { workload, threads, stepsPerSecond, ratio } of speeds) {
      console.log(
        `${workload.padEnd(14)} ${threads} thread(s) ${stepsPerSecond.toLocaleString('en')} steps/s (x${ratio.toFixed(2)})`,
      );
    }
}
