/**
 * `npm run bench [-- --json]`: everything that this folder measures, on this machine, now. Ratios compare within this one
 * run; absolute numbers compare machines only beside the yardstick.
 */
import { cpus } from 'node:os';
import { compile, float32, tf } from '../nn/index.ts';
import { benchEngine } from './engine.ts';
import { benchEnvironments } from './environments.ts';
import { benchPpo } from './ppo.ts';

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

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  node: process.version,
  gflops: Math.round(yardstick()),
};
say(
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; 1024 x 1024 product ${machine.gflops} GFLOP/s on one thread\n`,
);

const engine = await benchEngine();
say('engine: one training step, forward, backward and Adam');
for (const row of engine) say(`  ${JSON.stringify(row)}`);

const environments = benchEnvironments();
say('\nenvironments alone, 512 copies, one thread');
for (const { name, stepsPerSecond } of environments)
  say(`  ${name.padEnd(24)} ${Math.round(stepsPerSecond).toLocaleString('en')} steps/s`);

const ppo = await benchPpo();
say('\nPPO, the whole training loop');
for (const { workload, threads, stepsPerSecond, ratio } of ppo) {
  say(
    `  ${workload.padEnd(16)} ${threads} thread(s) ${stepsPerSecond.toLocaleString('en').padStart(10)} steps/s  x${ratio.toFixed(2)}`,
  );
}
if (isJson) console.log(JSON.stringify({ machine, engine, environments, ppo }, null, 2));
