import { float32, type Value } from '../nn/index.ts';

/** What a unit works out for each step of a rollout, besides what the environment wrote. `K`: copies times agents. */
export type UnitArrays = ReturnType<typeof createArrays>;

/** Memories before each step and after the last, [T + 1, rows, numbers], by the names that programs give them. */
export interface UnitMemory {
  /** Of the policy, or of the trunk that both share. */
  readonly actorMemory?: Value;
  readonly criticMemory?: Value;
}

/** Sizes of what is remembered, in numbers per row; 0 for none. */
export interface MemorySizes {
  readonly actor: number;
  readonly critic: number;
}

export function createArrays(T: number, B: number, n: number, sizes: MemorySizes, criticRows: number) {
  const K = B * n;
  const memory: UnitMemory = {
    ...(sizes.actor > 0 ? { actorMemory: float32([T + 1, K, sizes.actor]) } : {}),
    ...(sizes.critic > 0 ? { criticMemory: float32([T + 1, B * criticRows, sizes.critic]) } : {}),
  };
  return {
    logProbability: new Float32Array(T * K),
    /** In the network's units, [T + 1, K]; `value` in those of the rewards. */
    rawValue: new Float32Array((T + 1) * K),
    value: new Float32Array((T + 1) * K),
    finalValue: new Float32Array(T * K),
    advantage: new Float32Array(T * K),
    target: new Float32Array(T * K),
    memory,
  };
}

/** Row `t` of an array [T, B, width], as [B, width]: a view. */
export function rowsAt(array: Float32Array, t: number, B: number, width: number): Value {
  return float32([B, width], array.subarray(t * B * width, (t + 1) * B * width));
}

/** Row `t` of a memory [T, rows, size], as [rows, size]: a view. */
export function memoryAt({ shape, data }: Value, t: number): Value {
  const [, rows, size] = shape as [number, number, number];
  return float32([rows, size], (data as Float32Array).subarray(t * rows * size, (t + 1) * rows * size));
}
