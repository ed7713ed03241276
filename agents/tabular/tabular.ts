import { type Json, LightbulbError, restoreStream, type StreamState, stream } from '../../core/index.ts';
import { int32, type Value } from '../../nn/index.ts';
import {
  type BatchedEnvironment,
  type ExactModel,
  requireTabular,
  type TabularEnvironment,
  totalVariation,
} from '../../worlds/index.ts';
import { Collector, type CollectorState } from '../collector.ts';
import type { LevelFeed, LevelOutcome } from '../level-feed.ts';
import { LevelsInPlay, type LevelsInPlayState } from '../levels-in-play.ts';
import { returnsOf } from '../return-metrics.ts';
import type { Checkpoint, Training } from '../training.ts';
import { examine } from './exam.ts';
import { PlannedExploration, randomExploration } from './exploration.ts';
import { imagine, type Studied } from './imagination.ts';
import { LevelModel } from './level-model.ts';
import type { TabularOptions } from './options.ts';
import { meanOf } from './statistics.ts';
import { Student } from './student.ts';

export interface TabularSpec {
  readonly seed: number;
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations are about, where it is another environment. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  /** Where levels come from: here always from somewhere, because a table has to know its level. */
  readonly curriculum?: LevelFeed | undefined;
  readonly options: TabularOptions;
}

/** Rollouts from every level with which an evaluation estimates its error. */
const ESTIMATES = 64;

/**
 * Learns a world model of each level of a tabular environment, without rewards, and is asked for tasks afterwards: the
 * setting of WAKER (Rigter et al., arXiv 2306.09205) where everything can be told exactly. An iteration is `rollout` steps
 * of every copy and one round of imagination, whose estimates the curriculum hears of. Evaluations plan each task in the
 * models (`examine`); `episodes`, `seed` and `deterministic` mean nothing to them.
 *
 * Errors: `unsupported` where the environment does not tell its dynamics, or there is no curriculum.
 */
export function createTabular(spec: TabularSpec): Training {
  const environment = spec.make(spec.copies);
  try {
    return train(spec, requireTabular(environment), new LevelsInPlay(environment, requireCurriculum(spec)));
  } catch (error) {
    environment.close?.();
    throw error;
  }
}

function requireCurriculum({ curriculum }: TabularSpec): LevelFeed {
  if (curriculum === undefined) {
    throw new LightbulbError('unsupported', 'the learner "tabular" has to know which level it plays', {
      where: '/curriculum',
      wanted: 'a curriculum',
      cure: 'Write "curriculum": { "name": "domain-randomisation" }',
    });
  }
  return curriculum;
}

interface Saved {
  readonly iteration: number;
  readonly streams: Readonly<Record<'actions' | 'bootstrap' | 'imagination', StreamState>>;
  readonly explorations: readonly (readonly number[])[];
  readonly running: {
    readonly environment: Json;
    readonly collector: CollectorState;
    readonly levels: LevelsInPlayState;
  } | null;
}

function train(
  { seed, copies, options, make, makeForEvaluation = make }: TabularSpec,
  world: TabularEnvironment,
  levels: LevelsInPlay,
): Training {
  const grid = world.levels!.grid!;
  const exact: readonly ExactModel[] = grid.map((level) => world.exactModel(level));
  const studied: readonly Studied[] = exact.map(({ states, actions }, i) => {
    const random = options.independentPriors ? stream(seed, `learner/prior/${i}`) : undefined;
    const model = new LevelModel(states, actions, options.members, options.priorStrength, random);
    const exploration =
      options.exploration === 'random'
        ? randomExploration(model)
        : new PlannedExploration(model, options.explorationDiscount, options.replan);
    return { model, exploration };
  });
  const streams = {
    actions: stream(seed, 'learner/actions'),
    bootstrap: stream(seed, 'learner/bootstrap'),
    imagination: stream(seed, 'learner/imagination'),
  };
  const collector = new Collector(world, options.rollout, levels);
  const places = new Map(exact.map((model, i) => [model, i]));
  const student = new Student(collector, studied, streams, (b) => {
    const place = places.get(world.exactModel(levels.level(b)!));
    if (place !== undefined) return place;
    throw new LightbulbError('mismatch', 'the curriculum plays a level that is not in the grid', {
      got: JSON.stringify(levels.level(b)),
    });
  });
  const perIteration = options.rollout * copies;
  // Computed anew where something was learned since.
  const errors = exact.map(() => ({ visits: -1, error: 0 }));
  const errorOf = (i: number): number => {
    const { model } = studied[i]!;
    if (errors[i]!.visits !== model.totalVisits) {
      errors[i] = { visits: model.totalVisits, error: meanOf(totalVariation(model, exact[i]!)) };
    }
    return errors[i]!.error;
  };
  let iteration = 0;

  return {
    get step() {
      return iteration * perIteration;
    },
    parameterCount: exact.reduce((sum, { states, actions }) => sum + states * actions * states, 0),

    async advance() {
      const isFresh = iteration === 0;
      if (isFresh) collector.reset(seed);
      const episodes = await collector.collect(student, isFresh);
      iteration++;
      const step = iteration * perIteration;
      levels.report(step);
      const { samples, sums } = imagine(studied, options.imagined, options.horizon, streams.imagination);
      const outcomes = grid.flatMap((level, i): LevelOutcome[] => {
        if (samples[i] === 0) return [];
        const trueError = errorOf(i);
        return [{ level, samples: samples[i]!, error: sums[i]! / samples[i]!, trueError }];
      });
      levels.feed.report(outcomes, step);
      const met = student.disagreement();
      return {
        step,
        metrics: { ...returnsOf(episodes), 'explore/disagreement': met, ...levels.feed.metrics() },
        episodes: episodes.length,
      };
    },

    async evaluate({ seed: evaluationSeed }) {
      const other = makeForEvaluation === make ? world : requireTabular(makeForEvaluation(1));
      const random = stream(evaluationSeed, 'evaluation/imagination');
      const examined = studied.map(({ model, exploration }, i) => {
        const { samples, sums } = imagine([{ model, exploration }], ESTIMATES, options.horizon, random);
        return { real: other.exactModel(grid[i]!), model, estimate: sums[0]! / samples[0]! };
      });
      try {
        return examine(other, examined, options.discount);
      } finally {
        if (other !== world) other.close?.();
      }
    },

    save(): Checkpoint {
      const tensors: Record<string, Value> = {};
      studied.forEach(({ model }, i) => {
        const { states, actions } = model;
        tensors[`level/${i}`] = int32([states, actions, states, 1 + options.members], model.save());
      });
      const saved: Saved = {
        iteration,
        streams: {
          actions: streams.actions.state(),
          bootstrap: streams.bootstrap.state(),
          imagination: streams.imagination.state(),
        },
        explorations: studied.map(({ exploration }) => exploration.save()),
        running:
          iteration === 0
            ? null
            : { environment: world.snapshot(), collector: collector.state(), levels: levels.save() },
      };
      return { tensors, state: saved as unknown as Json };
    },

    load({ tensors, state }: Checkpoint): void {
      const saved = state as unknown as Saved;
      studied.forEach(({ model, exploration }, i) => {
        const { data } = requireTensor(tensors, i, [model.states, model.actions, model.states, 1 + options.members]);
        model.load(data);
        exploration.load(saved.explorations[i]!);
      });
      iteration = saved.iteration;
      for (const name of ['actions', 'bootstrap', 'imagination'] as const) {
        streams[name] = restoreStream(saved.streams[name]);
      }
      if (saved.running === null) return;
      world.restore(saved.running.environment);
      levels.load(saved.running.levels);
      collector.restore(saved.running.collector);
    },

    async close() {
      world.close?.();
    },
  };
}

function requireTensor(tensors: Checkpoint['tensors'], i: number, shape: readonly number[]): Value {
  const value = tensors[`level/${i}`];
  if (value !== undefined && value.shape.join() === shape.join()) return value;
  throw new LightbulbError('mismatch', 'the saved tables are of another environment or ensemble', {
    where: `level/${i}`,
    wanted: shape.join(' x '),
    got: value?.shape.join(' x ') ?? 'nothing',
  });
}
