import type { Value } from '../nn/index.ts';
import type { GlobalState } from './global-state.ts';
import type { PpoOptions } from './options.ts';
import type { Source } from './ppo-minibatch.ts';
import type { PpoShape } from './ppo-programs.ts';
import type { UnitArrays } from './unit-arrays.ts';
import type { UnitRollout } from './unit-rollout.ts';

/** What a unit's minibatches are drawn from. */
export interface UnitExperience {
  readonly rollout: UnitRollout;
  readonly state: GlobalState;
  readonly arrays: UnitArrays;
  readonly shape: PpoShape;
  /** Of the actions. */
  readonly dtype: Source['dtype'];
  /** Sizes of the networks' memories; 0 without. */
  readonly memory: { readonly actor: number; readonly critic: number };
  readonly options: PpoOptions;
}

/** The arrays that a minibatch takes rows of; with weights where some agents were dead at times. */
export function sourcesOf(
  { rollout, state, arrays, shape, dtype, memory, options }: UnitExperience,
  isSomeoneDead: boolean,
): Source[] {
  const { n, D, A, M } = shape;
  const row = (name: string, data: Source['data'], width: number, type: Source['dtype'] = 'float32'): Source => ({
    name,
    data,
    width,
    dtype: type,
    rows: 'steps',
  });
  const start = (name: string, held: Value, width: number): Source => ({
    name,
    data: held.data,
    width,
    dtype: 'float32',
    rows: 'start',
  });
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
    ...(memory.actor > 0
      ? [
          row('keep', state.keep, 1),
          start('actorMemory', arrays.actorMemory, n * memory.actor),
          start('criticMemory', arrays.criticMemory, shape.criticRows * memory.critic),
        ]
      : []),
  ];
}
