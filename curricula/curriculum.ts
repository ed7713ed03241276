import type { LevelOutcome } from '../agents/index.ts';
import type { Json, Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';

/**
 * Which level comes next: state in, state out. `State` is plain data, and everything that decides what is proposed, but
 * for the space of levels (the same one all along) and the stream. A curriculum sees levels and outcomes, never tensors
 * of the learner.
 */
export interface Curriculum<State extends Json = Json> {
  readonly name: string;
  /** The state before anything is known. `unsupported` where the space is of a kind that this curriculum cannot use. */
  initial(space: LevelSpace): State;
  propose(state: State, space: LevelSpace, stream: Stream): Json;
  /** `steps`: environment steps of the training so far. */
  report(state: State, space: LevelSpace, outcomes: readonly LevelOutcome[], steps: number): State;
  /** Numbers about the state, for the metrics; finite. */
  metrics?(state: State, space: LevelSpace): Readonly<Record<string, number>>;
}
