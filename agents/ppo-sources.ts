import type { Value } from '../nn/index.ts';
import type { Source } from './ppo-minibatch.ts';
import { isRecurrent, type PpoParts } from './ppo-parts.ts';

/** The arrays that a minibatch takes rows of; with weights where some agents were dead at times. */
export function sourcesOf(parts: PpoParts, isSomeoneDead: boolean): Source[] {
  const { rollout, state, arrays, shape, networks, options } = parts;
  const { dtype } = networks.policy.head;
  const { n, D, A, M } = shape;
  const row = (name: string, data: Source['data'], width: number, type: Source['dtype'] = 'float32'): Source => ({
    name,
    data,
    width,
    dtype: type,
    rows: 'steps',
  });
  // One row where a chunk starts: all agents' (or the central critic's) memory of a copy.
  const memories = Object.entries(arrays.memory as Readonly<Record<string, Value>>).map(
    ([name, { data }]): Source => ({
      name,
      data: data as Float32Array,
      width: data.length / ((rollout.T + 1) * rollout.B),
      dtype: 'float32',
      rows: 'start',
    }),
  );
  return [
    row('observation', rollout.observation, n * D),
    row('action', rollout.action, n * A, dtype),
    row('logProbability', arrays.logProbability, n),
    row('advantage', arrays.advantage, n),
    row('target', arrays.target, n),
    ...(options.valueClip === null ? [] : [row('value', arrays.rawValue, n)]),
    ...(shape.isStateShared ? [] : [row('state', state.rows, state.size)]),
    ...(M === 0 ? [] : [row('mask', rollout.actionMask, n * M, 'bool')]),
    ...(isSomeoneDead
      ? [row('alive', rollout.alive, n, 'bool'), row('weight', new Float32Array(rollout.alive.length), n)]
      : []),
    ...(isRecurrent(parts) ? [row('keep', state.keep, 1), ...memories] : []),
  ];
}
