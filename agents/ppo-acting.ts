import { float32, type Value } from '../nn/index.ts';
import { isJudgedInActing, isRecurrent, type PpoParts } from './ppo-parts.ts';
import { memoryAt, rowsAt } from './unit-arrays.ts';

/** The acting of each step of a rollout, tied to its rows. noise: [T, B, n * noiseSize]. */
export function bindActing(parts: PpoParts, noise: Float32Array): readonly (() => void)[] {
  return Array.from({ length: parts.rollout.T }, (_, t) => bindStep(parts, noise, t));
}

function bindStep(parts: PpoParts, noise: Float32Array, t: number): () => void {
  const { rollout, shape, arrays, state, statistics, networks } = parts;
  const { head } = networks.policy;
  const { B } = rollout;
  const { n, D, A, M } = shape;
  const inputs: Record<string, Value> = {
    ...parts.actor,
    observation: rowsAt(rollout.observation, t, B, n * D),
    noise: rowsAt(noise, t, B, n * head.noiseSize),
    ...statistics?.inputs,
  };
  if (M > 0)
    inputs.mask = {
      dtype: 'bool',
      shape: [B, n * M],
      data: rollout.actionMask.subarray(t * B * n * M, (t + 1) * B * n * M),
    };
  const action = rollout.action.subarray(t * B * n * A, (t + 1) * B * n * A);
  const outputs: Record<string, Value> = { action: { dtype: head.dtype, shape: [B, n * A], data: action } };
  if (isJudgedInActing(parts)) {
    Object.assign(inputs, parts.critic);
    if (!shape.isStateShared) inputs.state = rowsAt(state.rows, t, B, state.size);
    outputs.value = rowsAt(arrays.rawValue, t, B, n);
    outputs.logProbability = rowsAt(arrays.logProbability, t, B, n);
  }
  if (isRecurrent(parts)) inputs.keep = float32([B], state.keep.subarray(t * B, (t + 1) * B));
  for (const [name, memory] of Object.entries(arrays.memory)) {
    inputs[name] = memoryAt(memory, t);
    outputs[name] = memoryAt(memory, t + 1);
  }
  return parts.programs.act.bind(inputs, outputs);
}
