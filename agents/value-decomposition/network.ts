import type { Stream } from '../../core/index.ts';
import { type DenseOf, dense, initialisers, type Tree, type tf, type Value } from '../../nn/index.ts';
import type { Space } from '../../worlds/index.ts';
import { createBody, type Memory } from '../body.ts';
import type { NetworkOptions } from '../options.ts';

/** The action values of an agent: rows of what it sees to one Q for each of its choices. Pure; memory in and out. */
export interface QNetwork {
  /** Choices, A. */
  readonly actions: number;
  /** Numbers of memory per row; 0 without memory. */
  readonly memorySize: number;
  initialise(stream: Stream): Tree<Value>;
  /** x: [L * R, inputs] -> values [L * R, A], and the memory after the last step. */
  values(
    parameters: Tree<tf.Tensor>,
    x: tf.Tensor,
    memory?: Memory,
  ): { readonly values: tf.Tensor; readonly memory?: tf.Tensor };
}

/** A body (PyMARL's: dense, ReLU, GRU) with a linear head. `observation`: what the rows are, or null for a vector. */
export function createQNetwork(
  inputs: number,
  observation: Space | null,
  actions: number,
  options: NetworkOptions,
): QNetwork {
  const body = createBody(inputs, observation, options);
  return {
    actions,
    memorySize: body.memorySize,
    initialise: (stream) => ({
      body: body.initialise(stream),
      head: linear(stream, body.features, actions),
    }),
    values: (parameters, x, memory) => {
      const { body: trunk, head } = parameters as { readonly [name: string]: Tree<tf.Tensor> };
      const { features, memory: after } = body.apply(trunk!, x, memory);
      const values = dense.apply(head as DenseOf<tf.Tensor>, features);
      return after === undefined ? { values } : { values, memory: after };
    },
  };
}

/** A dense layer that begins as PyTorch's `Linear` does, and so PyMARL's: all uniform within 1 / sqrt(inputs). */
export function linear(stream: Stream, inputs: number, outputs: number): DenseOf<Value> {
  const uniform = initialisers.uniform(-1 / Math.sqrt(inputs), 1 / Math.sqrt(inputs));
  return dense.init(stream, { inputs, outputs, weight: uniform, bias: uniform });
}
