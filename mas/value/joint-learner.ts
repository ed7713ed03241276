import type { Checkpoint } from '../../agents/index.ts';
import type { Experience } from './experience.ts';
import type { JointPolicy } from './joint-policy.ts';

/** One value function and one joint policy for all agents: state in, state out; knows no environment and no bus. */
export interface JointLearner {
  readonly policy: JointPolicy;
  /** Numbers that learn, those of the value network among them. */
  readonly parameterCount: number;
  /** What the roles act by now: [policy.layout.size]. A view; changes with `learn` and `load`. */
  readonly parameters: Float32Array;
  /**
   * Learns from one round. progress: share of the training that is over, in [0, 1), for schedules. Answers numbers by
   * name: losses, entropy and KL by role, credit by agent (`credit/<agent>`, the mean over its decisions). Error
   * `not_finite`, naming the loss and role, before state is lost.
   */
  learn(experience: Experience, progress: number): Promise<Readonly<Record<string, number>>>;
  save(): Checkpoint;
  load(checkpoint: Checkpoint): void;
  close(): void;
}
