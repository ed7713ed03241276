import { LightbulbError } from '../../core/index.ts';
import { diagonalGaussian, tf } from '../../nn/index.ts';
import { actionBounds, actionChoices, actionComponents, type GroupActions, type Space } from '../../worlds/index.ts';

/**
 * The actions of a space as actor and model see them: `A` numbers each, a one-hot for each choice, or for boxes what lies
 * from -1 to 1 between the bounds (the number itself where there are none).
 */
export interface DreamerActions {
  /** A. */
  readonly size: number;
  /** Numbers that an actor's network answers for each row. */
  readonly outputs: number;
  /** What `draw` takes for each row: so many deviates of this kind. */
  readonly noise: { readonly kind: 'gumbel' | 'normal'; readonly size: number };
  /** outputs [R, outputs], noise [R, size] -> a drawn action [R, A]; for boxes not cut to the bounds. */
  draw(outputs: tf.Tensor, noise: tf.Tensor): tf.Tensor;
  /** The most probable action. */
  mode(outputs: tf.Tensor): tf.Tensor;
  /** A drawn action as the environment will take it, and the model sees it: [R, A]. */
  bounded(action: tf.Tensor): tf.Tensor;
  /** Of drawn actions: [R]. */
  logProbability(outputs: tf.Tensor, action: tf.Tensor): tf.Tensor;
  /** In nats: [R]. */
  entropy(outputs: tf.Tensor): tf.Tensor;
  /** Row `row` of bounded actions [R, A] to where an environment reads it. */
  toEnvironment(actions: ArrayLike<number>, row: number, out: GroupActions, at: number): void;
  /** What an environment was given, as a bounded action. */
  fromEnvironment(actions: GroupActions, at: number, out: Float32Array, row: number): void;
}

/** Share of the uniform distribution in every choice, as DreamerV3's `unimix`. */
const MIX = 0.01;
/** A bound beyond this is none. */
const FAR = 1e30;
/** Standard deviations of box actions lie between these. */
const [LEAST_STD, MOST_STD] = [0.1, 1];

export function dreamerActions(space: Space): DreamerActions {
  const choices = actionChoices(space);
  return choices === null ? boxActions(space) : choiceActions(choices);
}

function choiceActions(choices: readonly number[]): DreamerActions {
  const total = choices.reduce((sum, n) => sum + n, 0);
  const parts = (x: tf.Tensor): tf.Tensor[] => (choices.length === 1 ? [x] : tf.split(x, [...choices], 1));
  const joined = (each: tf.Tensor[]): tf.Tensor => (each.length === 1 ? each[0]! : tf.concat(each, 1));
  const logged = (outputs: tf.Tensor): tf.Tensor[] =>
    parts(outputs).map((part, i) => tf.log(tf.add(tf.mul(tf.softmax(part), 1 - MIX), MIX / choices[i]!)));
  const largest = (scores: tf.Tensor[]): tf.Tensor =>
    joined(scores.map((score, i) => tf.cast(tf.oneHot(tf.argMax(score, 1), choices[i]!), 'float32')));
  return {
    size: total,
    outputs: total,
    noise: { kind: 'gumbel', size: total },
    draw: (outputs, noise) => largest(logged(outputs).map((part, i) => tf.add(part, parts(noise)[i]!))),
    mode: (outputs) => largest(parts(outputs)),
    bounded: (action) => action,
    logProbability: (outputs, action) => tf.sum(tf.mul(joined(logged(outputs)), action), 1),
    entropy: (outputs) => {
      const logs = joined(logged(outputs));
      return tf.neg(tf.sum(tf.mul(tf.exp(logs), logs), 1));
    },
    toEnvironment(actions, row, out, at) {
      let from = row * total;
      for (let c = 0; c < choices.length; c++) {
        let chosen = 0;
        while (chosen < choices[c]! - 1 && actions[from + chosen] !== 1) chosen++;
        out[at + c] = chosen;
        from += choices[c]!;
      }
    },
    fromEnvironment(actions, at, out, row) {
      let to = row * total;
      out.fill(0, to, to + total);
      for (let c = 0; c < choices.length; c++) {
        out[to + actions[at + c]!] = 1;
        to += choices[c]!;
      }
    },
  };
}

/** Normals whose mean is a tanh and whose standard deviation a sigmoid between bounds, as DreamerV3's `bounded_normal`. */
function boxActions(space: Space): DreamerActions {
  const size = actionComponents(space);
  const bounds = actionBounds(space);
  if (bounds === null) throw new LightbulbError('internal', 'choices have no bounds');
  const { low, high } = bounds;
  const isBounded = Array.from(low, (least, i) => least > -FAR && high[i]! < FAR);
  const cut = isBounded.map((is) => (is ? 1 : 3.4e38));
  const half = isBounded.map((is, i) => (is ? (high[i]! - low[i]!) / 2 : 1));
  const centre = isBounded.map((is, i) => (is ? (high[i]! + low[i]!) / 2 : 0));
  const distribution = (outputs: tf.Tensor): ReturnType<typeof diagonalGaussian> => {
    const [mean, spread] = tf.split(outputs, 2, 1) as [tf.Tensor, tf.Tensor];
    const std = tf.add(tf.mul(tf.sigmoid(tf.add(spread, 2)), MOST_STD - LEAST_STD), LEAST_STD);
    return diagonalGaussian(tf.tanh(mean), tf.log(std));
  };
  return {
    size,
    outputs: 2 * size,
    noise: { kind: 'normal', size },
    draw: (outputs, noise) => distribution(outputs).sample(noise),
    mode: (outputs) => distribution(outputs).mode(),
    bounded: (action) => tf.maximum(tf.minimum(action, tf.tensor1d(cut)), tf.neg(tf.tensor1d(cut))),
    logProbability: (outputs, action) => distribution(outputs).logProbability(action),
    entropy: (outputs) => distribution(outputs).entropy(),
    toEnvironment(actions, row, out, at) {
      for (let i = 0; i < size; i++) out[at + i] = centre[i]! + half[i]! * actions[row * size + i]!;
    },
    fromEnvironment(actions, at, out, row) {
      for (let i = 0; i < size; i++) out[row * size + i] = (actions[at + i]! - centre[i]!) / half[i]!;
    },
  };
}
