import { LightbulbError } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import { breathe } from './breathe.ts';
import { type Episode, Episodes, type EpisodesState } from './episodes.ts';
import type { LevelsInPlay } from './levels-in-play.ts';
import { carryOver, createGroupRollout, type GroupRollout } from './rollout.ts';

/** Who chooses the actions. Called with row `t` of the rollout filled in; writes row `t` of each group's actions. */
export interface Player {
  act(t: number): void;
  /** Told after step `t`: rewards, flags and row `t + 1` are there. */
  observed?(t: number): void;
}

/** A player who has to ask elsewhere, and is waited for at every step. */
export interface AskingPlayer {
  act(t: number): Promise<void>;
  observed?(t: number): void;
}

/** What a checkpoint needs of a collector, besides the environment's snapshot. */
export interface CollectorState {
  readonly episodes: EpisodesState;
  readonly observation: readonly (readonly number[])[];
  readonly alive: readonly (readonly number[])[];
  readonly actionMask: readonly (readonly number[])[];
  readonly keep: readonly number[];
}

/** Steps of all copies between two turns for the rest of the process. */
const STEPS_OF_A_BREATH = 512;

/** Steps a batched environment with a player and keeps the experience, time-major, one `GroupRollout` per group. */
export class Collector {
  readonly groups: readonly GroupRollout[];
  readonly B: number;
  private readonly episodes: Episodes;
  private readonly actionsAt: readonly (readonly (Int32Array | Float32Array)[])[];
  private readonly outputsAt: readonly (readonly GroupRollout['resetOutput'][])[];
  /** [T + 1, B]: 0 where a copy's episode starts at t, else 1: what recurrent networks multiply their memory by. */
  readonly keep: Float32Array;
  private started = false;
  private sinceBreath = 0;

  constructor(
    readonly environment: BatchedEnvironment,
    readonly T: number,
    /** Where levels come from, if not from the environment's own seeds. */
    private readonly levels?: LevelsInPlay | undefined,
  ) {
    this.B = environment.batchSize;
    this.groups = environment.groups.map((group) => createGroupRollout(group, T, this.B));
    this.episodes = new Episodes(
      this.B,
      this.groups.map(({ sizes }) => sizes),
    );
    this.keep = new Float32Array((T + 1) * this.B);
    this.actionsAt = Array.from({ length: T }, (_, t) => this.groups.map(({ actions }) => actions[t]!));
    this.outputsAt = Array.from({ length: T }, (_, t) => this.groups.map(({ outputs }) => outputs[t]!));
  }

  /** Starts all copies anew; row 0 holds their first observations. */
  reset(seed: number): void {
    this.levels?.beforeReset();
    this.environment.reset(
      seed,
      this.groups.map(({ resetOutput }) => resetOutput),
    );
    this.levels?.afterReset();
    this.episodes.clear();
    this.keep.fill(0, this.T * this.B);
    this.started = true;
  }

  /**
   * Takes `T` steps of every copy; returns the episodes that ended. The last rollout's end is this one's beginning.
   * Error `not_finite` (naming agent and copy) where the environment answers a reward or observation that is no number.
   */
  async collect(player: Player | AskingPlayer, isFirst: boolean): Promise<Episode[]> {
    if (!this.started) throw new LightbulbError('internal', 'a collector was used before its reset');
    const { T, B, groups, environment, keep } = this;
    if (!isFirst) for (const group of groups) carryOver(group, T, B);
    keep.copyWithin(0, T * B);
    keep.fill(1, B);
    const ended: Episode[] = [];
    let row = 0;
    const finished = (episode: Episode): void => {
      ended.push(episode);
      this.levels?.ended(episode.copy, episode.return);
      keep[row + episode.copy] = 0;
    };
    for (let t = 0; t < T; t++) {
      row = (t + 1) * B;
      const turn = player.act(t);
      if (turn instanceof Promise) await turn;
      environment.step(this.actionsAt[t]!, this.outputsAt[t]!);
      this.episodes.step(t, groups, finished);
      player.observed?.(t);
      if (++this.sinceBreath === STEPS_OF_A_BREATH) {
        this.sinceBreath = 0;
        await breathe();
      }
    }
    this.checkFinite();
    return ended;
  }

  private checkFinite(): void {
    for (const [g, { sizes, reward, observation }] of this.groups.entries()) {
      if (!isFinite32(reward)) throw this.notFinite(g, 'reward', reward, 1, sizes.N);
      if (!isFinite32(observation)) throw this.notFinite(g, 'observation', observation, sizes.D, sizes.N);
    }
  }

  private notFinite(g: number, what: string, data: Float32Array, width: number, N: number): LightbulbError {
    const at = Math.floor(data.findIndex((value) => !Number.isFinite(value)) / width);
    const agent = this.environment.groups[g]!.agents[at % N]!;
    const copy = Math.floor(at / N) % this.B;
    return new LightbulbError(
      'not_finite',
      `the environment gave agent ${agent} (copy ${copy}) a ${what} that is no finite number`,
      {
        wanted: 'a finite number',
        got: String(data.find((value) => !Number.isFinite(value))),
        cure: 'Run "lightbulb check" on the environment',
      },
    );
  }

  state(): CollectorState {
    const row = (array: Float32Array | Uint8Array, width: number): number[] =>
      Array.from(array.subarray(this.T * this.B * width, (this.T + 1) * this.B * width));
    return {
      episodes: this.episodes.state(),
      observation: this.groups.map(({ observation, sizes: { N, D } }) => row(observation, N * D)),
      alive: this.groups.map(({ alive, sizes: { N } }) => row(alive, N)),
      actionMask: this.groups.map(({ actionMask, sizes: { N, M } }) => row(actionMask, N * M)),
      keep: row(this.keep, 1),
    };
  }

  /** Goes on where `state` was taken (after at least one rollout). */
  restore({ episodes, observation, alive, actionMask, keep }: CollectorState): void {
    this.episodes.restore(episodes);
    for (const [g, group] of this.groups.entries()) {
      const { N, D, M } = group.sizes;
      const base = this.T * this.B * N;
      group.observation.set(observation[g]!, base * D);
      group.alive.set(alive[g]!, base);
      group.actionMask.set(actionMask[g]!, base * M);
    }
    this.keep.set(keep, this.T * this.B);
    this.started = true;
  }
}

/** True where every element is finite: the sum of x * 0 is NaN otherwise. One pass, no branches. */
function isFinite32(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
  return sum === 0;
}
