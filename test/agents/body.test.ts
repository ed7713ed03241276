import assert from 'node:assert/strict';
import { type Body, createBody, type Memory } from '../../agents/body.ts';
import { pictureSizes } from '../../agents/body-convolution.ts';
import type { NetworkOptions } from '../../agents/index.ts';
import { stream } from '../../core/index.ts';
import { compile, float32, leaves, mapTree, onnxExecutor, type Tree, tf, type Value } from '../../nn/index.ts';
import type { Space } from '../../worlds/index.ts';
import { assertClose } from '../nn/close.ts';
import { network } from './probes.ts';

const executor = onnxExecutor();

function normals(shape: readonly number[], name: string): Value {
  const value = float32(shape);
  stream(2, name).fillNormal(value.data as Float32Array);
  return value;
}

/** The features (and memory) of rows x, by a compiled program; parameters are constants of it. */
function run(
  body: Body,
  parameters: Tree<Value>,
  x: Value,
  memory?: { readonly state: Value; readonly keep: Value; readonly steps: number },
): { readonly features: Float32Array; readonly memory: Float32Array | undefined } {
  const program = compile(
    (inputs) => {
      const held = mapTree(parameters, (leaf: Value) => tf.tensor(leaf.data, [...leaf.shape]));
      const given: Memory | undefined =
        memory === undefined ? undefined : { state: inputs.state!, keep: inputs.keep!, steps: memory.steps };
      const result = body.apply(held as Tree<tf.Tensor>, inputs.x!, given);
      return { features: result.features, ...(result.memory === undefined ? {} : { memory: result.memory }) };
    },
    { name: 'body', executor },
  );
  const result = program.run({ x, ...(memory === undefined ? {} : { state: memory.state, keep: memory.keep }) });
  program.dispose();
  return { features: result.features!.data as Float32Array, memory: result.memory?.data as Float32Array | undefined };
}

const paths = (parameters: Tree<Value>): string[] => leaves<Value>(parameters).map(([path]) => path);
const initial = (body: Body): Tree<Value> => body.initialise(stream(1, 'test/body'));
const picture: Space = { type: 'box', shape: [6, 5, 2], low: 0, high: 255, dtype: 'uint8' };

describe('a body', () => {
  it('without hidden layers hands on what it sees', () => {
    const body = createBody(3, null, network({ hidden: [] }));
    assert.equal(body.features, 3);
    assert.deepEqual([...run(body, {}, float32([2, 3], [1, 2, 3, 4, 5, 6])).features], [1, 2, 3, 4, 5, 6]);
  });

  it('with layerNorm standardises its input and the output of every layer', () => {
    const body = createBody(4, null, network({ hidden: [5, 6], layerNorm: true }));
    const parameters = initial(body);
    assert.deepEqual(
      paths(parameters).filter((path) => path.endsWith('scale')),
      ['hidden/0/norm/scale', 'hidden/1/norm/scale', 'input/scale'],
    );
    const { features } = run(body, parameters, normals([3, 4], 'x'));
    for (let row = 0; row < 3; row++) {
      const x = [...features.subarray(row * 6, (row + 1) * 6)];
      const mean = x.reduce((sum, xi) => sum + xi, 0) / 6;
      const variance = x.reduce((sum, xi) => sum + (xi - mean) ** 2, 0) / 6;
      assertClose([mean, variance], [0, 1], 1e-3);
    }
    // The scale and offset of the whole input are normalised away.
    const x = normals([3, 4], 'x');
    const moved = float32(
      [3, 4],
      (x.data as Float32Array).map((xi) => 100 * xi + 7),
    );
    assertClose(run(body, parameters, moved).features, features, 1e-3);
  });

  it('scales pictures to 0..1, with convolutions and without', () => {
    const x = float32(
      [1, 60],
      Array.from({ length: 60 }, (_, i) => (i * 4) % 256),
    );
    const plain = createBody(60, picture, network({ hidden: [] }));
    assertClose(
      run(plain, {}, x).features,
      Array.from(x.data, (xi) => xi / 255),
      1e-6,
    );
    const options = network({ hidden: [], activation: 'relu', convolution: [{ filters: 1, size: 1, stride: 1 }] });
    const body = createBody(60, picture, options);
    const kernel = { '0': { kernel: float32([1, 1, 2, 1], [1, 0]), bias: float32([1]) } };
    assertClose(
      run(body, { convolution: kernel }, x).features,
      Array.from({ length: 30 }, (_, i) => x.data[2 * i]! / 255),
      1e-6,
    );
  });

  it('convolves as a sum over windows does', () => {
    const layers = [{ filters: 3, size: 3, stride: 2 }];
    const body = createBody(60, { ...picture, dtype: 'float32' }, network({ hidden: [], convolution: layers }));
    const parameters = initial(body) as { convolution: { '0': { kernel: Value; bias: Value } } };
    const { kernel } = parameters.convolution['0'];
    const x = normals([2, 60], 'picture');
    // 6 x 5 with kernels of 3 at strides of 2: rows 0 and 2, columns 0 and 2
    assert.deepEqual(pictureSizes([6, 5], layers), [[2, 2]]);
    assert.equal(body.features, 12);
    const wanted: number[] = [];
    for (let r = 0; r < 2; r++)
      for (let y = 0; y < 2; y++)
        for (let z = 0; z < 2; z++)
          for (let f = 0; f < 3; f++) {
            let sum = 0;
            for (let dy = 0; dy < 3; dy++)
              for (let dz = 0; dz < 3; dz++)
                for (let c = 0; c < 2; c++)
                  sum +=
                    x.data[r * 60 + ((2 * y + dy) * 5 + 2 * z + dz) * 2 + c]! *
                    kernel.data[((dy * 3 + dz) * 2 + c) * 3 + f]!;
            wanted.push(Math.tanh(sum));
          }
    assertClose(run(body, parameters, x).features, wanted, 1e-5);
  });

  it('convolves the one picture of a dict, and hands the other numbers on as they are', () => {
    const pixels: Space = { type: 'box', shape: [3, 4, 2], low: 0, high: 255, dtype: 'uint8' };
    // In the order of names: 2 numbers, 24 pixels, 3 of a choice.
    const space: Space = {
      type: 'dict',
      spaces: { b: pixels, a: { type: 'box', shape: [2], low: -9, high: 9 }, c: { type: 'discrete', n: 3 } },
    };
    const options = network({ hidden: [], convolution: [{ filters: 2, size: 2, stride: 1 }] });
    const body = createBody(29, space, options);
    const alone = createBody(24, pixels, options);
    const parameters = initial(body);
    const x = normals([2, 29], 'dict');
    const pixelsOf = float32(
      [2, 24],
      [0, 1].flatMap((row) => [...(x.data as Float32Array).subarray(row * 29 + 2, row * 29 + 26)]),
    );
    const convolved = run(alone, parameters, pixelsOf).features;
    assert.equal(body.features, alone.features + 5);
    const wanted = [0, 1].flatMap((row) => {
      const others = [0, 1, 26, 27, 28].map((i) => x.data[row * 29 + i]!);
      return [...convolved.subarray(row * alone.features, (row + 1) * alone.features), ...others];
    });
    assertClose(run(body, parameters, x).features, wanted, 1e-6);
  });

  it('has the parameters that its options ask for, and no others', () => {
    const everything: NetworkOptions = {
      hidden: [4],
      activation: 'silu',
      layerNorm: true,
      gru: 3,
      lstm: null,
      convolution: [{ filters: 2, size: 3, stride: 1 }],
    };
    assert.deepEqual(paths(initial(createBody(60, picture, everything))), [
      'convolution/0/bias',
      'convolution/0/kernel',
      'gru/hidden/bias',
      'gru/hidden/weight',
      'gru/input/bias',
      'gru/input/weight',
      'hidden/0/bias',
      'hidden/0/norm/offset',
      'hidden/0/norm/scale',
      'hidden/0/weight',
      'input/offset',
      'input/scale',
      'output/offset',
      'output/scale',
    ]);
    assert.deepEqual(paths(initial(createBody(3, null, network({ hidden: [4] })))), [
      'hidden/0/bias',
      'hidden/0/weight',
    ]);
  });
});

describe('a body with a memory', () => {
  const [L, R, D, units] = [5, 3, 2, 4];
  for (const [name, memory, size, layerNorm] of [
    ['a GRU', { gru: units }, units, false],
    ['a GRU, with layerNorm', { gru: units }, units, true],
    ['an LSTM', { lstm: units }, 2 * units, false],
  ] as const) {
    it(`unrolled is what it is step by step: ${name}`, () => {
      const body = createBody(D, null, network({ hidden: [6], ...memory, layerNorm }));
      assert.deepEqual([body.features, body.memorySize], [units, size]);
      const parameters = initial(body);
      const x = normals([L * R, D], 'x');
      const start = normals([R, size], 'memory');
      // Row 1 starts an episode at step 2, row 2 at step 0.
      const keep = float32(
        [L * R, 1],
        Array.from({ length: L * R }, (_, i) => (i === 2 * R + 1 || i === 2 ? 0 : 1)),
      );
      const whole = run(body, parameters, x, { state: start, keep, steps: L });
      let state = start;
      for (let t = 0; t < L; t++) {
        const at = <X extends Value>(value: X, width: number): Value =>
          float32([R, width], (value.data as Float32Array).slice(t * R * width, (t + 1) * R * width));
        const one = run(body, parameters, at(x, D), { state, keep: at(keep, 1), steps: 1 });
        assertClose(one.features, whole.features.subarray(t * R * units, (t + 1) * R * units), 1e-5);
        state = float32([R, size], one.memory!);
      }
      assertClose(state.data, whole.memory!, 1e-5);
    });
  }

  it('knows nothing from before the start of an episode', () => {
    const body = createBody(D, null, network({ hidden: [], gru: units }));
    const parameters = initial(body);
    const x = normals([R, D], 'x');
    const from = (state: Value, kept: number) =>
      run(body, parameters, x, { state, keep: float32([R, 1], [kept, kept, kept]), steps: 1 });
    const [none, some] = [float32([R, units]), normals([R, units], 'memory')];
    assertClose(from(some, 0).features, from(none, 1).features, 1e-6);
    assert.notDeepEqual(from(some, 1).features, from(none, 1).features);
  });

  it('cannot be run without its memory', () => {
    const body = createBody(D, null, network({ gru: units }));
    assert.throws(() => run(body, initial(body), normals([R, D], 'x')), { code: 'internal' });
  });
});
