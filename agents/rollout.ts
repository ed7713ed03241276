import type { Group, GroupActions, GroupOutput } from '../worlds/index.ts';
import { actionChoices, groupSizes } from '../worlds/index.ts';

/** The sizes of a group's arrays: `N` agents, `D` observation numbers, `A` action components, `M` mask entries. */
export interface Sizes {
  readonly N: number;
  readonly D: number;
  readonly A: number;
  readonly M: number;
}

export function sizesOf(group: Group): Sizes {
  const { agents, observation, action, mask } = groupSizes(group);
  return { N: agents, D: observation, A: action, M: mask };
}

/**
 * The experience of one group over a rollout, time-major. The environment writes straight into it: the observation
 * after step t lands in row t + 1. Row 0 is where the last rollout ended.
 */
export interface GroupRollout {
  readonly sizes: Sizes;
  /** [T + 1, B, N, D] */
  readonly observation: Float32Array;
  /** [T, B, N, A] */
  readonly action: Float32Array | Int32Array;
  /** [T, B, N] */
  readonly reward: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** [T + 1, B, N] */
  readonly alive: Uint8Array;
  /** [T + 1, B, N, M] */
  readonly actionMask: Uint8Array;
  /** [B, N, D]: the final observations of the last step. */
  readonly finalObservation: Float32Array;
  /** Where the environment writes at step t (outputs[t] for rows t + 1), and at a reset (row 0). */
  readonly outputs: readonly GroupOutput[];
  readonly resetOutput: GroupOutput;
  /** Row t of `action`, for each t. */
  readonly actions: readonly GroupActions[];
}

export function createGroupRollout(group: Group, T: number, B: number): GroupRollout {
  const sizes = sizesOf(group);
  const { N, D, A, M } = sizes;
  const isDiscrete = actionChoices(group.action) !== null;
  const K = B * N;
  const observation = new Float32Array((T + 1) * K * D);
  const action = isDiscrete ? new Int32Array(T * K * A) : new Float32Array(T * K * A);
  const reward = new Float32Array(T * K);
  const terminated = new Uint8Array(T * K);
  const truncated = new Uint8Array(T * K);
  const alive = new Uint8Array((T + 1) * K);
  const actionMask = new Uint8Array((T + 1) * K * M);
  const finalObservation = new Float32Array(K * D);
  const nothing = { reward: new Float32Array(K), terminated: new Uint8Array(K), truncated: new Uint8Array(K) };
  const after = (row: number): Pick<GroupOutput, 'observation' | 'finalObservation' | 'alive' | 'actionMask'> => ({
    observation: observation.subarray(row * K * D, (row + 1) * K * D),
    finalObservation,
    alive: alive.subarray(row * K, (row + 1) * K),
    actionMask: actionMask.subarray(row * K * M, (row + 1) * K * M),
  });
  const outputs = Array.from({ length: T }, (_, t) => ({
    ...after(t + 1),
    reward: reward.subarray(t * K, (t + 1) * K),
    terminated: terminated.subarray(t * K, (t + 1) * K),
    truncated: truncated.subarray(t * K, (t + 1) * K),
  }));
  const actions = Array.from({ length: T }, (_, t) => action.subarray(t * K * A, (t + 1) * K * A));
  const resetOutput = { ...after(0), ...nothing };
  return {
    sizes,
    observation,
    action,
    reward,
    terminated,
    truncated,
    alive,
    actionMask,
    finalObservation,
    outputs,
    resetOutput,
    actions,
  };
}

/** Moves what stands after the last step to the front: the next rollout goes on from there. */
export function carryOver(
  { sizes: { N, D, M }, observation, alive, actionMask }: GroupRollout,
  T: number,
  B: number,
): void {
  const K = B * N;
  observation.copyWithin(0, T * K * D, (T + 1) * K * D);
  alive.copyWithin(0, T * K, (T + 1) * K);
  actionMask.copyWithin(0, T * K * M, (T + 1) * K * M);
}
