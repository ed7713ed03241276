/**
 * Whole training on mazes under domain randomisation: 13 x 13 cells, up to 60 walls, a 5 x 5 view, 250 steps; the network
 * and the constants of JaxUED's `maze_dr` (convolution of 16 filters, LSTM of 256, heads of 32; 32 copies x 256 steps, 5
 * epochs of one minibatch, gradients through all 256 steps, Adam at 1e-4). A roof stands beside it: the steps a second that
 * its matrix products alone would allow if they ran as fast as one of 1024 x 1024.
 */
import { pathToFileURL } from 'node:url';
import { createTraining, type PpoOptions, ppoDefaults } from '../agents/index.ts';
import { makeEnvironment } from '../worlds/index.ts';
import { type Yardstick, yardstick } from './yardstick.ts';

const COPIES = 32;
const UNITS = 256;
const HEADS = 32;
const FILTERS = 16;
const VIEW = 5;
/** Cells of the convolution's result; numbers of a cell, of the direction; actions. */
const PLACES = (VIEW - 2) ** 2;
const PLANES = 2;
const DIRECTIONS = 4;
const ACTIONS = 3;

export const MAZE_LEARNER: PpoOptions = {
  ...ppoDefaults,
  network: {
    ...ppoDefaults.network,
    hidden: [],
    activation: 'relu',
    lstm: UNITS,
    convolution: [{ filters: FILTERS, size: 3, stride: 1 }],
    heads: [HEADS],
    sharedTrunk: true,
  },
  rollout: 256,
  chunk: 256,
  epochs: 5,
  minibatches: 1,
  learningRate: 1e-4,
  schedule: 'constant',
  discount: 0.995,
  gaeLambda: 0.98,
  entropyCoefficient: 0.001,
};

/** Multiplications and additions of one row's way forward through the network. */
function forwardWork(): number {
  const seen = PLACES * FILTERS + DIRECTIONS;
  const products =
    PLACES * 9 * PLANES * FILTERS + (seen + UNITS) * 4 * UNITS + 2 * UNITS * HEADS + HEADS * (ACTIONS + 1);
  return 2 * products;
}

/** Work of one environment step: acting once, and in each epoch the way forward and twice as much back. */
export const WORK_PER_STEP = forwardWork() * (1 + 3 * MAZE_LEARNER.epochs);

export interface MazeSpeed {
  readonly threads: number;
  /** Environment steps a second by the clock, the best of the repeats. */
  readonly stepsPerSecond: number;
  /** Steps in a second of the processor's time, the best of the repeats: on one thread, what a quiet machine would do. */
  readonly stepsPerProcessorSecond: number;
  /** Steps a second that the products alone would allow on as many threads: measured in the same repeat. */
  readonly roof: number;
}

/** Trains for `repeats` times `iterations` rollouts, after two to warm up. */
export async function benchMaze(
  threadCounts: readonly number[] = [1, 2],
  repeats = 3,
  iterations = 2,
  learner: PpoOptions = MAZE_LEARNER,
): Promise<MazeSpeed[]> {
  const yard = yardstick();
  const speeds: MazeSpeed[] = [];
  for (const threads of threadCounts) {
    const training = await createTraining({
      seed: 1,
      steps: 1e9,
      copies: COPIES,
      make: (copies) => makeEnvironment('maze', copies, {}),
      learner,
      executor: 'onnx',
      device: 'cpu',
      threads,
    });
    try {
      await training.advance();
      await training.advance();
      const rows: MazeSpeed[] = [];
      for (let i = 0; i < repeats; i++) rows.push(await repeat(yard, threads, iterations, training));
      const best = (name: keyof MazeSpeed): number => Math.max(...rows.map((row) => row[name]));
      speeds.push({
        threads,
        stepsPerSecond: Math.round(best('stepsPerSecond')),
        stepsPerProcessorSecond: Math.round(best('stepsPerProcessorSecond')),
        roof: Math.round(best('roof')),
      });
    } finally {
      await training.close();
    }
  }
  yard.close();
  return speeds;
}

async function repeat(
  yard: Yardstick,
  threads: number,
  iterations: number,
  training: Awaited<ReturnType<typeof createTraining>>,
): Promise<MazeSpeed> {
  const gflops = yard.measure();
  const [began, used, from] = [performance.now(), process.cpuUsage(), training.step];
  for (let i = 0; i < iterations; i++) await training.advance();
  const { user, system } = process.cpuUsage(used);
  const steps = training.step - from;
  return {
    threads,
    stepsPerSecond: (1000 * steps) / (performance.now() - began),
    stepsPerProcessorSecond: (1e6 * steps) / (user + system),
    roof: (threads * gflops * 1e9) / WORK_PER_STEP,
  };
}

export function describeMaze({ threads, stepsPerSecond, stepsPerProcessorSecond, roof }: MazeSpeed): string {
  const [clock, processor, most] = [stepsPerSecond, stepsPerProcessorSecond, roof].map((n) => n.toLocaleString('en'));
  const share = Math.round((100 * stepsPerProcessorSecond * threads) / roof);
  return `${threads} thread(s) ${clock} steps/s; ${processor} a second of the processor, ${share} % of the roof of ${most}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const speeds = await benchMaze();
  if (process.argv.includes('--json')) console.log(JSON.stringify(speeds, null, 2));
  else for (const speed of speeds) console.log(describeMaze(speed));
}
