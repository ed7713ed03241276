import assert from 'node:assert/strict';
import { LightbulbError } from '../../core/index.ts';
import { tf } from '../../nn/engine/tf.ts';
import { float32, type Value } from '../../nn/engine/value.ts';
import * as optimisers from '../../nn/optimisers/index.ts';
import {
  adam,
  adamw,
  addDecayedWeights,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  decayMatrices,
  flatten,
  globalNorm,
  rmsprop,
  scale,
  scaleByAdam,
  scaleByLearningRate,
  scaleBySchedule,
  sgd,
  type Tensors,
  type Transform,
  type TransformState,
} from '../../nn/optimisers/index.ts';
import { leaves, mapTree, type Tree } from '../../nn/tree.ts';
import { assertClose } from './close.ts';

const upload = (tree: Tree<Value>): Tensors => mapTree(tree, ({ data, shape }: Value) => tf.tensor(data, [...shape]));

/** The parameters after each of four fixed gradients, as in the PyTorch runs below. */
function path(make: () => Transform): number[][] {
  return tf.tidy(() => {
    const start = float32([3], [1, -2, 0.5]);
    let parameters = upload(start);
    let state = upload(make().init(start)) as TransformState;
    return [1, 2, -3, 4].map((factor) => {
      const gradients = tf.tensor1d([0.1, -0.4, 0.02].map((g) => g * factor));
      const step = make().update(gradients, state, parameters);
      parameters = applyUpdates(parameters, step.updates);
      state = step.state;
      return [...(parameters as tf.Tensor).dataSync()];
    });
  });
}

describe('optimisers', () => {
  // Each list: PyTorch 2.13, p = [1, -2, 0.5], gradients [0.1, -0.4, 0.02] * (1, 2, -3, 4), p after each of four steps.
  const recorded: [call: string, make: () => Transform, expected: number[][]][] = [
    [
      'Adam(lr=0.1)',
      () => adam({ learningRate: 0.1 }),
      [
        [0.9, -1.9, 0.4],
        [0.8034818, -1.8034818, 0.3034819],
        [0.8101417, -1.8101417, 0.3101418],
        [0.7714133, -1.7714132, 0.2714133],
      ],
    ],
    [
      'Adam(lr=0.01, betas=(0.8, 0.95), eps=1e-2)',
      () => adam({ learningRate: tf.scalar(0.01), beta1: 0.8, beta2: 0.95, epsilon: 1e-2 }),
      [
        [0.9909091, -1.9902439, 0.4933333],
        [0.9817223, -1.9806314, 0.4859021],
        [0.9830814, -1.9820365, 0.4870592],
        [0.9791147, -1.9779643, 0.4835738],
      ],
    ],
    [
      'AdamW(lr=0.1, weight_decay=0.3)',
      () => adamw({ learningRate: 0.1, weightDecay: 0.3 }),
      [
        [0.87, -1.84, 0.385],
        [0.7473818, -1.6882819, 0.2769319],
        [0.7316203, -1.6442933, 0.2752838],
        [0.6709433, -1.556236, 0.2282969],
      ],
    ],
    [
      'RMSprop(lr=0.1)',
      () => rmsprop({ learningRate: 0.1 }),
      [
        [1e-6, -1.0000002, -0.499995],
        [-0.8953217, -0.1046773, -1.3953161],
        [-0.0918174, -0.9081817, -0.5918127],
        [-0.824552, -0.175447, -1.3245467],
      ],
    ],
    [
      'RMSprop(lr=0.1, alpha=0.9, eps=1e-3, centered=True, momentum=0.7)',
      () => rmsprop({ learningRate: 0.1, decay: 0.9, epsilon: 1e-3, centred: true, momentum: 0.7 }),
      [
        [0.6774194, -1.6694216, 0.2142857],
        [0.142543, -1.1253226, -0.2767915],
        [0.02512, -1.0031055, -0.3720693],
        [-0.3002136, -0.6733027, -0.6761299],
      ],
    ],
    [
      'SGD(lr=0.1)',
      () => sgd({ learningRate: 0.1 }),
      [
        [0.99, -1.96, 0.498],
        [0.97, -1.88, 0.494],
        [1.0, -2.0, 0.5],
        [0.96, -1.84, 0.492],
      ],
    ],
    [
      'SGD(lr=0.1, momentum=0.9)',
      () => sgd({ learningRate: 0.1, momentum: 0.9 }),
      [
        [0.99, -1.96, 0.498],
        [0.961, -1.844, 0.4922],
        [0.9649, -1.8596, 0.49298],
        [0.92841, -1.71364, 0.485682],
      ],
    ],
    [
      'SGD(lr=0.1, momentum=0.9, nesterov=True)',
      () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
      [
        [0.981, -1.924, 0.4962],
        [0.9349, -1.7396, 0.48698],
        [0.96841, -1.8736401, 0.493682],
        [0.895569, -1.5822761, 0.4791138],
      ],
    ],
  ];
  for (const [call, make, expected] of recorded)
    it(`steps as PyTorch's ${call}`, () => {
      const got = path(make);
      for (const [step, wanted] of expected.entries()) assertClose(got[step]!, wanted, 2e-6);
    });

  it('rmsprop puts epsilon inside the root and begins at one where asked, as TensorFlow 1 did', () => {
    // by hand: v = 0.9 * 1 + 0.1 * 0.01 = 0.901; 1 - 0.1 * 0.1 / sqrt(0.901 + 0.1) = 0.990005
    const [first] = path(() =>
      rmsprop({ learningRate: 0.1, decay: 0.9, epsilon: 0.1, epsilonPlace: 'inside', initialScale: 1 }),
    );
    assertClose([first![0]!], [1 - 0.01 / Math.sqrt(1.001)], 1e-6);
  });

  it('the bias correction of Adam is exact from the first step to the thousandth', () => {
    // With a constant gradient g, m / c1 = g and v / c2 = g^2: each update is g / (|g| + epsilon), whatever the betas.
    tf.tidy(() => {
      const transform = scaleByAdam({ epsilon: 0 });
      let state = upload(transform.init(float32([]))) as never;
      for (let step = 1; step <= 1000; step++) {
        const result = transform.update(tf.scalar(-0.3), state, tf.scalar(0));
        state = result.state as never;
        if (step < 4 || step === 1000) assertClose((result.updates as tf.Tensor).dataSync(), [-1], 1e-5);
      }
    });
  });

  it('clips by the norm of all leaves together and leaves short gradients alone', () => {
    tf.tidy(() => {
      // by hand: norm of (3, 4, 12) is 13
      const gradients = { a: tf.tensor1d([3, 4]), b: { c: tf.scalar(12) } };
      assert.equal(globalNorm(gradients).dataSync()[0], 13);
      const clip = (maximum: number): number[] =>
        leaves(clipByGlobalNorm(maximum).update(gradients, {}, gradients).updates).flatMap(([, x]) => [
          ...x.dataSync(),
        ]);
      assertClose(clip(6.5), [1.5, 2, 6], 1e-6);
      assert.deepEqual(clip(13.5), [3, 4, 12]);
      const still = clipByGlobalNorm(1).update(tf.zeros([2]), {}, tf.zeros([2])).updates as tf.Tensor;
      assert.deepEqual([...still.dataSync()], [0, 0]);
      const broken = clipByGlobalNorm(1).update(tf.tensor1d([Number.NaN, 1]), {}, tf.zeros([2])).updates as tf.Tensor;
      assert.ok(broken.dataSync().every(Number.isNaN), 'a norm that is not a number must be noticed');
    });
  });

  it('flattened, steps as it does leaf by leaf', () => {
    tf.tidy(() => {
      const start = { w: float32([2, 2], [1, 2, 3, 4]), b: { c: float32([], [5]) } };
      const gradients = upload({ w: float32([2, 2], [0.1, -0.2, 0.3, -0.4]), b: { c: float32([], [2]) } });
      const inner = chain(clipByGlobalNorm(1), scaleByAdam(), scaleByLearningRate(0.1));
      const results = [inner, flatten(inner)].map((transform) => {
        let parameters = upload(start);
        let state = upload(transform.init(start)) as TransformState;
        for (let i = 0; i < 3; i++) {
          const step = transform.update(gradients, state, parameters);
          parameters = applyUpdates(parameters, step.updates);
          state = step.state;
        }
        return leaves(parameters);
      });
      for (const [i, [name, leaf]] of results[0]!.entries()) {
        assert.equal(results[1]![i]![0], name);
        assert.deepEqual(results[1]![i]![1].shape, leaf.shape);
        assertClose(results[1]![i]![1].dataSync(), leaf.dataSync(), 1e-7);
      }
    });
  });

  it('decays the leaves under the mask only', () => {
    tf.tidy(() => {
      const parameters = { w: tf.tensor2d([[2, 4]]), b: tf.tensor1d([8]) };
      const gradients = { w: tf.zeros([1, 2]), b: tf.zeros([1]) };
      const { updates } = addDecayedWeights(0.5, decayMatrices).update(gradients, {}, parameters);
      assert.deepEqual(
        leaves(updates).map(([path, leaf]) => [path, ...leaf.dataSync()]),
        [
          ['b', 0],
          ['w', 1, 2],
        ],
      );
    });
  });

  it('counts for a schedule within the program, from 0', () => {
    tf.tidy(() => {
      const transform = scaleBySchedule((count) => tf.add(count, 10));
      let state = { count: tf.scalar(0) };
      const seen = [0, 1, 2].map(() => {
        const step = transform.update(tf.scalar(1), state, tf.scalar(0));
        state = step.state;
        return (step.updates as tf.Tensor).dataSync()[0];
      });
      assert.deepEqual(seen, [10, 11, 12]);
    });
  });

  it('names the states in a chain, and leaves out empty ones', () => {
    const transform = chain(clipByGlobalNorm(1), scale(2), scaleByAdam());
    const state = transform.init(float32([2]));
    assert.deepEqual(
      leaves<Value>(state).map(([name]) => name),
      [
        '2_scaleByAdam/correction/mean',
        '2_scaleByAdam/correction/variance',
        '2_scaleByAdam/mean',
        '2_scaleByAdam/variance',
      ],
    );
  });
});

describe('schedules', () => {
  const { cosineSchedule, exponentialSchedule, linearSchedule, piecewiseSchedule, warmupCosineSchedule } = optimisers;
  it('take the values worked out by hand', () => {
    assert.equal(optimisers.constantSchedule(3)(99), 3);
    assert.deepEqual([0, 5, 10, 11].map(linearSchedule(1, 0.5, 10)), [1, 0.75, 0.5, 0.5]);
    // (1 + cos(pi / 3)) / 2 = 0.75; (1 + cos(pi / 2)) / 2 = 0.5
    assertClose([0, 2, 3, 6, 7].map(cosineSchedule(1, 0, 6)), [1, 0.75, 0.5, 0, 0], 1e-12);
    const warm = warmupCosineSchedule({ peak: 2, warmupSteps: 4, steps: 10, initial: 1, end: 0.2 });
    assertClose([0, 1, 4, 6, 7, 10, 20].map(warm), [1, 1.25, 2, 1.55, 1.1, 0.2, 0.2], 1e-12);
    assert.deepEqual([0, 9, 10, 19, 20].map(piecewiseSchedule([3, 2, 1], [10, 20])), [3, 3, 2, 2, 1]);
    assertClose(
      [0, 5, 10, 99].map(exponentialSchedule({ from: 1, rate: 0.25, steps: 10, end: 0.1 })),
      [1, 0.5, 0.25, 0.1],
      1e-12,
    );
    assert.equal(exponentialSchedule({ from: 1, rate: 0.25, steps: 10, staircase: true })(9), 1);
  });

  it('refuse to last no time at all', () => {
    for (const make of [
      () => linearSchedule(1, 0, 0),
      () => piecewiseSchedule([1], [10]),
      () => piecewiseSchedule([1, 2, 3], [10, 10]),
      () => warmupCosineSchedule({ peak: 1, warmupSteps: 10, steps: 10 }),
    ])
      assert.throws(make, (error: unknown) => error instanceof LightbulbError && error.code === 'invalid_input');
  });
});
