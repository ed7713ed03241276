import assert from 'node:assert/strict';
import { bindTogether, compile, eagerExecutor, float32, int32, tf } from '../../../nn/index.ts';

const double = (executor = {}) =>
  compile(({ x, i }) => ({ y: tf.mul(x!, 2), j: tf.add(i!, tf.scalar(1, 'int32')) }), { name: 'double', ...executor });
const run = (program: ReturnType<typeof double>, length: number, from: number) => ({
  program,
  inputs: {
    x: float32(
      [length],
      Float32Array.from({ length }, (_, k) => from + k),
    ),
    i: int32([1], [from]),
  },
  outputs: { y: float32([length]), j: int32([1]) },
});

describe('runs bound together', () => {
  for (const [name, executor] of [
    ['onnx, on threads of their own', {}],
    ['eager, one after the other', { executor: eagerExecutor({ backend: 'cpu' }) }],
  ] as const) {
    it(`give each its own results: ${name}`, () => {
      const program = double(executor);
      const runs = [run(program, 3, 0), run(program, 5, 10), run(program, 3, 100)];
      const together = bindTogether(runs);
      together();
      assert.deepEqual(
        runs.map(({ outputs }) => Array.from(outputs.y.data)),
        [
          [0, 2, 4],
          [20, 22, 24, 26, 28],
          [200, 202, 204],
        ],
      );
      assert.deepEqual(
        runs.map(({ outputs }) => outputs.j.data[0]),
        [1, 11, 101],
      );
    });
  }

  it('read their inputs anew each time, a thousand times', () => {
    const program = double();
    const runs = [run(program, 2, 0), run(program, 2, 0)];
    const together = bindTogether(runs);
    for (let k = 0; k < 1000; k++) {
      for (const { inputs } of runs) (inputs.x.data as Float32Array).fill(k);
      together();
      for (const { outputs } of runs) assert.equal(outputs.y.data[1], 2 * k);
    }
  });

  it('may be other programs', () => {
    const square = compile(({ x }) => ({ y: tf.square(x!) }), { name: 'square' });
    const [a, b] = [float32([2]), float32([2])];
    const x = float32([2], [3, 4]);
    bindTogether([
      { program: square, inputs: { x }, outputs: { y: a } },
      { program: compile(({ x: z }) => ({ y: tf.neg(z!) }), { name: 'negative' }), inputs: { x }, outputs: { y: b } },
    ])();
    assert.deepEqual(
      [Array.from(a.data), Array.from(b.data)],
      [
        [9, 16],
        [-3, -4],
      ],
    );
  });

  it('are at least one', () => {
    assert.throws(() => bindTogether([]), { code: 'internal' });
  });
});
