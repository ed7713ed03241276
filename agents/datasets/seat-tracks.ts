import type { GroupRollout } from '../rollout.ts';
import type { Track } from './manifest.ts';

/** The track that each seat (copy and agent) of a group is making in the episode under way. */
export class SeatTracks {
  private readonly seats: readonly OpenTrack[];

  constructor(
    readonly rollout: GroupRollout,
    private readonly group: number,
    copies: number,
  ) {
    this.seats = Array.from({ length: copies * rollout.sizes.N }, () => new OpenTrack(rollout));
  }

  /** Takes down what the living see and are told to do, from row 0 of the rollout. */
  acted(isWanted: (copy: number) => boolean): void {
    const { alive, sizes } = this.rollout;
    for (const [seat, track] of this.seats.entries())
      if (alive[seat] === 1 && isWanted(Math.floor(seat / sizes.N))) track.acted(seat);
  }

  /** What came of it, for those whose step it was. */
  observed(): void {
    for (const [seat, track] of this.seats.entries()) track.observed(seat);
  }

  /** The tracks of a copy, whose episode is over; they begin anew. Valid until the next step. */
  *take(copy: number, episode: number): Generator<Track> {
    const { N } = this.rollout.sizes;
    for (let agent = 0; agent < N; agent++) {
      const track = this.seats[copy * N + agent]!.take();
      if (track.steps > 0) yield { ...track, group: this.group, agent, episode };
    }
  }
}

/** Arrays that grow by a step at a time. */
class OpenTrack {
  private steps = 0;
  private room = 0;
  private observation = new Float32Array(0);
  private action: Float32Array | Int32Array;
  private actionMask = new Uint8Array(0);
  private reward = new Float32Array(0);
  private isWaiting = false;
  private terminated = false;
  private truncated = false;

  constructor(private readonly rollout: GroupRollout) {
    this.action = rollout.action instanceof Int32Array ? new Int32Array(0) : new Float32Array(0);
  }

  acted(seat: number): void {
    const { observation, action, actionMask, sizes } = this.rollout;
    const { D, A, M } = sizes;
    if (this.steps === this.room) this.grow();
    const t = this.steps++;
    this.observation.set(observation.subarray(seat * D, (seat + 1) * D), t * D);
    this.action.set(action.subarray(seat * A, (seat + 1) * A), t * A);
    this.actionMask.set(actionMask.subarray(seat * M, (seat + 1) * M), t * M);
    this.isWaiting = true;
  }

  observed(seat: number): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    const { reward, terminated, truncated } = this.rollout;
    this.reward[this.steps - 1] = reward[seat]!;
    this.terminated = terminated[seat] === 1;
    this.truncated = truncated[seat] === 1;
  }

  take(): Omit<Track, 'group' | 'agent' | 'episode'> {
    const { steps, terminated, truncated } = this;
    const { D, A, M } = this.rollout.sizes;
    this.steps = 0;
    this.terminated = false;
    this.truncated = false;
    return {
      steps,
      observation: this.observation.subarray(0, steps * D),
      action: this.action.subarray(0, steps * A),
      actionMask: this.actionMask.subarray(0, steps * M),
      reward: this.reward.subarray(0, steps),
      terminated,
      truncated,
    };
  }

  private grow(): void {
    const { D, A, M } = this.rollout.sizes;
    this.room = Math.max(16, this.room * 2);
    this.observation = grown(this.observation, this.room * D);
    this.action = grown(this.action, this.room * A);
    this.actionMask = grown(this.actionMask, this.room * M);
    this.reward = grown(this.reward, this.room);
  }
}

function grown<A extends Float32Array | Int32Array | Uint8Array>(array: A, length: number): A {
  const larger = new (array.constructor as new (length: number) => A)(length);
  larger.set(array);
  return larger;
}
