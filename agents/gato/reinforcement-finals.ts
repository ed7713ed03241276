import { internal } from '../../core/index.ts';
import type { GroupRollout } from '../rollout.ts';

/** The final observations of a rollout's truncated episodes, kept as it goes by: the next step overwrites them. */
export class FinalObservations {
  /** One observation after the other. */
  numbers = new Float32Array(64);
  private readonly places = new Map<number, number>();

  clear(): void {
    this.places.clear();
  }

  /** Keeps those of step `t`. */
  observed({ sizes: { N, D }, truncated, finalObservation }: GroupRollout, t: number, B: number): void {
    const K = B * N;
    for (let k = 0; k < K; k++) {
      const cell = t * K + k;
      if (truncated[cell] === 0) continue;
      const offset = this.places.size * D;
      if (offset + D > this.numbers.length) {
        const larger = new Float32Array(Math.max(2 * this.numbers.length, offset + D));
        larger.set(this.numbers);
        this.numbers = larger;
      }
      this.numbers.set(finalObservation.subarray(k * D, (k + 1) * D), offset);
      this.places.set(cell, offset);
    }
  }

  /** Where in `numbers` the final observation after this cell's step stands. */
  offset(cell: number): number {
    const offset = this.places.get(cell);
    if (offset === undefined) throw internal('a truncated step without its final observation');
    return offset;
  }
}
