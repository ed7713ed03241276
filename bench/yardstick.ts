import { compile, float32, tf } from '../nn/index.ts';

/** How fast this machine is: a product of 1024 x 1024 float32 on one thread. */
export interface Yardstick {
  /** GFLOP in a second of the processor's time, the best of ten. */
  measure(): number;
  close(): void;
}

export function yardstick(): Yardstick {
  const size = 1024;
  const product = compile(({ a, b }) => ({ c: tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D) }), { name: 'yardstick' });
  const operand = float32([size, size], new Float32Array(size * size).fill(0.5));
  const run = product.bind({ a: operand, b: operand }, { c: float32([size, size]) });
  return {
    measure: () => {
      let best = 0;
      for (let i = 0; i < 10; i++) {
        const began = process.cpuUsage();
        run();
        const { user, system } = process.cpuUsage(began);
        best = Math.max(best, (2 * size ** 3) / (user + system) / 1e3);
      }
      return best;
    },
    close: () => product.dispose(),
  };
}
