/**
 * `npm run bench [-- --device cpu|webgpu|cuda|tensorflow] [--json]`: everything that this folder measures, on this
 * machine, now. Ratios compare within this one run; absolute numbers compare machines only beside the yardstick. A
 * device that is not there: exit code 2, and what to do about it.
 */
import { compile, float32, tf } from '../nn/index.ts';
import { deviceOf, executorOn, stopWhere, thisMachine } from './device.ts';
import { benchEngine, describeTiming } from './engine.ts';
import { benchEnvironments } from './environments.ts';
import { benchMaze, describeMaze } from './maze.ts';
import { benchPpo } from './ppo.ts';
import { benchUpdates, describeUpdates } from './updates.ts';

/** A square product of 1024 x 1024 float32 on one thread, GFLOP/s: how fast this machine is. The best of ten. */
function yardstick(): number {
  const size = 1024;
  const product = compile(({ a, b }) => ({ c: tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D) }), { name: 'yardstick' });
  const operand = float32([size, size], new Float32Array(size * size).fill(0.5));
  const run = product.bind({ a: operand, b: operand }, { c: float32([size, size]) });
  let best = 0;
  for (let i = 0; i < 10; i++) {
    const began = performance.now();
    run();
    best = Math.max(best, (2 * size ** 3) / (performance.now() - began) / 1e6);
  }
  product.dispose();
  return best;
}

const isJson = process.argv.includes('--json');
const say = (line: string): void => {
  if (!isJson) console.log(line);
};
const device = deviceOf(process.argv);
// Before anything is measured: a device that is not there should not be found out after minutes.
await executorOn(device).catch(stopWhere);

const machine = { ...thisMachine(), device, gflops: Math.round(yardstick()) };
const { cpu, cores, gpus, vulkan, versions, gflops } = machine;
say(
  `${cpu}, ${cores} cores; ${gpus.length === 0 ? 'no NVIDIA GPU' : gpus.map(({ name, driver }) => `${name}, driver ${driver}`).join('; ')}`,
);
for (const driver of vulkan) say(`Vulkan driver ${driver}`);
say(
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', '),
);
say(`1024 x 1024 product ${gflops} GFLOP/s on one thread of the CPU; everything below on ${device}\n`);

const engine = await benchEngine({ device });
say('engine: one training step, forward, backward and Adam; bare products');
for (const timing of engine) say(`  ${describeTiming(timing)}`);

const updates = await benchUpdates(device);
say('\nPPO, the 16 updates of a rollout');
for (const speed of updates) say(`  ${describeUpdates(speed)}`);

const ppo = await benchPpo(device);
say('\nPPO, the whole training loop');
for (const { workload, threads, stepsPerSecond, ratio } of ppo) {
  say(
    `  ${workload.padEnd(16)} ${threads} thread(s) ${stepsPerSecond.toLocaleString('en').padStart(10)} steps/s  x${ratio.toFixed(2)}`,
  );
}

const mazes = device === 'cpu' ? await benchMaze() : [];
if (mazes.length > 0) say('\nPPO on mazes, the published network');
for (const speed of mazes) say(`  ${describeMaze(speed)}`);

// Environments run on the CPU, whatever learns from them.
const environments = device === 'cpu' ? benchEnvironments() : [];
if (environments.length > 0) say('\nenvironments alone, 512 copies, one thread');
for (const { name, stepsPerSecond } of environments)
  say(`  ${name.padEnd(24)} ${Math.round(stepsPerSecond).toLocaleString('en')} steps/s`);

if (isJson) console.log(JSON.stringify({ machine, engine, updates, ppo, mazes, environments }, null, 2));
