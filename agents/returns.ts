/** One rollout's worth of what advantages are made of. `T` steps, `K` independent tracks (copies times agents). */
export interface Track {
  readonly T: number;
  readonly K: number;
  /** [T, K] */
  readonly reward: Float32Array;
  /** [T + 1, K]: V of the observation acted on at t; the last row is that of the observation after the rollout. */
  readonly value: Float32Array;
  /** [T, K]: V of the final observation; read only where `truncated`. */
  readonly finalValue: Float32Array;
  /** [T, K], 0 or 1. */
  readonly terminated: Uint8Array;
  /** [T, K], 0 or 1. */
  readonly truncated: Uint8Array;
  /** [T + 1, K], 0 or 1: whether the track acted at t. Where it did not, advantage and target are 0. */
  readonly alive: Uint8Array;
}

/**
 * Generalised advantage estimation (Schulman et al. 2016, arXiv 1506.02438, equation 16), written into `advantage`
 * [T, K] and `target` [T, K] (advantage plus value, the lambda-return).
 * A terminated step has no future; a truncated one has the future that its final observation promises; neither lets
 * the trace run into the next episode.
 */
export function generalisedAdvantages(
  { T, K, reward, value, finalValue, terminated, truncated, alive }: Track,
  discount: number,
  lambda: number,
  advantage: Float32Array,
  target: Float32Array,
): void {
  const decay = discount * lambda;
  for (let t = T - 1; t >= 0; t--) {
    const row = t * K;
    for (let i = row; i < row + K; i++) {
      if (alive[i] === 0) {
        advantage[i] = 0;
        target[i] = 0;
        continue;
      }
      let next = value[i + K]!;
      let trace = t === T - 1 ? 0 : advantage[i + K]!;
      if (terminated[i] === 1) {
        next = 0;
        trace = 0;
      } else if (truncated[i] === 1) {
        next = finalValue[i]!;
        trace = 0;
      }
      const estimate = reward[i]! + discount * next - value[i]! + decay * trace;
      advantage[i] = estimate;
      target[i] = estimate + value[i]!;
    }
  }
}
