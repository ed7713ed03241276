import assert from 'node:assert/strict';
import { tf } from '../../nn/engine/tf.ts';

/** Each number within `tolerance`, relative above 1 and absolute below. */
export function assertClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  assert.equal(got.length, wanted.length, 'lengths');
  for (let i = 0; i < wanted.length; i++) {
    const distance = Math.abs(got[i]! - wanted[i]!);
    assert.ok(
      distance <= tolerance * Math.max(1, Math.abs(wanted[i]!)),
      `element ${i}: wanted ${wanted[i]}, got ${got[i]}, tolerance ${tolerance}`,
    );
  }
}

/**
 * The gradient of the scalar function `f` at `x`, by autodiff and by central differences. float32 leaves three digits
 * to the difference, so keep `f` of the order of 1 and without kinks near `x`.
 */
export function assertGradient(f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, tolerance = 5e-3, step = 1e-2): void {
  tf.tidy(() => {
    const gradient = tf.grad(f)(x).dataSync();
    const at = x.dataSync();
    const difference = Array.from(at, (_, i) => {
      const [low, high] = [-step, step].map((move) => {
        const moved = Float32Array.from(at);
        moved[i]! += move;
        return { x: moved[i]!, y: f(tf.tensor(moved, x.shape)).dataSync()[0]! };
      });
      return (high!.y - low!.y) / (high!.x - low!.x);
    });
    assertClose(gradient, difference, tolerance);
  });
}

/** `0.5 sin(k i)` for i below the size: parameters that are easy to write down in PyTorch as well. */
export function wave(shape: number[], k: number): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => 0.5 * Math.sin(i * k)),
    shape,
  );
}
