/**
 * What tfjs 4.22 gets wrong and we write around. Each test pins the trap as it is: one that fails means that tfjs
 * was repaired or changed, and the detour named beside it can go.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { tf } from '../../nn/engine/tf.ts';
import { wave } from './close.ts';

describe('traps of tfjs that we keep out of', () => {
  before(() => tf.setBackend('cpu'));

  it('the backward pass of a product with broadcast batch axes throws: dense layers reshape to rows', () => {
    const [x, weight] = [wave([4, 3, 2], 1.3), wave([2, 5], 0.7)];
    assert.deepEqual(tf.matMul(x, weight).shape, [4, 3, 5], 'forward it works');
    assert.throws(() => tf.grad((w: tf.Tensor) => tf.sum(tf.matMul(x, w)))(weight), /gradient of input 'b' has shape/);
  });

  it('the gradient of gather walks over every row of the table: embeddings scatter instead', () => {
    const kernels = kernelsOf(() => tf.grad((t: tf.Tensor) => tf.sum(tf.gather(t, [1, 1])))(wave([3, 2], 1)));
    assert.ok(kernels.includes('UnsortedSegmentSum'), kernels.join(' '));
  });

  it('scatterND adds up updates of the same place, which the embedding relies on', () => {
    const sum = tf.scatterND(tf.tensor2d([[1], [1], [0]], [3, 1], 'int32'), tf.tensor1d([2, 3, 4]), [3]);
    assert.deepEqual([...sum.dataSync()], [4, 5, 0]);
  });

  it('the gradient of broadcastTo is a slice and an addition for each repetition: we add to zeros', () => {
    const gradient = (f: (x: tf.Tensor) => tf.Tensor): string[] =>
      kernelsOf(() => tf.grad((x: tf.Tensor) => tf.sum(tf.square(f(x))))(tf.ones([3])));
    const broadcast = gradient((x) => tf.broadcastTo(x, [50, 3]));
    assert.ok(broadcast.filter((kernel) => kernel === 'Slice').length >= 50, broadcast.join(' '));
    const added = gradient((x) => tf.add(x, tf.zeros([50, 3])));
    assert.ok(added.length < 20, added.join(' '));
  });

  it('multinomial takes probabilities for logits unless told: we draw by Gumbel-max from given noise', () => {
    const probabilities = tf.tensor1d([0.99, 0.01]);
    const share = (normalised: boolean): number =>
      tf.mean(tf.multinomial(probabilities, 2000, 7, normalised)).dataSync()[0]!;
    // softmax of (0.99, 0.01) gives the second e^0.01 / (e^0.99 + e^0.01) = 0.27
    assert.ok(Math.abs(share(false) - 0.27) < 0.05, `unnormalised: ${share(false)}`);
    assert.ok(share(true) < 0.03, `normalised: ${share(true)}`);
  });

  it('an async function in tidy is not an error: what it returns is disposed', async () => {
    const { error } = console;
    const complaints: unknown[] = [];
    console.error = (...text: unknown[]) => complaints.push(...text);
    let result: tf.Tensor;
    try {
      // @ts-expect-error: the types do forbid it
      result = await tf.tidy(async () => tf.scalar(1));
    } finally {
      console.error = error;
    }
    assert.match(String(complaints[0]), /Cannot return a Promise inside of tidy/);
    assert.ok(result.isDisposed);
  });

  it('second derivatives through kernels that save their output are wrong: no gradient penalties by autodiff', () => {
    // d/dx of (d/dx f)^2 within variableGrads, against central differences of the inner gradient
    const weight = tf.variable(tf.tensor1d([0.7]));
    const penalty = (f: (x: tf.Tensor) => tf.Tensor) => (): tf.Scalar =>
      tf.sum<tf.Scalar>(tf.square(tf.grad((x: tf.Tensor) => tf.sum(f(tf.mul(x, weight))))(tf.tensor1d([0.9]))));
    const error = (f: (x: tf.Tensor) => tf.Tensor): number => {
      const { grads } = tf.variableGrads(penalty(f), [weight]);
      const [low, high] = [0.69, 0.71].map((w) => {
        weight.assign(tf.tensor1d([w]));
        return penalty(f)().dataSync()[0]!;
      });
      weight.assign(tf.tensor1d([0.7]));
      return Math.abs(Object.values(grads)[0]!.dataSync()[0]! - (high! - low!) / 0.02);
    };
    assert.ok(error((x) => tf.square(x)) < 1e-2, 'kernels that save their input are right');
    assert.ok(error((x) => tf.softplus(x)) < 1e-2);
    assert.ok(error((x) => tf.tanh(x)) > 0.1, 'tanh is silently wrong');
    assert.ok(error((x) => tf.sigmoid(x)) > 0.01, 'sigmoid is silently wrong');
    weight.dispose();
  });

  for (const [name, run] of [
    ['einsum', (x: tf.Tensor) => tf.einsum('ij,jk->ik', x, tf.ones([2, 2]))],
    ['cumprod', (x: tf.Tensor) => tf.cumprod(x, 0)],
    ['gatherND', (x: tf.Tensor) => tf.gatherND(x, tf.tensor2d([[0, 1]], [1, 2], 'int32'))],
    ['topk', (x: tf.Tensor) => tf.topk(x, 1).values],
    ['stridedSlice', (x: tf.Tensor) => tf.stridedSlice(x, [0, 0], [2, 2], [1, 1])],
  ] as const)
    it(`${name} has no gradient`, () => {
      assert.throws(() => tf.grad((x: tf.Tensor) => tf.sum(run(x)))(wave([2, 2], 1)), /gradient function not found/);
    });
});

describe('traps of the wasm backend', () => {
  before(async () => {
    // Imported here and not at the top: importing it makes it the default of the whole process, and not yet ready.
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const folder = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
    // Without the trailing slash the file name is glued to the folder's.
    setWasmPaths(`${folder}/`);
    assert.ok(await tf.setBackend('wasm'));
  });

  after(() => tf.setBackend('cpu'));

  it('fused.matMul with a bias is wrong when an operand is transposed: we multiply and add', () => {
    tf.tidy(() => {
      const [a, b, bias] = [tf.ones([2, 4]), tf.ones([3, 4]), tf.tensor1d([1, 2, 3])];
      const fused = tf.fused.matMul({ a, b, transposeB: true, bias } as Parameters<typeof tf.fused.matMul>[0]);
      assert.deepEqual(fused.arraySync(), [
        [5, 6, 7],
        [7, 7, 7],
      ]);
      const plain = tf.add(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true), bias);
      assert.deepEqual(plain.arraySync(), [
        [5, 6, 7],
        [5, 6, 7],
      ]);
    });
  });

  it('weights written in place are not seen by the next product: weights are new tensors', () => {
    const [x, weight] = [tf.ones<tf.Rank.R2>([1, 4]), tf.variable(tf.ones<tf.Rank.R2>([4, 1]))];
    const product = (): number => tf.tidy(() => tf.matMul(x, weight).dataSync()[0]!);
    assert.equal(product(), 4);
    const backend = tf.backend() as unknown as {
      typedArrayFromHeap(info: { shape: number[]; dtype: string; dataId: object }): Float32Array;
    };
    backend.typedArrayFromHeap({ shape: [4, 1], dtype: 'float32', dataId: weight.dataId }).fill(5);
    assert.equal(weight.dataSync()[0], 5, 'the tensor holds 5');
    assert.equal(product(), 4, 'the product still multiplies by 1');
    weight.assign(tf.fill([4, 1], 5));
    assert.equal(product(), 20);
    tf.dispose([x, weight]);
  });

  it('gradients of gather and of convolution kernels are missing, the scatter of embeddings is not', () => {
    for (const kernel of ['UnsortedSegmentSum', 'Conv2DBackpropFilter', 'Einsum'])
      assert.equal(tf.getKernel(kernel, 'wasm'), undefined, kernel);
    assert.notEqual(tf.getKernel('ScatterNd', 'wasm'), undefined);
  });
});

/** The names of the kernels that `run` runs. */
function kernelsOf(run: () => unknown): string[] {
  const names: string[] = [];
  const engine = tf.engine();
  const original = engine.runKernel;
  engine.runKernel = function <T extends tf.Tensor | tf.Tensor[]>(
    this: typeof engine,
    ...[name, ...rest]: Parameters<typeof original>
  ): T {
    names.push(name);
    return original.call(this, name, ...rest) as T;
  };
  try {
    tf.tidy(() => {
      run();
    });
  } finally {
    engine.runKernel = original;
  }
  return names;
}
