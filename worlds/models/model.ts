import type { Stream } from '../../core/index.ts';
import type { Tree, tf, Value } from '../../nn/index.ts';

/**
 * What a model is shown: `L` steps of `B` sequences, time-major. Row t is what stands at one moment of an episode, in the
 * convention of DreamerV3: the observation, and the action, reward and flags that came *with* it. So the final
 * observation of an episode has a row of its own, and nothing is ever shifted by a caller.
 */
export interface ModelSequence<T = tf.Tensor> {
  /** [L, B, D] float32. */
  readonly observation: T;
  /** [L, B, A] float32: the action that led here, one-hot or real (`encodeActions`); zeros on the first row of an episode. */
  readonly action: T;
  /** [L, B] float32: the reward for that action; 0 on the first row. */
  readonly reward: T;
  /** [L, B] float32, 0 or 1: an episode begins here. What was remembered from before means nothing. */
  readonly first: T;
  /** [L, B] float32, 0 or 1: the future of this row is worth nothing. Not set by truncation. */
  readonly terminal: T;
}

/** Random numbers that a model takes as inputs: how many for each row, and of which kind. */
export type NoiseSpec = Readonly<
  Record<string, { readonly kind: 'uniform' | 'normal' | 'gumbel'; readonly size: number }>
>;

/** One tensor for each entry of a `NoiseSpec`: [..., size]. */
export type Noise = Readonly<Record<string, tf.Tensor>>;

/** What a model makes of a sequence. */
export interface Observed {
  /** [L, B, S]: the state at each row. Any of them can be imagined from. */
  readonly states: tf.Tensor;
}

/** One imagined step. */
export interface Imagined {
  /** [B, S]. */
  readonly state: tf.Tensor;
  /** [B]: the mean of the predicted reward. */
  readonly reward: tf.Tensor;
  /** [B]: logit of the probability that the episode is over here. */
  readonly terminalLogit: tf.Tensor;
}

/** Losses of one batch. */
export interface ModelLoss {
  /** Scalar: what is minimised. */
  readonly loss: tf.Tensor;
  /** Scalars by name, unweighted, for the metrics: `reconstruction`, `reward`, `terminal`, ... */
  readonly parts: Readonly<Record<string, tf.Tensor>>;
  /** [L, B, S], without gradients: the states that were inferred on the way. */
  readonly states: tf.Tensor;
}

/**
 * A learned model of an environment: pure tensor functions over a tree of parameters. Everything that imagining on needs
 * is one vector of `S` numbers for each row (latents, recurrent carry, a window of context), so that replay, dreams and
 * curricula store and pass states without knowing the kind of model. `B` rows, `A` numbers of an action.
 *
 * A vector observation has `D` numbers; a picture's are its pixels in row-major order, divided by 255 where the space
 * says uint8 (`modelInputs`).
 */
export interface WorldModel {
  readonly name: string;
  /** D. */
  readonly observationSize: number;
  /** A. */
  readonly actionSize: number;
  /** S. */
  readonly stateSize: number;
  /** F: numbers that heads, policies and ensembles read of a state. */
  readonly featureSize: number;
  /** Noise of one row of `observe` and `losses`. */
  readonly observeNoise: NoiseSpec;
  /** Noise of one row of `imagine`. */
  readonly imagineNoise: NoiseSpec;

  initialise(stream: Stream): Tree<Value>;
  /** [B, S]: the state before anything was seen. */
  start(rows: number): tf.Tensor;
  /** Takes in a sequence, from `state` [B, S] on. noise: [L, B, size] each. */
  observe(parameters: Tree<tf.Tensor>, sequence: ModelSequence, state: tf.Tensor, noise: Noise): Observed;
  /**
   * One step into the future, without looking. action: [B, A]. noise: [B, size] each. `temperature` (default 1) divides
   * the logits of what is drawn, and widens Gaussians by its root (Ha and Schmidhuber 2018); rewards and endings are
   * predicted from what was drawn.
   */
  imagine(
    parameters: Tree<tf.Tensor>,
    state: tf.Tensor,
    action: tf.Tensor,
    noise: Noise,
    temperature?: tf.Tensor | number,
  ): Imagined;
  /** [..., S] -> [..., F]. */
  features(state: tf.Tensor): tf.Tensor;
  /** [..., S] -> [..., D]: the observation that belongs to a state, in the units of `ModelSequence.observation`. */
  decode(parameters: Tree<tf.Tensor>, state: tf.Tensor): tf.Tensor;
  /** Losses of a batch of sequences from `state` [B, S] on. noise as for `observe`. */
  losses(parameters: Tree<tf.Tensor>, sequence: ModelSequence, state: tf.Tensor, noise: Noise): ModelLoss;
}
