import { LightbulbError } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import type { Collector } from './collector.ts';
import type { GroupRollout } from './rollout.ts';
import type { UnitRollout } from './unit-rollout.ts';

/**
 * What a central critic sees of a copy: the environment's own state where it has one, otherwise the observations of
 * all agents side by side, dead agents as zeros (MAPPO's death masking). Where one unit is the only group, its own
 * observations are that already and nothing is copied.
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
  private readonly stated: StatedEnvironment | null;
  /** [B, S]: the environment's final state or state after the step `ended.t`, fetched when first asked for. */
  private readonly ended = { t: -1, final: new Float32Array(0), now: new Float32Array(0) };

  constructor({ groups, T, B, keep }: Collector, environment: BatchedEnvironment, isNeeded: boolean) {
    this.groups = groups;
    this.B = B;
    this.keep = keep;
    this.stated = isNeeded && environment.stateSize > 0 ? requireStates(environment) : null;
    this.size =
      this.stated === null ? groups.reduce((sum, { sizes: { N, D } }) => sum + N * D, 0) : environment.stateSize;
    this.isCopied = isNeeded && groups.length > 1;
    const isOwn = this.stated !== null || groups.length > 1;
    this.rows = isOwn ? new Float32Array(isNeeded ? (T + 1) * B * this.size : 0) : groups[0]!.observation;
    if (this.stated !== null) {
      this.ended.final = new Float32Array(B * this.size);
      this.ended.now = new Float32Array(B * this.size);
    }
  }

  isObservationOf(unit: UnitRollout): boolean {
    return unit.observation === this.rows;
  }

  /** Fills row `t`, which the environment and the groups are at. */
  pull(t: number): void {
    if (this.stated !== null) {
      this.ended.t = -1;
      this.stated.state(this.rows.subarray(t * this.B * this.size, (t + 1) * this.B * this.size));
      return;
    }
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
    if (this.stated !== null) {
      const { ended, size } = this;
      if (ended.t !== t) {
        this.stated.finalState(ended.final);
        this.stated.state(ended.now);
        ended.t = t;
      }
      const isOver = this.keep[(t + 1) * this.B + b] === 0;
      out.set((isOver ? ended.final : ended.now).subarray(b * size, (b + 1) * size), offset);
      return;
    }
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

type StatedEnvironment = Required<Pick<BatchedEnvironment, 'state' | 'finalState'>>;

function requireStates(environment: BatchedEnvironment): StatedEnvironment {
  if (environment.state === undefined || environment.finalState === undefined) {
    throw new LightbulbError('contract', 'an environment with a state size must answer its states', {
      where: '/environment',
      wanted: 'state and finalState',
      got: environment.state === undefined ? 'no state' : 'no finalState',
    });
  }
  return {
    state: (out) => environment.state?.(out),
    finalState: (out) => environment.finalState?.(out),
  };
}
