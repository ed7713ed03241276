import type { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import type { Branch, Mapped, Tree } from '../tree.ts';

/** A tree of tensors inside a program: parameters, gradients or updates. */
export type Tensors = Tree<tf.Tensor>;

/** The state of a transform inside a program; an empty branch where it keeps none. */
export type TransformState = Branch<tf.Tensor>;

/**
 * A pure step from gradients to updates, composed like optax's (github.com/google-deepmind/optax). `S` is the form
 * of its state; `init` makes the same tree on the host. `update` runs inside a traced program: tfjs ops only.
 *
 * The direction is that of the gradient until a `scaleByLearningRate` turns it round: updates are then *added* to
 * the parameters by `applyUpdates`.
 */
export interface Transform<S extends TransformState = TransformState> {
  /** The name under which `chain` keeps the state. */
  readonly name: string;
  init(parameters: Tree<Value>): Mapped<S, Value>;
  update(gradients: Tensors, state: S, parameters: Tensors): Updated<S>;
}

export interface Updated<S> {
  readonly updates: Tensors;
  readonly state: S;
}

/** The state of a transform that keeps none. */
export type Stateless = Readonly<Record<string, never>>;

/** A transform without state, from what it does to the gradients. */
export function stateless(
  name: string,
  update: (gradients: Tensors, parameters: Tensors) => Tensors,
): Transform<Stateless> {
  return {
    name,
    init: () => ({}),
    update: (gradients, state, parameters) => ({ updates: update(gradients, parameters), state }),
  };
}
