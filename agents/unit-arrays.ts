import { float32, type Value } from '../nn/index.ts';

/** What a unit works out for each step of a rollout, besides what the environment wrote. `K`: copies times agents. */
export type UnitArrays = ReturnType<typeof createArrays>;

export function createArrays(
  T: number,
  B: number,
  n: number,
  actorMemory: number,
  criticMemory: number,
  criticRows: number,
) {
  const K = B * n;
  return {
    logProbability: new Float32Array(T * K),
    /** In the network's units, [T + 1, K]; `value` in those of the rewards. */
    rawValue: new Float32Array((T + 1) * K),
    value: new Float32Array((T + 1) * K),
    finalValue: new Float32Array(T * K),
    advantage: new Float32Array(T * K),
    target: new Float32Array(T * K),
    actorMemory: float32([T + 1, K, actorMemory]),
    criticMemory: float32([T + 1, B * criticRows, criticMemory]),
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
