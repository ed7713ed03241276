import type { Stream } from '../core/index.ts';
import { type Distribution, dense, orthogonal, type Tree, type tf, type Value, zeros } from '../nn/index.ts';
import type { Space } from '../worlds/index.ts';
import { type ActionHead, actionHead } from './action-head.ts';
import { type Body, createBody, type Memory } from './body.ts';
import type { NetworkOptions } from './options.ts';

type Tensors = { readonly [name: string]: Tree<tf.Tensor> };

/**
 * A policy: observation rows to a distribution over actions. Pure functions over a tree of parameters; what it
 * remembers goes in and comes out (`memory`), so nothing is hidden. Networks of other kinds (a transformer) are
 * further implementations of this.
 */
export interface Policy {
  readonly head: ActionHead;
  readonly memorySize: number;
  initialise(stream: Stream): Tree<Value>;
  /** x: [L * R, D], mask: bool [L * R, M] or undefined -> a distribution of batch [L * R]. */
  distribution(
    parameters: Tree<tf.Tensor>,
    x: tf.Tensor,
    mask: tf.Tensor | undefined,
    memory?: Memory,
  ): { readonly distribution: Distribution; readonly memory?: tf.Tensor };
}

/** A value function: rows [L * R, S] to `outputs` values each, in the units that the learner normalises to. */
export interface Critic {
  readonly memorySize: number;
  initialise(stream: Stream): Tree<Value>;
  values(
    parameters: Tree<tf.Tensor>,
    x: tf.Tensor,
    memory?: Memory,
  ): { readonly values: tf.Tensor; readonly memory?: tf.Tensor };
}

/** A body with a head for `action`. The head starts near zero (gain 0.01), so that the first policy is nearly uniform. */
export function createPolicy(
  inputs: number,
  observation: Space | null,
  action: Space,
  options: NetworkOptions,
): Policy {
  const body: Body = createBody(inputs, observation, options);
  const head = actionHead(action);
  return {
    head,
    memorySize: body.memorySize,
    initialise: (stream) => ({
      body: body.initialise(stream),
      head: dense.init(stream, { inputs: body.features, outputs: head.outputs, weight: orthogonal(0.01) }),
      ...(head.freeParameters > 0 ? { logStd: zeros('float32', [head.freeParameters]) } : {}),
    }),
    distribution: (parameters, x, mask, memory) => {
      const own = parameters as Tensors;
      const { features, memory: after } = body.apply(own.body ?? {}, x, memory);
      const outputs = dense.apply(own.head as { weight: tf.Tensor; bias: tf.Tensor }, features);
      const distribution = head.distribution(outputs, own.logStd as tf.Tensor | undefined, mask);
      return after === undefined ? { distribution } : { distribution, memory: after };
    },
  };
}

/** A body with a linear head of `outputs` values. `observation` is what the rows are, or null for a plain vector. */
export function createCritic(
  inputs: number,
  observation: Space | null,
  outputs: number,
  options: NetworkOptions,
): Critic {
  const body = createBody(inputs, observation, options);
  return {
    memorySize: body.memorySize,
    initialise: (stream) => ({
      body: body.initialise(stream),
      head: dense.init(stream, { inputs: body.features, outputs, weight: orthogonal(1) }),
    }),
    values: (parameters, x, memory) => {
      const own = parameters as Tensors;
      const { features, memory: after } = body.apply(own.body ?? {}, x, memory);
      const values = dense.apply(own.head as { weight: tf.Tensor; bias: tf.Tensor }, features);
      return after === undefined ? { values } : { values, memory: after };
    },
  };
}
