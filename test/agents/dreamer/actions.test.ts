import assert from 'node:assert/strict';
import { dreamerActions } from '../../../agents/dreamer/actions.ts';
import { diagonalGaussian, tf } from '../../../nn/index.ts';
import { assertClose } from '../../nn/close.ts';

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

describe("Dreamer's actions", () => {
  it(
    'of choices: one-hot, with 1 % of the uniform in the probabilities',
    inTidy(() => {
      const actions = dreamerActions({ type: 'multiDiscrete', n: [2, 3] });
      assert.deepEqual([actions.size, actions.outputs, actions.noise.size], [5, 5, 5]);
      const outputs = tf.tensor2d([[0, Math.log(3), 0, 0, 0]]);
      const action = tf.tensor2d([[0, 1, 0, 0, 1]]);
      const p = 0.99 * 0.75 + 0.005;
      assertClose(actions.logProbability(outputs, action).dataSync(), [Math.log(p) + Math.log(1 / 3)], 1e-5);
      const entropy = -(p * Math.log(p) + (1 - p) * Math.log(1 - p)) + Math.log(3);
      assertClose(actions.entropy(outputs).dataSync(), [entropy], 1e-5);
      const drawn = actions.draw(outputs, tf.tensor2d([[5, 0, 0, 0, 9]])).dataSync();
      assert.deepEqual([...drawn], [1, 0, 0, 0, 1]);
      const out = new Int32Array(4);
      actions.toEnvironment(drawn, 0, out, 2);
      assert.deepEqual([...out], [0, 0, 0, 2]);
      const back = new Float32Array(5);
      actions.fromEnvironment(out, 2, back, 0);
      assert.deepEqual(back, Float32Array.from(drawn));
    }),
  );

  it(
    'of boxes: -1 to 1 between the bounds, and cut there',
    inTidy(() => {
      const actions = dreamerActions({ type: 'box', shape: [1], low: -1, high: 3 });
      const outputs = tf.tensor2d([[0.5, 0]]);
      const std = 0.1 + 0.9 / (1 + Math.exp(-2));
      const same = diagonalGaussian(tf.tensor2d([[Math.tanh(0.5)]]), tf.tensor2d([[Math.log(std)]]));
      const action = actions.draw(outputs, tf.tensor2d([[2]]));
      assertClose(action.dataSync(), [Math.tanh(0.5) + 2 * std], 1e-5);
      assertClose(actions.logProbability(outputs, action).dataSync(), same.logProbability(action).dataSync(), 1e-5);
      assertClose(actions.entropy(outputs).dataSync(), same.entropy().dataSync(), 1e-5);
      assert.deepEqual([...actions.bounded(action).dataSync()], [1]);
      const out = new Float32Array(1);
      actions.toEnvironment([1], 0, out, 0);
      assert.equal(out[0], 3);
      const back = new Float32Array(1);
      actions.fromEnvironment(Float32Array.of(2), 0, back, 0);
      assert.equal(back[0], 0.5);
    }),
  );
});
