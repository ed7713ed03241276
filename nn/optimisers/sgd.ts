import { tf } from '../engine/tf.ts';
import { zipTree } from '../tree.ts';
import { zerosLike } from './arithmetic.ts';
import { chain } from './compose.ts';
import { type Rate, scaleByLearningRate } from './scaling.ts';
import type { Tensors, Transform } from './transform.ts';

export type TraceState = { readonly trace: Tensors };

/** Momentum without damping: `trace = gradient + decay * trace`; with `nesterov` the update looks one step ahead. */
export function trace({
  decay,
  nesterov = false,
}: {
  readonly decay: number;
  readonly nesterov?: boolean;
}): Transform<TraceState> {
  const accumulate = (gradients: Tensors, past: Tensors): Tensors =>
    zipTree(gradients, past, (g: tf.Tensor, t: tf.Tensor) => tf.add(g, tf.mul(t, decay)));
  return {
    name: 'trace',
    init: (parameters) => ({ trace: zerosLike(parameters) }),
    update: (gradients, state) => {
      const next = accumulate(gradients, state.trace);
      return { updates: nesterov ? accumulate(gradients, next) : next, state: { trace: next } };
    },
  };
}

/** Stochastic gradient descent, with momentum as PyTorch's SGD has it (dampening 0). */
export function sgd({
  learningRate,
  momentum = 0,
  nesterov = false,
}: {
  readonly learningRate: Rate;
  readonly momentum?: number;
  readonly nesterov?: boolean;
}): Transform {
  const step = scaleByLearningRate(learningRate);
  return momentum === 0 ? chain(step) : chain(trace({ decay: momentum, nesterov }), step);
}
