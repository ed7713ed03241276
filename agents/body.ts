import type { Stream } from '../core/index.ts';
import { mlp, orthogonal, type Tree, type tf, type Value } from '../nn/index.ts';
import type { Space } from '../worlds/index.ts';
import type { NetworkOptions } from './options.ts';

/**
 * The part of a network in front of its head. Rows are samples; with memory, `L` steps of `R` rows each stand one
 * after the other ([L * R, D]), and `keep` [L * R, 1] is 0 where a new episode starts.
 */
export interface Body {
  readonly features: number;
  /** Numbers of memory per row; 0 without memory. */
  readonly memorySize: number;
  initialise(stream: Stream): Tree<Value>;
  /** x: [L * R, D], memory [R, memorySize] -> features [L * R, F] and the memory after the last step. */
  apply(
    parameters: Tree<tf.Tensor>,
    x: tf.Tensor,
    memory?: Memory,
  ): { readonly features: tf.Tensor; readonly memory?: tf.Tensor };
}

export interface Memory {
  readonly state: tf.Tensor;
  readonly keep: tf.Tensor;
  readonly steps: number;
}

/** Hidden layers with an activation after each. */
export function createBody(inputs: number, _observation: Space | null, { hidden, activation }: NetworkOptions): Body {
  return {
    features: hidden.at(-1) ?? inputs,
    memorySize: 0,
    initialise: (stream) =>
      hidden.length === 0 ? {} : mlp.init(stream, { sizes: [inputs, ...hidden], hidden: orthogonal(Math.SQRT2) }),
    apply: (parameters, x) => ({
      features:
        hidden.length === 0
          ? x
          : mlp.apply(parameters as Parameters<typeof mlp.apply>[0], x, { activation, activateLast: true }),
    }),
  };
}
