import type { Json } from '../../core/index.ts';

/** Being asked for tasks after a training that knew of none. */
export interface ZeroShotOptions {
  /** Of the network that learns what tasks pay: hidden layers, their units, step size. */
  readonly units: number;
  readonly layers: number;
  readonly learningRate: number;
  /** Gradient steps of the rewards of all tasks, and then of each task's actor and critic. */
  readonly rewardSteps: number;
  readonly policySteps: number;
  /** Episodes on each level, at least 2: one half of them chooses the worst levels, the other scores them. */
  readonly episodes: number;
  /** Levels that training never draws: along the direction that curricula push to, and away from it. */
  readonly along: readonly Json[];
  readonly away: readonly Json[];
}

export const zeroShotDefaults: ZeroShotOptions = {
  units: 256,
  layers: 2,
  learningRate: 6e-4,
  rewardSteps: 300,
  policySteps: 400,
  episodes: 4,
  along: [],
  away: [],
};
