import type { Executor } from '../../nn/index.ts';
import { createJointLearner, type SharedValueOptions } from '../value/index.ts';
import type { TeamSpec } from './team-spec.ts';
import { createTeam, type TeamTraining } from './team-training.ts';

export interface TeamTrainingSpec extends TeamSpec {
  readonly options: SharedValueOptions;
  readonly executor: Executor;
  /** Parts of each minibatch worked on at the same time, one per thread. Default 1. */
  readonly shards?: number;
}

/**
 * Agents that share one value network and a joint policy, over a bus. Errors with JSON pointers under /learner:
 * `invalid_input` for numbers, `unsupported` for what this environment cannot do.
 *
 * @example
 * const training = await createTeamTraining({
 *   seed: 1, steps: 100_000, copies: 32, make: simpleSpread, options: { ...sharedValueDefaults, rollout: 25 },
 *   executor: onnxExecutor({ device: 'cpu', threads: 1 }), bus: memoryBus(), run: 'spread',
 * });
 * while (training.step < 100_000) console.log((await training.advance()).metrics);
 * await training.close();
 */
export function createTeamTraining(spec: TeamTrainingSpec): Promise<TeamTraining> {
  const { copies, options, executor, seed, shards = 1 } = spec;
  return createTeam(spec, ({ groups, feedbackKinds = [] }) =>
    createJointLearner({ groups, feedbackKinds, copies, options, executor, seed, shards }),
  );
}
