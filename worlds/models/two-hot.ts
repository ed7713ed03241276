import { LightbulbError } from '../../core/index.ts';
import { tf } from '../../nn/index.ts';

export interface TwoHotOptions {
  /** Number of bins, odd and at least 3. Default 255, as DreamerV3's. */
  readonly bins?: number;
  /** The bins are symexp of equal steps from minus this to this. Default 20, which is 4.9e8 either way. */
  readonly limit?: number;
}

/** Real numbers as distributions over bins: a head of `size` logits. All methods are differentiable in the logits. */
export interface TwoHot {
  /** K. */
  readonly size: number;
  /** What each bin stands for, ascending and symmetric about 0. */
  readonly bins: readonly number[];
  /** [...] -> [..., K]: weights on the two bins around x, whose mean is x; x outside of the bins counts as the last one. */
  target(x: tf.Tensor): tf.Tensor;
  /** logits [..., K] -> [...]: the mean, exactly 0 where all logits are equal. */
  mean(logits: tf.Tensor): tf.Tensor;
  /** logits [..., K], x [...] -> [...]: cross-entropy against `target(x)`, in nats. x gets no gradient. */
  loss(logits: tf.Tensor, x: tf.Tensor): tf.Tensor;
}

/**
 * Two-hot regression over exponentially spaced bins (DreamerV3, arXiv 2301.04104, eqs. 10 and 11): the size of a gradient does not
 * depend on the size of what is predicted. Begin with a head of zeros, so that nothing is predicted at first.
 *
 * Error `invalid_input` for bins that cannot be.
 */
export function twoHot({ bins: size = 255, limit = 20 }: TwoHotOptions = {}): TwoHot {
  if (!Number.isInteger(size) || size < 3 || size % 2 === 0)
    throw new LightbulbError('invalid_input', 'two-hot bins lie about one at 0', {
      wanted: 'an odd number, at least 3',
      got: String(size),
    });
  const middle = (size - 1) / 2;
  const positive = Array.from({ length: middle }, (_, i) => Math.expm1(((i + 1) / middle) * limit));
  const bins = [...positive.map((bin) => -bin).reverse(), 0, ...positive];
  const [low, high] = [bins[0]!, bins[size - 1]!];

  /**
   * Each bin's weight is a hat over its neighbours, (x - left) / (bin - left) up and (right - x) / (right - bin) down. As
   * x times a slope plus an offset it is two operators for each side; bins are wide against their distance from 0 (a ratio
   * of 0.16), so nothing is lost to cancellation. At the ends the missing side never binds, x having been cut to them.
   */
  const slopes = (side: 1 | -1): { slope: number[]; offset: number[] } => {
    const widths = bins.map((bin, i) => (bins[i - side] === undefined ? Number.NaN : Math.abs(bin - bins[i - side]!)));
    return {
      slope: widths.map((width) => (Number.isNaN(width) ? 0 : side / width)),
      offset: widths.map((width, i) => (Number.isNaN(width) ? 1 : 1 - (side * bins[i]!) / width)),
    };
  };
  const [up, down] = [slopes(1), slopes(-1)];

  const target = (x: tf.Tensor): tf.Tensor => {
    const column = tf.expandDims(tf.clipByValue(x, low, high), -1);
    const side = ({ slope, offset }: typeof up): tf.Tensor =>
      tf.add(tf.mul(column, tf.tensor1d(slope)), tf.tensor1d(offset));
    return tf.relu(tf.minimum(side(up), side(down)));
  };

  return {
    size,
    bins,
    target,
    mean: (logits) => {
      const [below, , above] = tf.split(tf.softmax(logits), [middle, 1, middle], -1) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      // Each bin against its mirror image first: what is alike cancels without rounding.
      const excess = tf.sub(above, tf.reverse(below, -1));
      return tf.sum(tf.mul(excess, tf.tensor1d(positive)), -1);
    },
    loss: (logits, x) => crossEntropy(logits, target(x)),
  };
}

/** -sum(target log softmax(logits)) over the last axis, with its short gradient, softmax - target, written out. */
function crossEntropy(of: tf.Tensor, target: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((input, save) => {
    const logits = input as tf.Tensor;
    const shifted = tf.sub(logits, tf.max(logits, -1, true));
    const powers = tf.exp(shifted);
    const total = tf.sum(powers, -1, true);
    const value = tf.sub(tf.squeeze(tf.log(total), [-1]), tf.sum(tf.mul(target, shifted), -1));
    (save as tf.GradSaveFunc)([tf.sub(tf.div(powers, total), target)]);
    const gradFunc = (dy: tf.Tensor, [pull]: tf.Tensor[]): tf.Tensor => tf.mul(tf.expandDims(dy, -1), pull!);
    return { value, gradFunc };
  });
  return op(of);
}
