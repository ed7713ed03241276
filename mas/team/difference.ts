import type { GroupRollout } from '../../agents/index.ts';
import { type Json, LightbulbError } from '../../core/index.ts';
import {
  actionChoices,
  type BatchedEnvironment,
  createActions,
  createOutputs,
  type GroupActions,
  type GroupOutput,
} from '../../worlds/index.ts';

const AT = '/learner/credit';

/**
 * Difference rewards (Wolpert and Tumer 2001, "Optimal payoff functions for members of collectives", equation for the
 * wonderful-life utility): D_i = G(z) - G(z with the actions of agent i replaced by a default), where G is the team's
 * return of an episode. Exact: the round is played again in a twin of the environment, from the same snapshot and with
 * the same random numbers, once for each agent. The default is choice 0 and the number 0. What the others did stays as it
 * was; where the twin's mask forbids a choice, default or not, the first legal one of that component takes its place.
 *
 * An episode of the twin has to be comparable with the real one, hence `unsupported` where a round does not hold whole
 * episodes, where the twin's ends earlier or later (then more or fewer steps would be credited to the default than it
 * took), and where its next one begins otherwise (then the environment drew other random numbers for it).
 */
export class DifferenceReplay {
  private readonly twin: BatchedEnvironment;
  private readonly outputs: readonly GroupOutput[];
  private readonly actions: readonly GroupActions[];
  private readonly choices: readonly (readonly number[] | null)[];
  private readonly B: number;
  private readonly all: number;
  /** [B], of the episode under way. */
  private readonly returns: Float64Array;
  private readonly paid: Float32Array;
  /** [B], agents that ended in the episode under way. */
  private readonly ended: Int32Array;
  private readonly firstOf: readonly number[];

  constructor(
    make: (copies: number) => BatchedEnvironment,
    private readonly rollouts: readonly GroupRollout[],
    private readonly T: number,
    copies: number,
  ) {
    this.twin = make(copies);
    const { groups } = this.twin;
    this.B = copies;
    this.outputs = createOutputs(groups, copies);
    this.actions = createActions(groups, copies);
    this.choices = groups.map(({ action }) => actionChoices(action));
    this.all = groups.reduce((sum, { agents }) => sum + agents.length, 0);
    this.returns = new Float64Array(copies);
    this.paid = new Float32Array(copies);
    this.ended = new Int32Array(copies);
    let first = 0;
    this.firstOf = groups.map(({ agents }) => {
      first += agents.length;
      return first - agents.length;
    });
  }

  /**
   * start: of the environment, before the round. keep: [T + 1, B], 0 where an episode begins. teamReward: [T, B]. Writes
   * `out`, [T, B, all]: at the last step of each episode what each agent made of it, 0 elsewhere.
   */
  compute(start: Json, keep: Float32Array, teamReward: Float32Array, out: Float32Array): void {
    const { B, T, twin, rollouts } = this;
    for (let b = 0; b < B; b++) if (keep[b] !== 0 || keep[T * B + b] !== 0) throw notWhole(b);
    out.fill(0);
    rollouts.forEach(({ sizes }, g) => {
      for (let n = 0; n < sizes.N; n++) {
        twin.restore(start);
        this.replay(g, n, keep, teamReward, out);
      }
    });
  }

  close(): void {
    this.twin.close?.();
  }

  /** The round as it would have been without agent `n` of group `g`. */
  private replay(g: number, n: number, keep: Float32Array, teamReward: Float32Array, out: Float32Array): void {
    const { B, T, twin, returns, ended, all, actions, outputs } = this;
    const agent = this.firstOf[g]! + n;
    returns.fill(0);
    ended.fill(0);
    this.begin();
    for (let t = 0; t < T; t++) {
      this.choose(t, g, n);
      twin.step(actions, outputs);
      this.pay();
      for (let b = 0; b < B; b++) {
        // What really happened less what would have, added up step by step until the episode's end.
        returns[b]! += teamReward[t * B + b]! - this.paid[b]!;
        const isOver = this.countEnded(b) === all;
        if (isOver !== (keep[(t + 1) * B + b] === 0)) throw otherEnding(twin.groups[g]!.agents[n]!, b, t, isOver);
        if (!isOver) continue;
        out[(t * B + b) * all + agent] = returns[b]!;
        returns[b] = 0;
        ended[b] = 0;
        if (t + 1 < T) this.checkBeginning(twin.groups[g]!.agents[n]!, b, t + 1);
      }
    }
  }

  /** Row 0 stands where the twin stands after `restore`, which shows nothing. */
  private begin(): void {
    for (const [g, { actionMask, alive, sizes }] of this.rollouts.entries()) {
      const K = this.B * sizes.N;
      this.outputs[g]!.actionMask.set(actionMask.subarray(0, K * sizes.M));
      this.outputs[g]!.alive.set(alive.subarray(0, K));
    }
  }

  private choose(t: number, g: number, n: number): void {
    for (const [h, { action, sizes }] of this.rollouts.entries()) {
      const chosen = this.actions[h]!;
      const { N, A } = sizes;
      const size = this.B * N * A;
      chosen.set(action.subarray(t * size, (t + 1) * size));
      if (h === g) for (let b = 0; b < this.B; b++) chosen.fill(0, (b * N + n) * A, (b * N + n + 1) * A);
      this.makeLegal(h, chosen);
    }
  }

  private makeLegal(h: number, chosen: GroupActions): void {
    const { N, A, M } = this.rollouts[h]!.sizes;
    const choices = this.choices[h];
    if (M === 0 || choices === null || choices === undefined) return;
    const { actionMask, alive } = this.outputs[h]!;
    for (let seat = 0; seat < this.B * N; seat++) {
      if (alive[seat] === 0) continue;
      let entry = seat * M;
      for (let a = 0; a < A; a++) {
        const count = choices[a]!;
        const at = seat * A + a;
        if (actionMask[entry + chosen[at]!] === 0) {
          const legal = actionMask.subarray(entry, entry + count).indexOf(1);
          if (legal >= 0) chosen[at] = legal;
        }
        entry += count;
      }
    }
  }

  /** What the team is paid for the twin's last step. */
  private pay(): void {
    const { twin, paid, outputs, B } = this;
    if (twin.teamReward !== undefined) twin.teamReward(paid);
    else sumOfRewards(outputs, B, paid);
  }

  private countEnded(b: number): number {
    for (const [h, { terminated, truncated }] of this.outputs.entries()) {
      const { N } = this.rollouts[h]!.sizes;
      for (let seat = b * N; seat < (b + 1) * N; seat++) this.ended[b]! += terminated[seat]! | truncated[seat]!;
    }
    return this.ended[b]!;
  }

  private checkBeginning(agent: string, b: number, row: number): void {
    for (const [h, { observation, sizes }] of this.rollouts.entries()) {
      const width = sizes.N * sizes.D;
      const real = (row * this.B + b) * width;
      const twins = this.outputs[h]!.observation;
      for (let i = 0; i < width; i++)
        if (observation[real + i] !== twins[b * width + i]) throw otherBeginning(agent, b, row);
    }
  }
}

/** The team's reward where the environment has none of its own. Writes [B]. */
export function sumOfRewards(
  outputs: readonly { readonly reward: Float32Array }[],
  B: number,
  out: Float32Array,
): void {
  out.fill(0);
  for (const { reward } of outputs) {
    const N = reward.length / B;
    for (let b = 0; b < B; b++) for (let n = 0; n < N; n++) out[b]! += reward[b * N + n]!;
  }
}

/** Throws `unsupported` where rounds of `rollout` steps cannot hold whole episodes of this environment. */
export function requireWholeEpisodes({ maximumSteps }: BatchedEnvironment, rollout: number): void {
  if (maximumSteps !== undefined && rollout % maximumSteps === 0) return;
  throw new LightbulbError('unsupported', 'differences are taken between whole episodes', {
    where: AT,
    wanted:
      maximumSteps === undefined
        ? 'an environment that says how long its episodes are'
        : `a rollout of ${maximumSteps}`,
    got: maximumSteps === undefined ? 'one that does not' : `${rollout}`,
    cure:
      maximumSteps === undefined
        ? 'Use another credit, or declare maximumSteps'
        : `Set "rollout" to a multiple of ${maximumSteps}, or use another credit`,
  });
}

function notWhole(copy: number): LightbulbError {
  return new LightbulbError('unsupported', 'differences are taken between whole episodes of one length', {
    where: AT,
    wanted: 'episodes that begin and end with the rounds',
    got: `copy ${copy} was in the middle of one`,
    cure: 'Use another credit: episodes of this environment end early',
  });
}

function otherEnding(agent: string, copy: number, t: number, isEarlier: boolean): LightbulbError {
  return new LightbulbError('unsupported', `without ${agent} an episode has another length`, {
    where: AT,
    wanted: 'episodes whose length nobody changes',
    got: `copy ${copy}, step ${t} of the round: ${isEarlier ? 'the end, too early' : 'no end where there was one'}`,
    cure: 'Use another credit, or an environment whose episodes all have the same length',
  });
}

function otherBeginning(agent: string, copy: number, t: number): LightbulbError {
  return new LightbulbError('unsupported', `without ${agent} the next episode is another one`, {
    where: AT,
    wanted: 'episodes that do not depend on what was done in those before',
    got: `copy ${copy} begins otherwise at step ${t} of the round`,
    cure: 'Set "rollout" to the length of one episode, or use another credit',
  });
}
