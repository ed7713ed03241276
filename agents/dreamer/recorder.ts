import type { Json } from '../../core/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import type { GroupRollout } from '../rollout.ts';
import type { Acting } from './acting.ts';
import type { SequenceReplay } from './replay.ts';

/** Where the episodes under way stand; plain data, part of a checkpoint. */
export interface SequenceRecorderState {
  readonly episode: readonly number[];
}

/**
 * Writes what copies see and do into a replay: the first observation of an episode, one row for each step, and its final
 * observation.
 */
export class SequenceRecorder {
  /** The number of each copy's episode in the replay; -1 before any. */
  private readonly episode: Int32Array;
  private readonly tasks: Float32Array;
  private readonly observation: Float32Array;

  constructor(
    private readonly replay: SequenceReplay,
    private readonly environment: BatchedEnvironment,
    private readonly rollout: GroupRollout,
    /** The collector's: [T + 1, B], 0 where a copy's episode starts at t, else 1. */
    private readonly keep: Float32Array,
    private readonly scale: number,
    private readonly levelOf: (copy: number) => Json | undefined,
  ) {
    const { copies, tasks, observation } = replay.shape;
    this.episode = new Int32Array(copies).fill(-1);
    this.tasks = new Float32Array(copies * tasks);
    this.observation = new Float32Array(copies * observation);
  }

  /** Before step `t` of all: first observations that nobody has written yet. `acting` has looked at row `t` already. */
  acted(t: number, acting: Acting): void {
    for (let b = 0; b < this.episode.length; b++) {
      if (this.episode[b] === -1) this.begin(t, b, acting);
      this.replay.keepState(b, acting.state.data as Float32Array);
    }
  }

  /** What step `t` answered. */
  observed(t: number, acting: Acting): void {
    const { replay, environment, rollout, keep, episode } = this;
    const B = episode.length;
    if (replay.shape.tasks > 0) environment.taskRewards!(this.tasks);
    for (let b = 0; b < B; b++) {
      const isOver = keep[(t + 1) * B + b] === 0;
      this.see(isOver ? rollout.finalObservation : rollout.observation, isOver ? b : (t + 1) * B + b, b);
      const terminal = rollout.terminated[t * B + b] === 1;
      const row = { reward: rollout.reward[t * B + b]!, first: false, terminal };
      replay.write(b, episode[b]!, row, this.sources(b, acting));
      if (isOver) this.begin(t + 1, b, acting);
    }
  }

  save(): SequenceRecorderState {
    return { episode: Array.from(this.episode) };
  }

  load({ episode }: SequenceRecorderState): void {
    this.episode.set(episode);
  }

  private begin(t: number, b: number, acting: Acting): void {
    const { replay, episode } = this;
    episode[b] = replay.begin(this.levelOf(b));
    this.see(this.rollout.observation, t * episode.length + b, b);
    replay.write(b, episode[b]!, { reward: 0, first: true, terminal: false }, this.sources(b, acting));
  }

  /** Row `row` of `from`, in the model's units, as copy `b`'s. */
  private see(from: Float32Array, row: number, b: number): void {
    const D = this.replay.shape.observation;
    for (let i = 0; i < D; i++) this.observation[b * D + i] = from[row * D + i]! * this.scale;
  }

  private sources(b: number, acting: Acting): Parameters<SequenceReplay['write']>[3] {
    const { observation, action } = this.replay.shape;
    return {
      observation: this.observation,
      observationAt: b * observation,
      action: acting.action.data as Float32Array,
      actionAt: b * action,
      tasks: this.tasks,
    };
  }
}
