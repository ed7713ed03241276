import { type Json, LightbulbError, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import type { Executor, Value } from '../../nn/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { ModelExam, modelScale } from '../../worlds/models/index.ts';
import { breathe } from '../breathe.ts';
import { Collector, type CollectorState, type Player } from '../collector.ts';
import { takeFrom } from '../learner-state.ts';
import type { LevelFeed } from '../level-feed.ts';
import { LevelsInPlay, type LevelsInPlayState } from '../levels-in-play.ts';
import { randomPlayer } from '../random-player.ts';
import { returnsOf } from '../return-metrics.ts';
import type { Checkpoint, Evaluation, Iteration, PlayerOptions, Training } from '../training.ts';
import { Acting, actingPrograms } from './acting.ts';
import { dreamerActions } from './actions.ts';
import { createModel } from './create-model.ts';
import { examine } from './examine.ts';
import { Learners } from './learners.ts';
import type { DreamerOptions } from './options.ts';
import { SequenceRecorder, type SequenceRecorderState } from './recorder.ts';
import { SequenceReplay, type SequenceReplayState } from './replay.ts';
import { zeroShot } from './zero-shot.ts';

export interface DreamerSpec {
  readonly seed: number;
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play in, where it is another one. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  /** Where the levels of training come from; undefined: the environment's own seeds. */
  readonly curriculum?: LevelFeed | undefined;
  readonly options: DreamerOptions;
  readonly executor: Executor;
}

/** Gradient steps between two turns for the rest of the process. */
const STEPS_OF_A_BREATH = 4;

/** What a checkpoint holds besides arrays. */
interface Saved {
  readonly iteration: number;
  readonly due: number;
  readonly streams: Readonly<Record<'acting' | 'replay' | 'learning', StreamState>>;
  readonly replay: SequenceReplayState;
  readonly recorder: SequenceRecorderState;
  readonly running: {
    readonly environment: Json;
    readonly collector: CollectorState;
    readonly levels: LevelsInPlayState | null;
  } | null;
}

/** Trains a world model, and in its imagination an actor and a critic, for one agent. */
export function createDreamer(spec: DreamerSpec): Training {
  const environment = spec.make(spec.copies);
  try {
    return train(spec, environment);
  } catch (error) {
    environment.close?.();
    throw error;
  }
}

function train(spec: DreamerSpec, environment: BatchedEnvironment): Training {
  const { seed, options, executor, make, makeForEvaluation = make, copies, curriculum } = spec;
  const { rollout: T } = options;
  const levels = curriculum && new LevelsInPlay(environment, curriculum);
  const collector = new Collector(environment, T, levels);
  const [group] = environment.groups;
  const [rollout] = collector.groups;
  if (group === undefined || rollout === undefined) throw new LightbulbError('internal', 'there is nobody to act');
  const scale = modelScale(group.observation);
  const actions = dreamerActions(group.action);
  const model = createModel(group.observation, actions.size, options.model);
  const replay = new SequenceReplay({
    copies,
    capacity: Math.floor(options.replay / copies),
    observation: model.observationSize,
    action: model.actionSize,
    state: options.storedStates ? model.stateSize : 0,
    tasks: environment.taskNames?.length ?? 0,
  });
  const learners = new Learners({ model, actions, options, executor, replay }, (name) =>
    stream(seed, `learner/${name}`),
  );
  const programs = actingPrograms(model, actions, scale, executor);
  const actingIn = (other: Collector): Acting => new Acting(model, actions, programs, other.groups[0]!, other.B);
  const acting = actingIn(collector);
  const recorder = new SequenceRecorder(replay, environment, rollout, collector.keep, scale, (copy) =>
    levels?.level(copy),
  );
  const streams: Record<'acting' | 'replay' | 'learning', Stream> = {
    acting: stream(seed, 'learner/acting'),
    replay: stream(seed, 'learner/replay'),
    learning: stream(seed, 'learner/learning'),
  };
  const random = randomPlayer(collector, () => streams.acting);
  let iteration = 0;
  /** Gradient steps owed for what came in; below 1 between iterations. */
  let due = 0;
  let isFresh = true;
  let exam: ModelExam | undefined;
  const stepsAt = (count: number): number => count * T * copies;

  const player: Player = {
    act(t) {
      const isRandom = options.explore === 'random' || stepsAt(iteration) < options.prefill;
      const choose = isRandom ? (row: number): void => random.act(row) : undefined;
      acting.act(t, collector.keep, learners.acting(), false, streams.acting, choose);
      recorder.acted(t, acting);
    },
    observed: (t) => recorder.observed(t, acting),
  };

  /** Plays with the present actor of the task. */
  const playIn = (other: Collector, { deterministic, noise }: PlayerOptions): Player => {
    const own = actingIn(other);
    return { act: (t) => own.act(t, other.keep, learners.playing(), deterministic, noise) };
  };

  const learn = async (): Promise<Record<string, number>> => {
    if (stepsAt(iteration) <= options.prefill || !replay.holds(options.length)) return {};
    due += (T * copies * options.ratio) / (options.batch * options.length);
    const sums = new Map<string, number>();
    let count = 0;
    for (; due >= 1; due--) {
      learners.step(streams.replay, streams.learning, sums);
      if (++count % STEPS_OF_A_BREATH === 0) await breathe();
    }
    return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / count]));
  };

  return {
    get step() {
      return stepsAt(iteration);
    },
    parameterCount: learners.parameterCount,

    async advance(): Promise<Iteration> {
      if (isFresh) collector.reset(seed);
      const episodes = await collector.collect(player, isFresh);
      isFresh = false;
      iteration++;
      const step = stepsAt(iteration);
      const metrics: Record<string, number> = { ...returnsOf(episodes), ...(await learn()) };
      if (levels !== undefined) {
        levels.report(step);
        const errors = learners.levelErrors();
        if (errors.length > 0) levels.feed.report(errors, step);
        Object.assign(metrics, levels.feed.metrics());
      }
      return { step, metrics, episodes: episodes.length };
    },

    async evaluate({ episodes, seed: evaluationSeed, deterministic }): Promise<Evaluation> {
      exam ??= new ModelExam(model, executor);
      const evaluation = await examine({
        make: makeForEvaluation,
        episodes,
        seed: evaluationSeed,
        scale,
        model,
        exam,
        parameters: learners.model.tree(),
        acting: actingIn,
        act: (own, other, t, noise) => {
          // Nobody learns the task of training where others are asked for: the model is measured under uniform actions.
          const choose = options.zeroShot && ((row: number): void => randomPlayer(other, () => noise).act(row));
          own.act(t, other.keep, learners.playing(), deterministic, noise, choose ?? undefined);
        },
      });
      if (options.zeroShot === null || !replay.holds(options.length)) return evaluation;
      const parts = { make: makeForEvaluation, model, actions, options, zeroShot: options.zeroShot, executor, replay };
      const asked = { ...parts, world: learners.model.views(), acting: actingIn };
      return {
        ...evaluation,
        scores: { ...evaluation.scores, ...(await zeroShot(asked, evaluationSeed, deterministic)) },
      };
    },

    player: playIn,

    save(): Checkpoint {
      const tensors: Record<string, Value> = {
        ...learners.save(),
        'acting/state': copyOf(acting.state),
        'acting/action': copyOf(acting.action),
      };
      for (const [name, value] of Object.entries(replay.save())) tensors[`replay/${name}`] = value;
      const saved: Saved = {
        iteration,
        due,
        streams: {
          acting: streams.acting.state(),
          replay: streams.replay.state(),
          learning: streams.learning.state(),
        },
        replay: replay.position(),
        recorder: recorder.save(),
        running: isFresh
          ? null
          : { environment: environment.snapshot(), collector: collector.state(), levels: levels?.save() ?? null },
      };
      return { tensors, state: saved as unknown as Json };
    },

    load({ tensors, state: plain }: Checkpoint): void {
      const saved = plain as unknown as Saved;
      const take = takeFrom(tensors, options.name);
      learners.load(take);
      replay.load((name, shape) => take(`replay/${name}`, shape), saved.replay);
      acting.state.data.set(take('acting/state', acting.state.shape));
      acting.action.data.set(take('acting/action', acting.action.shape));
      recorder.load(saved.recorder);
      for (const name of ['acting', 'replay', 'learning'] as const) streams[name] = restoreStream(saved.streams[name]);
      iteration = saved.iteration;
      due = saved.due;
      isFresh = saved.running === null;
      if (saved.running === null) return;
      environment.restore(saved.running.environment);
      if (saved.running.levels !== null) levels?.load(saved.running.levels);
      collector.restore(saved.running.collector);
    },

    async close() {
      learners.dispose();
      exam?.dispose();
      programs.draw.dispose();
      programs.mode.dispose();
      environment.close?.();
    },
  };
}

function copyOf(value: Value): Value {
  return { ...value, data: value.data.slice() };
}
