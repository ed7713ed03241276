import type { GlobalState } from '../global-state.ts';
import type { UnitRollout } from '../unit-rollout.ts';
import type { Replay } from './replay.ts';

/** Where the episodes under way stand; plain data, part of a checkpoint. */
export interface RecorderState {
  readonly at: readonly number[];
}

/**
 * Writes the steps of all copies into a replay as they go by: `acted` once actions are chosen, `observed` once the
 * step is taken. Episodes longer than the replay's are kept in pieces.
 */
export class Recorder {
  /** Steps so far of the episode (or piece) of each copy. */
  private readonly at: Int32Array;

  constructor(
    private readonly replay: Replay,
    private readonly units: readonly UnitRollout[],
    private readonly state: GlobalState | null,
    /** The collector's: [T + 1, B], 0 where a copy's episode starts at t, else 1. */
    private readonly keep: Float32Array,
    /** Whether every agent is paid the sum of all agents' rewards. */
    private readonly isTeamReward: boolean,
    /** Told each reward that is kept: one a step for a team, else one for each living agent. */
    private readonly rewarded: (reward: number) => void,
  ) {
    this.at = new Int32Array(replay.shape.copies);
  }

  /** Keeps row `t`: what is seen and done. Returns how many pieces became whole by it. */
  acted(t: number): number {
    const { replay, at } = this;
    const { copies, steps } = replay.shape;
    let whole = 0;
    for (let b = 0; b < copies; b++) {
      if (at[b] === steps) {
        // What is seen now is also what came after the piece's last step.
        this.see(t, b, steps);
        replay.length[replay.staging[b]!] = steps;
        replay.commit(b);
        at[b] = 0;
        whole++;
      }
      this.see(t, b, at[b]!);
      this.act(t, b, at[b]!);
    }
    return whole;
  }

  /** Keeps what step `t` answered. Returns how many episodes became whole by it. */
  observed(t: number): number {
    const { replay, at, keep } = this;
    const { copies } = replay.shape;
    let whole = 0;
    for (let b = 0; b < copies; b++) {
      const isOver = keep[(t + 1) * copies + b] === 0;
      const row = at[b]!;
      this.pay(t, b, row);
      this.follow(t, b, row, isOver);
      at[b] = row + 1;
      if (!isOver) continue;
      if (this.state !== null) {
        const { data, rows, width } = replay.state;
        this.state.final(b, t, data, (replay.staging[b]! * rows + row + 1) * width);
      }
      replay.length[replay.staging[b]!] = row + 1;
      replay.commit(b);
      at[b] = 0;
      whole++;
    }
    return whole;
  }

  save(): RecorderState {
    return { at: Array.from(this.at) };
  }

  load({ at }: RecorderState): void {
    this.at.set(at);
  }

  /** Observations, masks and state of row `t` into row `row` of the copy's slot. */
  private see(t: number, b: number, row: number): void {
    const { replay, units } = this;
    const { copies } = replay.shape;
    const slot = replay.staging[b]!;
    let base = 0;
    for (const [u, { sizes, observation, actionMask, alive }] of units.entries()) {
      const { N: n, D, M } = sizes;
      const { data: seen, rows } = replay.observation[u]!;
      const { data: legal } = replay.mask[u]!;
      for (let i = 0; i < n; i++) {
        const from = (t * copies + b) * n + i;
        const to = (slot * rows + row) * n + i;
        // What an agent saw when it was stopped before the others stands there already, and its value counts.
        if (alive[from] === 0 && row > 0 && this.wasStopped(slot, row - 1, base + i)) continue;
        copyRow(observation, from, seen, to, D, alive[from]!);
        copyRow(actionMask, from, legal, to, M, alive[from]!);
      }
      base += n;
    }
    if (this.state === null) return;
    const { data, rows, width } = replay.state;
    copyRow(this.state.rows, t * copies + b, data, slot * rows + row, width, 1);
  }

  private act(t: number, b: number, row: number): void {
    const { replay, units } = this;
    const { copies, steps, agents } = replay.shape;
    const slot = replay.staging[b]!;
    let base = (slot * steps + row) * agents;
    for (const [u, { sizes, action, alive }] of units.entries()) {
      const n = sizes.N;
      const { data } = replay.action[u]!;
      for (let i = 0; i < n; i++) {
        const from = (t * copies + b) * n + i;
        data[(slot * steps + row) * n + i] = action[from]!;
        replay.alive.data[base + i] = alive[from]!;
      }
      base += n;
    }
  }

  private pay(t: number, b: number, row: number): void {
    const { replay, units, rewarded, isTeamReward } = this;
    const { copies, steps, rewards } = replay.shape;
    const { data } = replay.reward;
    const first = (replay.staging[b]! * steps + row) * rewards;
    let to = first;
    let team = 0;
    for (const { sizes, reward, alive } of units) {
      for (let from = (t * copies + b) * sizes.N, end = from + sizes.N; from < end; from++) {
        team += reward[from]!;
        if (isTeamReward) continue;
        data[to++] = reward[from]!;
        if (alive[from] === 1) rewarded(reward[from]!);
      }
    }
    if (!isTeamReward) return;
    data.fill(team, first, first + rewards);
    rewarded(team);
  }

  /** Whose future counts after step `t`, and the final observations of those who ended with it. */
  private follow(t: number, b: number, row: number, isOver: boolean): void {
    const { replay, units } = this;
    const { copies, steps, agents } = replay.shape;
    const slot = replay.staging[b]!;
    let base = (slot * steps + row) * agents;
    for (const [u, unit] of units.entries()) {
      const { N: n, D, M } = unit.sizes;
      const { data: seen, rows } = replay.observation[u]!;
      const { data: legal } = replay.mask[u]!;
      for (let i = 0; i < n; i++) {
        const from = (t * copies + b) * n + i;
        const isStopped = unit.truncated[from] === 1;
        const isEnded = isStopped || unit.terminated[from] === 1;
        const isAlive = unit.alive[from] === 1;
        replay.goesOn.data[base + i] = isStopped || (isAlive && !isEnded) ? 1 : 0;
        const to = (slot * rows + row + 1) * n + i;
        if (isEnded && (isOver || isStopped)) {
          unit.finalObservation(b, i, seen, to * D);
          // Environments give no mask for a final observation; the last one known is the nearest to it.
          legal.copyWithin(to * M, (to - n) * M, (to - n + 1) * M);
        } else if (isOver) {
          seen.fill(0, to * D, (to + 1) * D);
          legal.fill(0, to * M, (to + 1) * M);
        }
      }
      base += n;
    }
  }

  /** Whether the agent acted in this row and was stopped by it, while others went on. */
  private wasStopped(slot: number, row: number, agent: number): boolean {
    const { steps, agents } = this.replay.shape;
    const at = (slot * steps + row) * agents + agent;
    return this.replay.alive.data[at] === 1 && this.replay.goesOn.data[at] === 1;
  }
}

interface Writable {
  readonly length: number;
  [index: number]: number;
}

/** One row, or zeros where `factor` is 0. */
function copyRow(from: Writable, fromRow: number, to: Writable, toRow: number, width: number, factor: number): void {
  const [source, target] = [fromRow * width, toRow * width];
  for (let i = 0; i < width; i++) to[target + i] = factor === 0 ? 0 : from[source + i]!;
}
