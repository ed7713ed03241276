import assert from 'node:assert/strict';
import { stream } from '../../core/index.ts';
import { tf } from '../../nn/engine/tf.ts';
import type { Value } from '../../nn/engine/value.ts';
import { gru, lstm, type RecurrentOf } from '../../nn/layers/index.ts';
import { mapTree } from '../../nn/tree.ts';
import { assertClose, assertGradient, wave } from './close.ts';

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

// T = 3, B = 2, D = 2, H = 3, as in the recorded runs.
const x = (): tf.Tensor => wave([3, 2, 2], 1.3);

/** PyTorch's weights are [G H, in]: waves of these shapes, turned over. */
const parameters = (gates: number): RecurrentOf<tf.Tensor> => ({
  input: { weight: tf.transpose(wave([gates * 3, 2], 0.7)), bias: wave([gates * 3], 1.1) },
  hidden: { weight: tf.transpose(wave([gates * 3, 3], 0.9)), bias: wave([gates * 3], 1.7) },
});

const zeroLstm = (): { hidden: tf.Tensor; cell: tf.Tensor } => ({ hidden: tf.zeros([2, 3]), cell: tf.zeros([2, 3]) });

describe('recurrent layers', () => {
  it(
    'a GRU runs as torch.nn.GRU, gradients included',
    inTidy(() => {
      // torch.nn.GRU(2, 3) with weight_ih = wave 0.7, weight_hh = wave 0.9, bias_ih = wave 1.1, bias_hh = wave 1.7,
      // x = wave 1.3, h0 = wave 2.1: all outputs, then the gradient of their sum of squares by row 0 of weight_hh and bias_hh
      const expected = [
        0.0142481, 0.182326, -0.1041268, 0.0197045, 0.3665819, 0.0186697, -0.1220831, 0.2572294, 0.2484272, 0.071455,
        0.2705301, 0.0848235, -0.2496397, 0.4375369, 0.4554127, 0.0345039, 0.178551, 0.1349736,
      ];
      const own = parameters(3);
      const { output, carry } = gru.sequence(own, wave([2, 3], 2.1), x());
      assert.deepEqual(output.shape, [3, 2, 3]);
      assertClose(output.dataSync(), expected, 1e-6);
      assertClose(carry.dataSync(), expected.slice(12), 1e-6);

      const [byWeight, byBias] = tf.grads((weight: tf.Tensor, bias: tf.Tensor) =>
        tf.sum(tf.square(gru.sequence({ ...own, hidden: { weight, bias } }, wave([2, 3], 2.1), x()).output)),
      )([own.hidden.weight, own.hidden.bias]);
      assertClose(
        tf.slice(tf.transpose(byWeight!), [0, 0], [1, 3]).dataSync(),
        [-0.0044608, 0.0085073, 0.0023119],
        1e-5,
      );
      assertClose(
        byBias!.dataSync(),
        [0.0419802, -0.1256677, 0.1046029, -0.0530835, 0.047068, -0.4582806, -0.1962321, 1.867965, 0.6178567],
        1e-5,
      );
    }),
  );

  it(
    'an LSTM runs as torch.nn.LSTM, gradients included',
    inTidy(() => {
      // As above with torch.nn.LSTM(2, 3) and c0 = wave 2.9; the last cell state, the gradient by bias_hh.
      const expected = [
        -0.0425858, 0.00028, 0.0576639, 0.0240694, 0.0079334, 0.2232586, -0.1103157, 0.0376964, 0.178877, -0.0050766,
        0.0367471, 0.2168844, -0.1514173, 0.0686861, 0.2474312, -0.0406014, 0.0276112, 0.197133,
      ];
      const own = parameters(4);
      const start = { hidden: wave([2, 3], 2.1), cell: wave([2, 3], 2.9) };
      const { output, carry } = lstm.sequence(own, start, x());
      assertClose(output.dataSync(), expected, 1e-6);
      assertClose(carry.hidden.dataSync(), expected.slice(12), 1e-6);
      assertClose(carry.cell.dataSync(), [-0.3210658, 0.3744542, 0.636139, -0.072967, 0.0844303, 0.523869], 1e-6);
      const byBias = tf.grad((bias: tf.Tensor) =>
        tf.sum(tf.square(lstm.sequence({ ...own, hidden: { ...own.hidden, bias } }, start, x()).output)),
      )(own.hidden.bias);
      assertClose(
        byBias.dataSync(),
        [
          0.0361968, 0.0054345, 0.148922, 0.0121037, 0.0012539, 0.0935893, -0.2151692, 0.094218, 0.4002482, 0.0405504,
          0.0128426, 0.2689977,
        ],
        1e-5,
      );
    }),
  );

  it(
    'a sequence is its steps, and an episode that starts in the middle forgets what was before',
    inTidy(() => {
      const first = tf.tensor2d([
        [0, 0],
        [0, 1],
        [0, 0],
      ]);
      const rows = tf.unstack(x());
      const keep = tf.tensor2d([[1], [0]]);

      let hidden: tf.Tensor = wave([2, 3], 2.1);
      const outputs = rows.map((row, t) => {
        hidden = gru.step(parameters(3), t === 1 ? tf.mul(hidden, keep) : hidden, row);
        return hidden;
      });
      const run = gru.sequence(parameters(3), wave([2, 3], 2.1), x(), first);
      assertClose(run.output.dataSync(), tf.stack(outputs).dataSync(), 1e-6);

      // The second copy from step 1 on is a run of its own from a carry of zeros.
      const whole = lstm.sequence(parameters(4), { hidden: wave([2, 3], 2.1), cell: wave([2, 3], 2.9) }, x(), first);
      const fresh = lstm.sequence(parameters(4), zeroLstm(), tf.slice(x(), [1, 0, 0], [2, 2, 2]));
      const secondCopy = (y: tf.Tensor, from: number): tf.Tensor => tf.slice(y, [from, 1, 0], [2, 1, 3]);
      assertClose(secondCopy(whole.output, 1).dataSync(), secondCopy(fresh.output, 0).dataSync(), 1e-6);
    }),
  );

  it(
    'no gradient passes the start of an episode',
    inTidy(() => {
      const first = tf.tensor2d([
        [0, 0],
        [1, 0],
        [0, 0],
      ]);
      const last = (y: tf.Tensor): tf.Tensor => tf.slice(y, [2, 0, 0], [1, 2, 3]);
      const loss = (input: tf.Tensor): tf.Tensor =>
        tf.sum(last(gru.sequence(parameters(3), tf.zeros([2, 3]), input, first).output));
      const gradient = tf.grad(loss)(x()).dataSync();
      assert.deepEqual([...gradient.slice(0, 2)].map(Math.abs), [0, 0], 'copy 0 starts anew at step 1');
      assert.ok(
        gradient.slice(2, 4).every((g) => g !== 0),
        'copy 1 goes on',
      );
      assertGradient(loss, x());
    }),
  );

  it(
    'gradients through time are those of autodiff through single steps, by everything that goes in',
    inTidy(() => {
      const first = tf.tensor2d([
        [0, 1],
        [0, 0],
        [1, 0],
      ]);
      const keeps = tf.unstack(tf.reshape(tf.sub(1, first), [3, 2, 1]));
      const weigh = (y: tf.Tensor): tf.Tensor => tf.sum(tf.mul(y, wave(y.shape, 0.37)));
      const close = (mine: tf.Tensor[], theirs: tf.Tensor[]): void => {
        for (const [i, gradient] of mine.entries()) assertClose(gradient.dataSync(), theirs[i]!.dataSync(), 1e-5);
      };
      const of = (gates: number) => {
        const { input, hidden } = parameters(gates);
        return [input.weight, input.bias, hidden.weight, hidden.bias, x()];
      };
      const asParameters = (w: tf.Tensor, b: tf.Tensor, u: tf.Tensor, c: tf.Tensor): RecurrentOf<tf.Tensor> => ({
        input: { weight: w, bias: b },
        hidden: { weight: u, bias: c },
      });

      const gruWhole = (...[w, b, u, c, input, h]: tf.Tensor[]): tf.Tensor => {
        const { output, carry } = gru.sequence(asParameters(w!, b!, u!, c!), h!, input!, first);
        return tf.add(weigh(output), tf.sum(tf.square(carry)));
      };
      const gruSteps = (...[w, b, u, c, input, h]: tf.Tensor[]): tf.Tensor => {
        let hidden = h!;
        const outputs = tf.unstack(input!).map((row, t) => {
          hidden = gru.step(asParameters(w!, b!, u!, c!), tf.mul(hidden, keeps[t]!), row);
          return hidden;
        });
        return tf.add(weigh(tf.stack(outputs)), tf.sum(tf.square(hidden)));
      };
      const gruInputs = [...of(3), wave([2, 3], 2.1)];
      close(tf.grads(gruWhole)(gruInputs), tf.grads(gruSteps)(gruInputs));

      const lstmWhole = (...[w, b, u, c, input, h, cell]: tf.Tensor[]): tf.Tensor => {
        const start = { hidden: h!, cell: cell! };
        const { output, carry } = lstm.sequence(asParameters(w!, b!, u!, c!), start, input!, first);
        return tf.addN([weigh(output), tf.sum(tf.square(carry.hidden)), tf.sum(tf.square(carry.cell))]);
      };
      const lstmSteps = (...[w, b, u, c, input, h, cell]: tf.Tensor[]): tf.Tensor => {
        let carry = { hidden: h!, cell: cell! };
        const outputs = tf.unstack(input!).map((row, t) => {
          const kept = { hidden: tf.mul(carry.hidden, keeps[t]!), cell: tf.mul(carry.cell, keeps[t]!) };
          carry = lstm.step(asParameters(w!, b!, u!, c!), kept, row);
          return carry.hidden;
        });
        return tf.addN([weigh(tf.stack(outputs)), tf.sum(tf.square(carry.hidden)), tf.sum(tf.square(carry.cell))]);
      };
      const lstmInputs = [...of(4), wave([2, 3], 2.1), wave([2, 3], 2.9)];
      close(tf.grads(lstmWhole)(lstmInputs), tf.grads(lstmSteps)(lstmInputs));
    }),
  );

  it('begins with an orthogonal matrix for each gate, and a carry of zeros', () => {
    const { hidden } = gru.init(stream(2, 'gru'), { inputs: 2, units: 4 });
    assert.deepEqual(hidden.weight.shape, [4, 12]);
    tf.tidy(() => {
      for (const gate of tf.split(tf.tensor2d(hidden.weight.data as Float32Array, [4, 12]), 3, 1))
        assertClose(tf.matMul(gate, gate, true).dataSync(), tf.eye(4).dataSync(), 1e-6);
    });
    const carry = lstm.carry(2, 3);
    mapTree(carry, (leaf: Value) => assert.deepEqual(leaf.shape, [2, 3]));
  });
});
