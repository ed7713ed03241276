import assert from 'node:assert/strict';
import { nearest } from '../../../agents/image-codes/codebook.ts';
import { ImageCodesLearner, imageCodesTrainingDefaults } from '../../../agents/image-codes/index.ts';
import { Autoencoder, type AutoencoderOf, scaled } from '../../../agents/image-codes/network.ts';
import type { ImageCodesOptions } from '../../../agents/image-codes/options.ts';
import { lossesOf } from '../../../agents/image-codes/programs.ts';
import { stream } from '../../../core/index.ts';
import { tf } from '../../../nn/engine/tf.ts';
import { eagerExecutor, type Layout, layoutOf, onnxExecutor, pack, unpackTensors } from '../../../nn/index.ts';
import { assertClose } from '../../nn/close.ts';

const OPTIONS: ImageCodesOptions = { shape: [8, 4, 2], down: 4, codes: 6, features: 3, width: 6, blocks: 1 };

/** An autoencoder with pictures, and the codes that it chose for them. */
function chosen() {
  const network = new Autoencoder(OPTIONS);
  const source = stream(5, 'gradients');
  const parameters = network.init(source);
  const layout: Layout<AutoencoderOf<unknown>> = layoutOf(parameters);
  const flat = tf.tensor1d(pack(parameters).data as Float32Array);
  const tree = (x: tf.Tensor) => unpackTensors(x as tf.Tensor1D, layout) as AutoencoderOf<tf.Tensor>;
  const pixels = tf.tensor4d(
    Float32Array.from({ length: 3 * 64 }, () => source.between(0, 255)),
    [3, 8, 4, 2],
  );
  const codebook = tf.tensor2d(
    Float32Array.from({ length: 18 }, () => source.normal()),
    [6, 3],
  );
  const z = network.encode(tree(flat).encoder, pixels);
  const e = tf.reshape(tf.gather(codebook, nearest(tf.reshape(z, [-1, 3]), codebook)), z.shape);
  return { network, layout, flat, tree, pixels, z, e };
}

/** The gradient along `direction`, by central differences. */
function slope(f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, direction: tf.Tensor, step = 2e-3): number {
  const at = (t: number): number => f(tf.add(x, tf.mul(direction, t))).dataSync()[0]!;
  return (at(step) - at(-step)) / (2 * step);
}

describe('the gradient of image codes', () => {
  before(() => tf.setBackend('cpu'));

  it('passes the quantiser as if what it adds were constant, for every tensor', () => {
    const { network, layout, flat, tree, pixels, z, e } = chosen();
    const beta = 0.25;
    const gradient = tf
      .grad((x: tf.Tensor) => {
        const { reconstruction, commitment } = lossesOf(network, tree(x), pixels, e);
        return tf.add(reconstruction, tf.mul(commitment, beta));
      })(flat)
      .dataSync();

    // The same without a quantiser: z is moved by what the quantiser moved it here, and drawn to where it got.
    const moved = tf.sub(e, z);
    const surrogate = (x: tf.Tensor): tf.Tensor => {
      const { encoder, decoder } = tree(x);
      const vectors = network.encode(encoder, pixels);
      const painted = network.decode(decoder, tf.add(vectors, moved));
      const reconstruction = tf.mean(tf.square(tf.sub(painted, scaled(pixels))));
      return tf.add(reconstruction, tf.mul(tf.mean(tf.square(tf.sub(vectors, e))), beta));
    };
    const source = stream(6, 'directions');
    assert.equal(layout.slots.length, 22);
    for (const { path, offset, size } of layout.slots) {
      const data = new Float32Array(flat.size);
      for (let i = offset; i < offset + size; i++) data[i] = source.normal() / Math.sqrt(size);
      const wanted = slope(surrogate, flat, tf.tensor1d(data));
      const got = data.reduce((sum, x, i) => sum + x * gradient[i]!, 0);
      // float32 leaves three digits to a difference of losses of order 1 at this step; relu may bend within it.
      const tolerance = 5e-3 + 0.02 * Math.abs(wanted);
      assert.ok(Math.abs(got - wanted) < tolerance, `${path}: wanted ${wanted}, got ${got}`);
      const largest = Math.max(...Array.from(gradient.slice(offset, offset + size), Math.abs));
      assert.ok(largest > 1e-4, `${path} learns nothing: ${largest}`);
    }
  });

  it('draws the encoder alone to its codes, with beta on that term', () => {
    const { network, layout, flat, tree, pixels, z, e } = chosen();
    const commitment = (x: tf.Tensor): tf.Tensor => lossesOf(network, tree(x), pixels, e).commitment;
    const gradient = tf.grad(commitment)(flat).dataSync();
    for (const { path, offset, size } of layout.slots) {
      const isZero = gradient.slice(offset, offset + size).every((x) => x === 0);
      assert.equal(isZero, path.startsWith('decoder/'), path);
    }
    // The bias of the last layer is what every vector is moved by: 2 (z - e) / (numbers of z), summed over vectors.
    const wanted = tf.sum(tf.reshape(tf.mul(tf.sub(z, e), 2 / z.size), [-1, 3]), 0).dataSync();
    const { offset, size } = layout.slots.find(({ path }) => path === 'encoder/output/bias')!;
    assertClose(gradient.slice(offset, offset + size), wanted, 1e-5);
  });

  it('leaves the codebook to its averages, whatever beta is', () => {
    const after = [0, 10].map((commitment) => {
      const training = { ...imageCodesTrainingDefaults, batch: 4, commitment };
      const learner = new ImageCodesLearner(OPTIONS, training, stream(1, 'learner'));
      const source = stream(2, 'pixels');
      for (let i = 0; i < learner.pixels.length; i++) learner.pixels[i] = source.between(0, 255);
      learner.update();
      const { tensors } = learner.save();
      learner.dispose();
      const codebook = Object.entries(tensors).filter(([name]) => name.startsWith('codebook/'));
      return {
        codebook: codebook.map(([name, { data }]) => [name, [...data]]),
        parameters: [...tensors.parameters!.data],
      };
    });
    assert.equal(after[0]!.codebook.length, 3);
    assert.deepEqual(after[0]!.codebook, after[1]!.codebook);
    assert.notDeepEqual(after[0]!.parameters, after[1]!.parameters);
  });

  it('makes the same step compiled and eager', () => {
    const training = { ...imageCodesTrainingDefaults, batch: 4 };
    const [compiled, eager] = [onnxExecutor(), eagerExecutor({ backend: 'cpu' })].map((executor) => {
      const learner = new ImageCodesLearner(OPTIONS, training, stream(1, 'learner'), executor);
      const source = stream(2, 'pixels');
      for (let i = 0; i < learner.pixels.length; i++) learner.pixels[i] = source.between(0, 255);
      const metrics = learner.update();
      const { tensors } = learner.save();
      learner.dispose();
      return { metrics, tensors };
    });
    assertClose(Object.values(eager!.metrics), Object.values(compiled!.metrics), 1e-4);
    assert.ok(compiled!.metrics.revived > 0);
    for (const [name, { data }] of Object.entries(compiled!.tensors)) {
      // Adam's first step is the sign of a gradient times the rate, whatever its size: near 0 rounding decides it.
      if (name !== 'parameters') assertClose(eager!.tensors[name]!.data, data, 1e-4);
    }
  });
});
