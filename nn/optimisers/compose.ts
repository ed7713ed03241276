import type { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import { layoutOf, pack, packTensors, unpackTensors } from '../packing.ts';
import type { Tree } from '../tree.ts';
import type { Tensors, Transform, TransformState } from './transform.ts';

/**
 * Transforms one after the other. The state holds one branch for each that keeps a state, named by its place and
 * name (`1_scaleByAdam`), so that a checkpoint says what it holds.
 */
export function chain(...transforms: readonly Transform[]): Transform {
  const keys = transforms.map(({ name }, i) => `${i}_${name}`);
  return {
    name: 'chain',
    init: (parameters) => {
      const state: Record<string, Tree<Value>> = {};
      for (const [i, transform] of transforms.entries()) {
        const own = transform.init(parameters);
        if (Object.keys(own).length > 0) state[keys[i]!] = own;
      }
      return state;
    },
    update: (gradients, state, parameters) => {
      let updates = gradients;
      const next: Record<string, Tensors> = {};
      for (const [i, transform] of transforms.entries()) {
        const key = keys[i]!;
        const result = transform.update(updates, (state[key] ?? {}) as TransformState, parameters);
        updates = result.updates;
        if (Object.keys(result.state).length > 0) next[key] = result.state;
      }
      return { updates, state: next };
    },
  };
}

/**
 * Runs `inner` on all leaves as one vector [P]: a handful of kernels in all instead of a handful for each leaf
 * (optax.flatten). Only for transforms that treat every element alike; a decay with a mask stays outside of it.
 */
export function flatten<S extends TransformState>(inner: Transform<S>): Transform<S> {
  return {
    name: inner.name,
    init: (parameters) => inner.init(pack(parameters)),
    update: (gradients, state, parameters) => {
      const layout = layoutOf<Tensors>(gradients);
      const result = inner.update(packTensors(gradients, layout), state, packTensors(parameters, layout));
      return { updates: unpackTensors(result.updates as tf.Tensor1D, layout) as Tensors, state: result.state };
    },
  };
}
