import { actionBounds } from '../worlds/index.ts';
import { type GroupRollout, type Sizes, sizesOf } from './rollout.ts';
import type { Unit } from './sharing.ts';

/**
 * The experience of the agents that share one network: the arrays of `GroupRollout`, with N the agents of the unit.
 * A unit that is exactly one group uses that group's arrays; others keep their own and copy (`pull`, `push`).
 * Continuous actions are kept as the policy drew them, and clipped to their bounds on the way to the environment.
 */
export class UnitRollout {
  readonly sizes: Sizes;
  readonly observation: Float32Array;
  readonly action: Float32Array | Int32Array;
  readonly reward: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly alive: Uint8Array;
  readonly actionMask: Uint8Array;
  private readonly isWhole: boolean;
  private readonly bounds: { readonly low: Float32Array; readonly high: Float32Array } | null;

  constructor(
    readonly unit: Unit,
    private readonly groups: readonly GroupRollout[],
    readonly T: number,
    readonly B: number,
    private readonly isTeamReward = false,
  ) {
    const { slots } = unit;
    const home = groups[slots[0]!.group]!;
    this.isWhole =
      slots.length === home.sizes.N && slots.every(({ group, agent }, i) => group === slots[0]!.group && agent === i);
    this.sizes = { ...sizesOf(unit.group), N: slots.length };
    const { N, D, A, M } = this.sizes;
    const K = B * N;
    this.bounds = actionBounds(unit.group.action);
    this.observation = this.isWhole ? home.observation : new Float32Array((T + 1) * K * D);
    this.action =
      this.bounds !== null ? new Float32Array(T * K * A) : this.isWhole ? home.action : new Int32Array(T * K * A);
    this.reward = this.isWhole && !isTeamReward ? home.reward : new Float32Array(T * K);
    this.terminated = this.isWhole ? home.terminated : new Uint8Array(T * K);
    this.truncated = this.isWhole ? home.truncated : new Uint8Array(T * K);
    this.alive = this.isWhole ? home.alive : new Uint8Array((T + 1) * K);
    this.actionMask = this.isWhole ? home.actionMask : new Uint8Array((T + 1) * K * M);
  }

  /** Copies row `t` of what agents see (observation, alive, mask) from the groups. */
  pullObservation(t: number): void {
    if (this.isWhole) return;
    const { D, M } = this.sizes;
    this.eachSlot(t, (from, of, to) => {
      copyRow(of.observation, from, this.observation, to, D);
      copyRow(of.alive, from, this.alive, to, 1);
      copyRow(of.actionMask, from, this.actionMask, to, M);
    });
  }

  /** Copies row `t` of what a step answered (reward and flags) from the groups. */
  pullOutcome(t: number): void {
    if (this.isTeamReward) this.pullTeamReward(t);
    if (this.isWhole) return;
    this.eachSlot(t, (from, of, to) => {
      if (!this.isTeamReward) this.reward[to] = of.reward[from]!;
      this.terminated[to] = of.terminated[from]!;
      this.truncated[to] = of.truncated[from]!;
    });
  }

  /** Every living agent of the unit gets the sum of the rewards of all agents of its copy. */
  private pullTeamReward(t: number): void {
    const { B, reward } = this;
    const n = this.sizes.N;
    for (let b = 0; b < B; b++) {
      let team = 0;
      for (const group of this.groups) {
        const { N } = group.sizes;
        const from = (t * B + b) * N;
        for (let i = from; i < from + N; i++) team += group.reward[i]!;
      }
      reward.fill(team, (t * B + b) * n, (t * B + b + 1) * n);
    }
  }

  /** Copies row `t` of the actions to the groups, within the bounds of the action space. */
  pushAction(t: number): void {
    const { bounds } = this;
    if (this.isWhole && bounds === null) return;
    const { A } = this.sizes;
    this.eachSlot(t, (into, of, from) => {
      for (let i = 0; i < A; i++) {
        const value = this.action[from * A + i]!;
        of.action[into * A + i] = bounds === null ? value : Math.min(Math.max(value, bounds.low[i]!), bounds.high[i]!);
      }
    });
  }

  /** The final observation of unit agent `n` in copy `b` after the step just taken, written to `out` at `offset`. */
  finalObservation(b: number, n: number, out: Float32Array, offset: number): void {
    const { group, agent } = this.unit.slots[n]!;
    const { sizes, finalObservation } = this.groups[group]!;
    const from = (b * sizes.N + agent) * sizes.D;
    for (let i = 0; i < sizes.D; i++) out[offset + i] = finalObservation[from + i]!;
  }

  private eachSlot(t: number, visit: (groupRow: number, group: GroupRollout, unitRow: number) => void): void {
    const { unit, groups, B } = this;
    const { slots } = unit;
    for (let n = 0; n < slots.length; n++) {
      const { group, agent } = slots[n]!;
      const of = groups[group]!;
      for (let b = 0; b < B; b++) visit((t * B + b) * of.sizes.N + agent, of, (t * B + b) * slots.length + n);
    }
  }
}

interface Writable {
  readonly length: number;
  [index: number]: number;
}

function copyRow(from: Writable, fromRow: number, to: Writable, toRow: number, length: number): void {
  for (let i = 0; i < length; i++) to[toRow * length + i] = from[fromRow * length + i]!;
}
