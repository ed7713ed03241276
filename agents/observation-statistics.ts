import { float32, type Value } from '../nn/index.ts';
import type { UnitRollout } from './unit-rollout.ts';

/** Running mean and variance of each observation number (Welford 1962, merged by Chan et al. 1979), over living agents. */
export class ObservationStatistics {
  /** What programs take: mean [D] and 1 / std [D]. */
  readonly inputs: { readonly observationMean: Value; readonly observationScale: Value };
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;
  private count = 0;

  constructor(private readonly D: number) {
    this.mean = new Float64Array(D);
    this.squares = new Float64Array(D);
    this.inputs = { observationMean: float32([D]), observationScale: float32([D], new Float32Array(D).fill(1)) };
  }

  /** Takes in the observations that a rollout acted on. */
  update({ observation, alive, T, B, sizes }: UnitRollout): void {
    const { D, mean, squares } = this;
    const rows = T * B * sizes.N;
    for (let row = 0; row < rows; row++) {
      if (alive[row] === 0) continue;
      this.count++;
      for (let d = 0; d < D; d++) {
        const value = observation[row * D + d]!;
        const change = value - mean[d]!;
        mean[d]! += change / this.count;
        squares[d]! += change * (value - mean[d]!);
      }
    }
    this.publish();
  }

  /** Plain data: the count, the means and the sums of squared deviations. */
  state(): { readonly count: number; readonly mean: readonly number[]; readonly squares: readonly number[] } {
    return { count: this.count, mean: Array.from(this.mean), squares: Array.from(this.squares) };
  }

  restore({ count, mean, squares }: ReturnType<ObservationStatistics['state']>): void {
    this.count = count;
    this.mean.set(mean);
    this.squares.set(squares);
    this.publish();
  }

  private publish(): void {
    for (let d = 0; d < this.D; d++) {
      (this.inputs.observationMean.data as Float32Array)[d] = this.mean[d]!;
      const variance = this.count > 1 ? this.squares[d]! / this.count : 1;
      (this.inputs.observationScale.data as Float32Array)[d] = 1 / Math.sqrt(variance + 1e-8);
    }
  }
}
