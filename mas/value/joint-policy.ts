import type { Stream } from '../../core/index.ts';
import type { Layout } from '../../nn/index.ts';

/** What all roles act by: one vector of parameters, and for each role a way to act. Knows no learner and no bus. */
export interface JointPolicy {
  /** Of the parameters that acting needs. */
  readonly layout: Layout;
  /** First parameters: [layout.size]. */
  initialise(stream: Stream): Float32Array;
  /** Acts for `copies` copies of the group (role) at this index. */
  actor(group: number, copies: number): RoleActor;
  close(): void;
}

/** A role's programs and arrays, tied to a number of copies. Nothing is remembered from one step to the next. */
export interface RoleActor {
  /**
   * Draws actions with `noise`, or takes the most likely (null). parameters: [layout.size]; observation: [B, N, D];
   * actionMask: [B, N, M]. Writes action [B, N, A] and its log-probability [B, N]. The same input gives the same bits.
   * Where the mask leaves no choice, that is what is done, with log-probability 0 and without a draw.
   */
  act(turn: Turn, noise: Stream | null): void;
}

export interface Turn {
  readonly parameters: Float32Array;
  readonly observation: Float32Array;
  readonly actionMask: Uint8Array;
  readonly action: Int32Array | Float32Array;
  readonly logProbability: Float32Array;
}
