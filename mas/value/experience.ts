/**
 * What all agents went through in one round: `T` steps of `B` copies, time-major, agents inside copies, one entry per
 * group (role). Sizes as in `GroupOutput`: `N` agents of the group, `D` observation numbers, `A` action components, `M`
 * mask entries; `K` kinds of feedback; `all` agents of all groups, in the order of the groups.
 */
export interface Experience {
  readonly T: number;
  readonly B: number;
  readonly groups: readonly GroupExperience[];
  /** [T, B]: the team's objective; the sum of all rewards where the environment has none of its own. */
  readonly teamReward: Float32Array;
  /** [T, B, K]: scores that agents gave each other after each step, and whether they did (else the score is 0). */
  readonly feedback: Float32Array;
  readonly said: Uint8Array;
  /**
   * [T, B, all]: for `difference`: at the last step of an episode, the team's return of the episode less that of the same
   * one in which this agent had done the default all along; 0 elsewhere. null with other credit.
   */
  readonly difference: Float32Array | null;
}

/** One role's part of it. */
export interface GroupExperience {
  /** [T + 1, B, N, D]; the last row is what comes next. */
  readonly observation: Float32Array;
  /** [T, B, N, D]: read where `truncated`. */
  readonly finalObservation: Float32Array;
  /** [T + 1, B, N, M]; empty unless the group is masked. */
  readonly actionMask: Uint8Array;
  /** [T + 1, B, N], 0 or 1. */
  readonly alive: Uint8Array;
  /** [T, B, N, A]. */
  readonly action: Int32Array | Float32Array;
  /** [T, B, N]: of the action, under the policy that took it. */
  readonly logProbability: Float32Array;
  /** [T, B, N]. */
  readonly reward: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
}
