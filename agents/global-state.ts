import type { Collector } from './collector.ts';
import type { GroupRollout } from './rollout.ts';
import type { UnitRollout } from './unit-rollout.ts';

/**
 * What a central critic sees of a copy: the observations of all agents side by side, dead agents as zeros (MAPPO's
 * death masking). Where one unit is the only group, its own observations are that already and nothing is copied.
 */
export class GlobalState {
  /** Numbers per copy, S. */
  readonly size: number;
  /** [T + 1, B, S] */
  readonly rows: Float32Array;
  /** The collector's: [T + 1, B], 0 where a copy's episode starts at t, else 1. */
  readonly keep: Float32Array;
  private readonly groups: readonly GroupRollout[];
  private readonly B: number;
  private readonly isCopied: boolean;

  constructor({ groups, T, B, keep }: Collector, isNeeded: boolean) {
    this.groups = groups;

    this.B = B;
    this.size = groups.reduce((sum, { sizes: { N, D } }) => sum + N * D, 0);
    this.isCopied = isNeeded && groups.length > 1;
    this.rows = groups.length === 1 ? groups[0]!.observation : new Float32Array(isNeeded ? (T + 1) * B * this.size : 0);
    this.keep = keep;
  }

  isObservationOf(unit: UnitRollout): boolean {
    return unit.observation === this.rows;
  }

  /** Fills row `t` from the groups. */
  pull(t: number): void {
    if (!this.isCopied) return;
    let base = 0;
    for (const { sizes, observation } of this.groups) {
      const width = sizes.N * sizes.D;
      for (let b = 0; b < this.B; b++) {
        const from = (t * this.B + b) * width;
        this.rows.set(observation.subarray(from, from + width), (t * this.B + b) * this.size + base);
      }
      base += width;
    }
  }

  /** The state of copy `b` as step `t` left it, before any reset: final observations where agents ended with it. */
  final(b: number, t: number, out: Float32Array, offset: number): void {
    let at = offset;
    for (const { sizes, observation, finalObservation, terminated, truncated, alive } of this.groups) {
      const { N, D } = sizes;
      for (let n = 0; n < N; n++, at += D) {
        const seat = b * N + n;
        const now = t * this.B * N + seat;
        if (terminated[now] === 1 || truncated[now] === 1)
          out.set(finalObservation.subarray(seat * D, (seat + 1) * D), at);
        else if (alive[now] === 1)
          out.set(observation.subarray((now + this.B * N) * D, (now + this.B * N + 1) * D), at);
        else out.fill(0, at, at + D);
      }
    }
  }
}
