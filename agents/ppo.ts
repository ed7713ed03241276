import { type Json, LightbulbError, stream } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import { checkOptions } from './check-options.ts';
import { evaluatePlayer } from './evaluate.ts';
import { createGreedyPlayer } from './greedy.ts';
import type { LevelFeed } from './level-feed.ts';
import type { CreateRounds, FurtherLearners, LevelRounds } from './level-rounds.ts';
import { LevelsInPlay } from './levels-in-play.ts';
import type { PpoOptions } from './options.ts';
import { PpoLearner, type PpoMeans, placedUnder, under } from './ppo-learner.ts';
import { returnsOf } from './return-metrics.ts';
import type { Checkpoint, Evaluation, Iteration, Training } from './training.ts';

export interface PpoSpec extends PpoMeans {
  readonly seed: number;
  /** Environment steps of the whole training: what a linear schedule runs down over. */
  readonly steps: number;
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play in, where it is another one. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  /** Where the levels of training come from; undefined: the environment's own seeds. */
  readonly curriculum?: LevelFeed | undefined;
  /** Levels round by round instead; with these, every rollout begins anew. */
  readonly rounds?: CreateRounds | undefined;
  readonly options: PpoOptions;
}

/** Names under which rounds keep their arrays in checkpoints. */
const OF_ROUNDS = 'curriculum';

/** Trains every agent of an environment by PPO: independent critics (IPPO) or a central one (MAPPO). */
export function createPpo(spec: PpoSpec): Training {
  // What was opened is closed again where something later cannot be made.
  const opened: { close?(): void }[] = [];
  const open = <X extends { close?(): void }>(made: X): X => {
    opened.push(made);
    return made;
  };
  try {
    return train(spec, open);
  } catch (error) {
    for (const each of opened) each.close?.();
    throw error;
  }
}

function train(spec: PpoSpec, open: <X extends { close?(): void }>(made: X) => X): Training {
  const { seed, options, make, makeForEvaluation = make, copies } = spec;
  const { executor, shards, updates } = spec;
  const environment = open(make(copies));
  const levels = spec.curriculum && new LevelsInPlay(environment, spec.curriculum);
  const means = { seed, executor, shards, updates };
  const learner = new PpoLearner({ ...means, name: '', environment, levels, options });
  const further: FurtherLearners = {
    copies,
    rate: () => rate,
    likeAgent: (name) => new PpoLearner({ ...means, name, environment: open(make(copies)), options }),
    other(name, ownEnvironment, ownOptions, where) {
      open(ownEnvironment);
      relocated(where, () => checkOptions(ownOptions, ownEnvironment, ownEnvironment.batchSize));
      return new PpoLearner({ ...means, name, environment: ownEnvironment, options: ownOptions });
    },
  };
  if (spec.rounds !== undefined) checkRounds(environment, levels);
  const rounds: LevelRounds | undefined = spec.rounds?.(further);
  const perIteration = learner.stepsPerRollout;
  const planned = Math.max(1, Math.ceil(spec.steps / perIteration)) * perIteration;
  let iteration = 0;
  let rate = options.learningRate;
  const taken = (): number => iteration * perIteration + (rounds?.furtherSteps ?? 0);

  return {
    get step() {
      return taken();
    },
    parameterCount: learner.parameterCount,

    async advance(): Promise<Iteration> {
      rate = rateAt(options, taken() / planned);
      const round = await rounds?.next(copies);
      const episodes = await learner.play(round);
      const metrics: Record<string, number> = { ...returnsOf(episodes), learningRate: rate };
      learner.judge();
      if (rounds !== undefined) await rounds.report(learner.outcome(), taken() + perIteration);
      if (round?.learns !== false) Object.assign(metrics, await learner.learn(rate));
      iteration++;
      if (levels !== undefined) {
        levels.report(taken());
        Object.assign(metrics, levels.feed.metrics());
      }
      Object.assign(metrics, rounds?.metrics());
      return { step: taken(), metrics, episodes: episodes.length };
    },

    async evaluate({ episodes, seed: evaluationSeed, deterministic }): Promise<Evaluation> {
      return evaluatePlayer(makeForEvaluation, episodes, evaluationSeed, (other) =>
        createGreedyPlayer(other, learner.units, deterministic, stream(evaluationSeed, 'evaluation/noise')),
      );
    },

    player(other, { deterministic, noise }) {
      return createGreedyPlayer(other, learner.units, deterministic, noise);
    },

    save(): Checkpoint {
      const { tensors, state } = learner.save();
      const curriculum = rounds?.save();
      return {
        tensors: { ...tensors, ...placedUnder(OF_ROUNDS, curriculum?.tensors ?? {}) },
        state: { ...(state as object), iteration, rounds: curriculum?.state ?? null },
      };
    },

    load(checkpoint: Checkpoint): void {
      const saved = checkpoint.state as { readonly iteration: number; readonly rounds?: Json };
      learner.load(checkpoint);
      if (saved.rounds != null) rounds?.load({ tensors: under(OF_ROUNDS, checkpoint.tensors), state: saved.rounds });
      iteration = saved.iteration;
    },

    async close() {
      rounds?.close?.();
      learner.close();
    },
  };
}

function rateAt({ schedule, learningRate }: PpoOptions, progress: number): number {
  return schedule === 'linear' ? learningRate * Math.max(0, 1 - progress) : learningRate;
}

/** Errors about options of a learner name the place where these stand, not the agent's. */
function relocated(where: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof LightbulbError) || !error.parts.where?.startsWith('/learner')) throw error;
    const { where: at } = error.parts;
    const problem = error.message.startsWith(at) ? error.message.slice(at.length + 2) : error.message;
    throw new LightbulbError(error.code, problem, { where: at.replace('/learner', where), cause: error });
  }
}

/** Rounds score levels by the rollouts of one agent. */
function checkRounds(environment: BatchedEnvironment, levels: LevelsInPlay | undefined): void {
  const agents = environment.groups.flatMap((group) => group.agents);
  if (environment.setLevel !== undefined && agents.length === 1 && levels === undefined) return;
  throw new LightbulbError('unsupported', 'this curriculum is for one agent in an environment that takes levels', {
    where: '/curriculum/name',
    got: `${agents.length} agents${environment.setLevel === undefined ? ', no levels' : ''}`,
    cure: 'Use "domain-randomisation"',
  });
}
