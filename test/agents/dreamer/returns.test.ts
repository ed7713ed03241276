import { lambdaReturns, quantile } from '../../../agents/dreamer/returns.ts';
import { tf } from '../../../nn/index.ts';
import { assertClose } from '../../nn/close.ts';

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

const column = (numbers: number[]): tf.Tensor => tf.tensor2d(numbers, [numbers.length, 1]);

describe("Dreamer's returns", () => {
  it(
    'are what they are by hand: three steps, discount 0.9, lambda 0.5',
    inTidy(() => {
      const given = { reward: column([1, 2, 3]), discount: column([0.9, 0.9, 0.9]), value: column([10, 20, 30]) };
      const third = 3 + 0.9 * 30;
      const second = 2 + 0.9 * (0.5 * 20 + 0.5 * third);
      const first = 1 + 0.9 * (0.5 * 10 + 0.5 * second);
      assertClose(lambdaReturns(given, 0.5).dataSync(), [first, second, third], 1e-6);
    }),
  );

  it(
    'stop at an end, and take the value where an episode was cut off',
    inTidy(() => {
      const given = { reward: column([1, 2, 3]), discount: column([0.9, 0, 0.9]), value: column([10, 20, 30]) };
      assertClose(lambdaReturns(given, 1).dataSync(), [1 + 0.9 * 2, 2, 3 + 0.9 * 30], 1e-6);
      const cut = { ...given, discount: column([0.9, 0.9, 0.9]), follows: column([1, 0, 1]) };
      assertClose(lambdaReturns(cut, 1).dataSync(), [1 + 0.9 * (2 + 0.9 * 20), 2 + 0.9 * 20, 3 + 0.9 * 30], 1e-6);
    }),
  );

  it(
    'have the quantiles of NumPy',
    inTidy(() => {
      // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0.05, 0.5, 0.95]) = 1, 3.5, 7.95
      const x = tf.tensor2d([3, 1, 4, 1, 5, 9, 2, 6], [2, 4]);
      assertClose(
        [0.05, 0.5, 0.95].map((share) => quantile(x, share).dataSync()[0]!),
        [1, 3.5, 7.95],
        1e-6,
      );
    }),
  );
});
