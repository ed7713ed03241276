import { bool, float32, int32, type Value, type Values } from '../../nn/index.ts';
import type { Column, Replay, ReplayShape } from './replay.ts';

/** How rewards are put into units to learn from. */
export interface RewardScale {
  readonly mean: number;
  readonly std: number;
}

/** The numbers of `episodes` drawn episodes, time-major ([t, episode, ...]), as an update reads them. */
export class ReplayBatch {
  private readonly observation: readonly Float32Array[];
  private readonly action: readonly Int32Array[];
  private readonly mask: readonly Uint8Array[];
  private readonly alive: Float32Array;
  private readonly goesOn: Float32Array;
  private readonly reward: Float32Array;
  private readonly state: Float32Array;
  /** [L, episodes, rewards]: 1 where there is something to learn from. */
  private readonly weight: Float32Array;
  /** [L, episodes, rewards]: 1 where the value of what follows counts. */
  private readonly bootstrap: Float32Array;

  constructor(
    private readonly shape: ReplayShape,
    readonly episodes: number,
  ) {
    const { units, agents, rewards, S, steps } = shape;
    const rows = steps * episodes;
    const after = (steps + 1) * episodes;
    this.observation = units.map(({ n, D }) => new Float32Array(after * n * D));
    this.action = units.map(({ n }) => new Int32Array(rows * n));
    this.mask = units.map(({ n, M }) => new Uint8Array(after * n * M));
    this.alive = new Float32Array(rows * agents);
    this.goesOn = new Float32Array(rows * agents);
    this.reward = new Float32Array(rows * rewards);
    this.state = new Float32Array(after * S);
    this.weight = new Float32Array(rows * rewards);
    this.bootstrap = new Float32Array(rows * rewards);
  }

  /**
   * Takes in the first `steps` steps of the episodes in `slots`, padded with zeros. Returns how many values there are
   * to learn from.
   */
  gather(replay: Replay, slots: Int32Array, steps: number, scale: RewardScale): number {
    const { units, agents, rewards } = this.shape;
    let count = 0;
    for (let e = 0; e < slots.length; e++) {
      const slot = slots[e]!;
      const length = replay.length[slot]!;
      for (let u = 0; u < units.length; u++) {
        this.spread(replay.observation[u]!, slot, e, length + 1, steps + 1, this.observation[u]!);
        this.spread(replay.action[u]!, slot, e, length, steps, this.action[u]!);
        this.spread(replay.mask[u]!, slot, e, length + 1, steps + 1, this.mask[u]!);
      }
      this.spread(replay.alive, slot, e, length, steps, this.alive);
      this.spread(replay.goesOn, slot, e, length, steps, this.goesOn);
      this.spread(replay.reward, slot, e, length, steps, this.reward);
      this.spread(replay.state, slot, e, length + 1, steps + 1, this.state);
      for (let t = 0; t < steps; t++) {
        const row = t * this.episodes + e;
        for (let k = 0; k < rewards; k++) {
          const at = row * rewards + k;
          const isKept = t < length;
          // Each agent by itself, or the team as long as anybody is there.
          const [from, to] = rewards === agents ? [k, k + 1] : [0, agents];
          this.weight[at] = isKept && anyIn(this.alive, row * agents + from, row * agents + to) ? 1 : 0;
          this.bootstrap[at] = isKept && anyIn(this.goesOn, row * agents + from, row * agents + to) ? 1 : 0;
          if (isKept) this.reward[at] = (this.reward[at]! - scale.mean) / scale.std;
          count += this.weight[at]!;
        }
      }
    }
    return count;
  }

  /** Views of the first `steps` steps, by the names that the update program gives them. */
  inputs(steps: number): Values {
    const { units, agents, rewards, S } = this.shape;
    const rows = steps * this.episodes;
    const after = (steps + 1) * this.episodes;
    const cut = (data: Float32Array, count: number, width: number): Value =>
      float32([count, width], data.subarray(0, count * width));
    const inputs: Record<string, Value> = {
      alive: cut(this.alive, rows, agents),
      goesOn: cut(this.goesOn, rows, agents),
      reward: cut(this.reward, rows, rewards),
      weight: cut(this.weight, rows, rewards),
      bootstrap: cut(this.bootstrap, rows, rewards),
    };
    if (S > 0) inputs.state = cut(this.state, after, S);
    for (const [u, { n, D, M }] of units.entries()) {
      inputs[`observation/${u}`] = cut(this.observation[u]!, after, n * D);
      inputs[`action/${u}`] = int32([rows, n], this.action[u]!.subarray(0, rows * n));
      if (M > 0) inputs[`mask/${u}`] = bool([after, n * M], this.mask[u]!.subarray(0, after * n * M));
    }
    return inputs;
  }

  /** Rows 0 to `filled` - 1 of a slot to their places in time, zeros up to `rows`. */
  private spread(
    { data, rows: perSlot, width }: Column<Float32Array | Int32Array | Uint8Array>,
    slot: number,
    e: number,
    filled: number,
    rows: number,
    out: Float32Array | Int32Array | Uint8Array,
  ): void {
    if (width === 0) return;
    let from = slot * perSlot * width;
    for (let t = 0; t < rows; t++) {
      const to = (t * this.episodes + e) * width;
      if (t >= filled) out.fill(0, to, to + width);
      else for (let i = 0; i < width; i++) out[to + i] = data[from + i]!;
      from += width;
    }
  }
}

function anyIn(flags: Float32Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (flags[i] === 1) return true;
  return false;
}
