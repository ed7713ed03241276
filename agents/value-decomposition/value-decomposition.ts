import { type Json, LightbulbError, restoreStream, type StreamState, stream } from '../../core/index.ts';
import { type Executor, layoutOf, linearSchedule, pack, type Tree, type Value } from '../../nn/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { breathe } from '../breathe.ts';
import { Collector, type CollectorState, type Player } from '../collector.ts';
import { evaluatePlayer } from '../evaluate.ts';
import { GlobalState } from '../global-state.ts';
import { takeFrom } from '../learner-state.ts';
import { returnsOf } from '../return-metrics.ts';
import { planUnits, type Unit } from '../sharing.ts';
import type { Checkpoint, Evaluation, Iteration, PlayerOptions, Training } from '../training.ts';
import { UnitRollout } from '../unit-rollout.ts';
import { Actor, choices } from './actor.ts';
import { createMixer } from './mixer.ts';
import { createQNetwork } from './network.ts';
import type { ValueDecompositionOptions } from './options.ts';
import { ValueParameters } from './parameters.ts';
import { createValuePrograms, inputSize, type ProgramUnit, valueOptimiser } from './programs.ts';
import { Recorder, type RecorderState } from './recorder.ts';
import { Replay, type ReplayState } from './replay.ts';
import { RewardStatistics, type RewardStatisticsState } from './reward-statistics.ts';
import { UPDATE_METRICS, Updater } from './updater.ts';

export interface ValueDecompositionSpec {
  readonly seed: number;
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play in, where it is another one. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  readonly options: ValueDecompositionOptions;
  readonly executor: Executor;
  /** Parts of each batch worked on at the same time, one per thread. Default 1. */
  readonly shards?: number;
}

/** Updates between two turns for the rest of the process. */
const UPDATES_OF_A_BREATH = 8;

const UNIT_SCALE = { mean: 0, std: 1 };

/** What a checkpoint holds besides arrays. */
interface Saved {
  readonly iteration: number;
  readonly updates: number;
  readonly due: number;
  readonly streams: { readonly exploration: StreamState; readonly replay: StreamState };
  readonly replay: ReplayState;
  readonly recorder: RecorderState;
  readonly rewards: RewardStatisticsState;
  readonly running: { readonly environment: Json; readonly collector: CollectorState } | null;
}

/** Trains every agent of an environment by its own Q-network, mixed into Q_tot as the options say: IQL, VDN or QMIX. */
export function createValueDecomposition(spec: ValueDecompositionSpec): Training {
  const environment = spec.make(spec.copies);
  try {
    return train(spec, environment);
  } catch (error) {
    environment.close?.();
    throw error;
  }
}

/** Steps of the longest episode that a replay keeps whole. The options were checked: one of the two is there. */
function longestEpisode({ episodeLimit }: ValueDecompositionOptions, { maximumSteps }: BatchedEnvironment): number {
  const limit = episodeLimit === null ? maximumSteps : Math.min(episodeLimit, maximumSteps ?? episodeLimit);
  if (limit === undefined) throw new LightbulbError('internal', 'nothing says how long an episode is');
  return limit;
}

function programUnit(unit: Unit, { sizes }: UnitRollout, options: ValueDecompositionOptions): ProgramUnit {
  const { N: n, D, M } = sizes;
  const actions = choices({ unit });
  const inputs = inputSize({ n, D, actions }, options);
  // A row with something appended is no picture any more.
  const network = createQNetwork(inputs, inputs === D ? unit.group.observation : null, actions, options.network);
  return { name: unit.name, network, n, D, M };
}

function train(spec: ValueDecompositionSpec, environment: BatchedEnvironment): Training {
  const { seed, options, executor, make, makeForEvaluation = make, copies } = spec;
  const { rollout: T } = options;
  const collector = new Collector(environment, T);
  const planned = planUnits(environment.groups, options.sharing);
  const rollouts = planned.map((unit) => new UnitRollout(unit, collector.groups, T, copies));
  const units = planned.map((unit, u) => programUnit(unit, rollouts[u]!, options));

  const agents = units.reduce((sum, { n }) => sum + n, 0);
  const observed = units.reduce((sum, { n, D }) => sum + n * D, 0);
  const isStated = options.name === 'qmix' && environment.stateSize > 0;
  const mixer = createMixer(options, agents, isStated ? environment.stateSize : observed);
  const state = isStated ? new GlobalState(collector, environment, true) : null;

  const initialStream = stream(seed, 'learner/initial');
  const initial: Tree<Value> = {
    agents: Object.fromEntries(units.map(({ network }, u) => [String(u), network.initialise(initialStream)])),
    mixer: mixer.initialise(initialStream),
  };
  const layout = layoutOf(initial);
  const parameters = new ValueParameters(pack(initial), layout, valueOptimiser(options));
  const programs = createValuePrograms(units, mixer, layout, options, executor);

  const replay = new Replay({
    units,
    agents,
    rewards: mixer.isTeam ? 1 : agents,
    S: isStated ? environment.stateSize : 0,
    steps: longestEpisode(options, environment),
    capacity: options.replay,
    copies,
  });
  const rewards = new RewardStatistics();
  const isTeamReward = options.name !== 'iql' || options.teamReward;
  const recorder = new Recorder(replay, rollouts, state, collector.keep, isTeamReward, (reward) => rewards.add(reward));
  const updater = new Updater(replay, programs, parameters, options, spec.shards ?? 1);
  const actorsOf = (each: readonly UnitRollout[], keep: Float32Array): Actor[] =>
    each.map((rollout, u) => {
      const leaves = Object.entries(parameters.actingBranch(`agents/${u}`));
      const named = Object.fromEntries(leaves.map(([path, value]) => [`network/${path}`, value]));
      const { memorySize } = units[u]!.network;
      return new Actor(rollout, keep, programs.act[u]!, named, memorySize, options.lastAction);
    });
  const actors = actorsOf(rollouts, collector.keep);

  const epsilonAt = linearSchedule(options.epsilonStart, options.epsilonFinish, options.epsilonSteps);
  let exploration = stream(seed, 'learner/exploration');
  let drawing = stream(seed, 'learner/replay');
  let iteration = 0;
  /** Updates owed for episodes that came in; below 1 between iterations. */
  let due = 0;
  let isFresh = true;

  const player: Player = {
    act(t) {
      state?.pull(t);
      const epsilon = epsilonAt((iteration * T + t) * copies);
      for (const [u, rollout] of rollouts.entries()) {
        rollout.pullObservation(t);
        actors[u]!.act(t, epsilon, exploration);
      }
      due += recorder.acted(t) * options.updatesPerEpisode;
      for (const rollout of rollouts) rollout.pushAction(t);
    },
    observed(t) {
      for (const rollout of rollouts) rollout.pullOutcome(t);
      due += recorder.observed(t) * options.updatesPerEpisode;
    },
  };

  /** Plays with the present networks: greedily, or exploring as much as now in training. */
  const playIn = (other: Collector, { deterministic, noise }: PlayerOptions): Player => {
    const own = planned.map((unit) => new UnitRollout(unit, other.groups, other.T, other.B));
    const players = actorsOf(own, other.keep);
    return {
      act(t) {
        const epsilon = deterministic ? 0 : epsilonAt(iteration * T * copies);
        for (const [u, rollout] of own.entries()) {
          rollout.pullObservation(t);
          players[u]!.act(t, epsilon, noise);
          rollout.pushAction(t);
        }
      },
    };
  };

  /** The updates that are owed; the means of what they report. */
  const learn = async (): Promise<Record<string, number>> => {
    if (replay.size < options.batch) {
      due = 0;
      return {};
    }
    const sums = new Float64Array(UPDATE_METRICS.length);
    const scale = options.standardiseRewards ? rewards : UNIT_SCALE;
    let count = 0;
    for (; due >= 1; due--) {
      updater.step(drawing, scale, sums);
      if (++count % UPDATES_OF_A_BREATH === 0) await breathe();
    }
    if (count === 0) return {};
    parameters.publish();
    return Object.fromEntries(UPDATE_METRICS.map((name, i) => [name, sums[i]! / count]));
  };

  return {
    get step() {
      return iteration * T * copies;
    },
    parameterCount: layout.size,

    async advance(): Promise<Iteration> {
      if (isFresh) collector.reset(seed);
      const episodes = await collector.collect(player, isFresh);
      isFresh = false;
      iteration++;
      const step = iteration * T * copies;
      const learned = await learn();
      const metrics = { ...returnsOf(episodes), epsilon: epsilonAt(step), ...learned };
      return { step, metrics, episodes: episodes.length };
    },

    async evaluate({ episodes, seed: evaluationSeed, deterministic }): Promise<Evaluation> {
      const noise = stream(evaluationSeed, 'evaluation/noise');
      return evaluatePlayer(makeForEvaluation, episodes, evaluationSeed, (other) =>
        playIn(other, { deterministic, noise }),
      );
    },

    player: playIn,

    save(): Checkpoint {
      const tensors: Record<string, Value> = parameters.save();
      for (const [name, value] of Object.entries(replay.save())) tensors[`replay/${name}`] = value;
      for (const [u, actor] of actors.entries())
        for (const [name, value] of Object.entries(actor.remembered()))
          tensors[`acting/${u}/${name}`] = { ...value, data: value.data.slice() };
      const saved: Saved = {
        iteration,
        updates: updater.updates,
        due,
        streams: { exploration: exploration.state(), replay: drawing.state() },
        replay: replay.position(),
        recorder: recorder.save(),
        rewards: rewards.state(),
        running: isFresh ? null : { environment: environment.snapshot(), collector: collector.state() },
      };
      return { tensors, state: saved as unknown as Json };
    },

    load({ tensors, state: plain }: Checkpoint): void {
      const saved = plain as unknown as Saved;
      const take = takeFrom(tensors, options.name);
      parameters.load(take);
      replay.load((name, shape) => take(`replay/${name}`, shape), saved.replay);
      for (const [u, actor] of actors.entries())
        for (const [name, value] of Object.entries(actor.remembered()))
          value.data.set(take(`acting/${u}/${name}`, value.shape));
      recorder.load(saved.recorder);
      rewards.restore(saved.rewards);
      updater.restore(saved.updates);
      exploration = restoreStream(saved.streams.exploration);
      drawing = restoreStream(saved.streams.replay);
      iteration = saved.iteration;
      due = saved.due;
      isFresh = saved.running === null;
      if (saved.running === null) return;
      environment.restore(saved.running.environment);
      collector.restore(saved.running.collector);
    },

    async close() {
      for (const program of [...programs.act, programs.gradient, programs.apply, programs.update]) program.dispose();
      environment.close?.();
    },
  };
}
