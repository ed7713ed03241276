import { float32, type Value, type Values } from '../nn/index.ts';
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

  save(): Values {
    // Doubles as pairs of floats would lose bits: kept as their bytes.
    const bytes = new Uint8Array(Float64Array.of(this.count, ...this.mean, ...this.squares).buffer);
    return {
      'observation/statistics': { dtype: 'int32', shape: [bytes.length / 4], data: new Int32Array(bytes.buffer) },
    };
  }

  load(tensors: Values): void {
    const saved = tensors['observation/statistics']!.data as Int32Array;
    const [count, ...rest] = new Float64Array(saved.slice().buffer);
    this.count = count!;
    this.mean.set(rest.slice(0, this.D));
    this.squares.set(rest.slice(this.D));
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
