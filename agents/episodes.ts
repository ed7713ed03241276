import type { GroupRollout } from './rollout.ts';

/** Where the episodes under way stand; plain data, part of a checkpoint. */
export interface EpisodesState {
  readonly returns: readonly number[];
  readonly lengths: readonly number[];
  readonly agents: readonly (readonly number[])[];
}

/** One finished episode. */
export interface Episode {
  readonly copy: number;
  /** Sum over agents and steps of the rewards. */
  readonly return: number;
  readonly length: number;
  /** Return of each agent, groups one after the other. */
  readonly agents: readonly number[];
}

/**
 * Follows the episodes of `B` copies as their steps go by. An episode is over with the step after which nobody who acted
 * in it goes on: agents may have ended before, or never have taken part.
 */
export class Episodes {
  private readonly returns: Float64Array;
  private readonly lengths: Int32Array;
  /** [B]: agents that acted in the last step and go on. */
  private readonly going: Int32Array;
  private readonly agents: Float64Array;
  private readonly agentCount: number;

  constructor(
    private readonly B: number,
    groups: readonly { readonly N: number }[],
  ) {
    this.agentCount = groups.reduce((sum, { N }) => sum + N, 0);
    this.returns = new Float64Array(B);
    this.lengths = new Int32Array(B);
    this.going = new Int32Array(B);
    this.agents = new Float64Array(B * this.agentCount);
  }

  /** Counts step `t` of the rollouts; calls `finished` for each episode that ended with it. */
  step(t: number, groups: readonly GroupRollout[], finished: (episode: Episode) => void): void {
    const { B, agentCount, returns, lengths, going, agents } = this;
    going.fill(0);
    let base = 0;
    for (const { sizes, reward, terminated, truncated, alive } of groups) {
      const { N } = sizes;
      let i = t * B * N;
      for (let b = 0; b < B; b++) {
        for (let n = 0; n < N; n++, i++) {
          const amount = reward[i]!;
          returns[b]! += amount;
          agents[b * agentCount + base + n]! += amount;
          going[b]! += alive[i]! & ~(terminated[i]! | truncated[i]!);
        }
      }
      base += N;
    }
    for (let b = 0; b < B; b++) {
      lengths[b]!++;
      if (going[b]! > 0) continue;
      const of = b * agentCount;
      finished({
        copy: b,
        return: returns[b]!,
        length: lengths[b]!,
        agents: Array.from(agents.subarray(of, of + agentCount)),
      });
      returns[b] = 0;
      lengths[b] = 0;
      agents.fill(0, of, of + agentCount);
    }
  }

  /** Forgets the episodes under way: all copies begin anew. */
  clear(): void {
    for (const array of [this.returns, this.lengths, this.agents]) array.fill(0);
  }

  state(): EpisodesState {
    const { B, agentCount } = this;
    return {
      returns: Array.from(this.returns),
      lengths: Array.from(this.lengths),
      agents: Array.from({ length: B }, (_, b) =>
        Array.from(this.agents.subarray(b * agentCount, (b + 1) * agentCount)),
      ),
    };
  }

  restore({ returns, lengths, agents }: EpisodesState): void {
    this.returns.set(returns);
    this.lengths.set(lengths);
    this.agents.set(agents.flat());
  }
}
