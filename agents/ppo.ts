import { type Json, LightbulbError, type Stream, stream } from '../core/index.ts';
import type { Device, Executor, Value } from '../nn/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import { Collector, type CollectorState, type Player } from './collector.ts';
import { evaluatePlayer } from './evaluate.ts';
import { GlobalState } from './global-state.ts';
import { createGreedyPlayer } from './greedy.ts';
import type { LevelFeed } from './level-feed.ts';
import { type LevelRounds, setLevels } from './level-rounds.ts';
import { LevelsInPlay, type LevelsInPlayState } from './levels-in-play.ts';
import type { PpoOptions } from './options.ts';
import { PpoUnit } from './ppo-unit.ts';
import { returnsOf } from './return-metrics.ts';
import { planUnits } from './sharing.ts';
import type { Checkpoint, Evaluation, Iteration, Training } from './training.ts';
import { UnitRollout } from './unit-rollout.ts';

export interface PpoSpec {
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
  readonly rounds?: LevelRounds | undefined;
  readonly options: PpoOptions;
  readonly executor: Executor;
  /** Parts of each minibatch worked on at the same time, one per thread. Default 1. */
  readonly shards?: number;
  /**
   * `steps`: a call for each step of the optimiser. `scan`: one for all steps of a rollout (of an epoch, with
   * `targetKl`), so that the learner's state crosses to the device and back once. Default: `scan` where the device
   * has memory of its own.
   */
  readonly updates?: 'steps' | 'scan';
}

/** Devices that work in the host's memory: nothing crosses anywhere. */
const HOST_DEVICES: ReadonlySet<Device> = new Set(['cpu', 'wasm']);

/** Trains every agent of an environment by PPO: independent critics (IPPO) or a central one (MAPPO). */
export function createPpo(spec: PpoSpec): Training {
  const environment = spec.make(spec.copies);
  try {
    return train(spec, environment);
  } catch (error) {
    environment.close?.();
    throw error;
  }
}

function train(spec: PpoSpec, environment: BatchedEnvironment): Training {
  const { seed, options, executor, make, makeForEvaluation = make, copies } = spec;
  const levels = spec.curriculum && new LevelsInPlay(environment, spec.curriculum);
  const collector = new Collector(environment, options.rollout, levels);
  const state = new GlobalState(collector, environment, options.critic === 'central');
  const units = planUnits(environment.groups, options.sharing).map((unit) => {
    const named = (purpose: string): Stream => stream(seed, `learner/${unit.name}/${purpose}`);
    const rollout = new UnitRollout(unit, collector.groups, options.rollout, copies, options.teamReward);
    const streams = { initial: named('initial'), noise: named('noise'), order: named('order') };
    const updates = spec.updates ?? (HOST_DEVICES.has(executor.device) ? 'steps' : 'scan');
    return new PpoUnit(rollout, state, options, executor, streams, { shards: spec.shards ?? 1, updates });
  });
  const { rounds } = spec;
  if (rounds !== undefined) checkRounds(environment, levels);
  const perIteration = options.rollout * copies;
  // Rounds are of one agent a copy.
  const done = new Uint8Array(rounds === undefined ? 0 : perIteration);
  const iterations = Math.max(1, Math.ceil(spec.steps / perIteration));
  let iteration = 0;
  let isFresh = true;

  const player: Player = {
    act(t) {
      state.pull(t);
      for (const unit of units) unit.act(t);
    },
    observed(t) {
      for (const unit of units) unit.observed(t);
    },
  };

  return {
    get step() {
      return iteration * perIteration;
    },
    parameterCount: units.reduce((sum, unit) => sum + unit.parameterCount, 0),

    async advance(): Promise<Iteration> {
      const round = rounds?.next(copies);
      if (round !== undefined) setLevels(environment, round);
      const isFirst = isFresh || round !== undefined;
      if (isFirst) collector.reset(round?.seed ?? seed);
      for (const unit of units) unit.begin(isFirst);
      const episodes = await collector.collect(player, isFirst);
      isFresh = false;
      state.pull(options.rollout);
      const progress = iteration / iterations;
      const rate =
        options.schedule === 'linear' ? options.learningRate * Math.max(0, 1 - progress) : options.learningRate;
      const metrics: Record<string, number> = { ...returnsOf(episodes), learningRate: rate };
      for (const unit of units) unit.judge();
      rounds?.report(units[0]!.outcome(done), (iteration + 1) * perIteration);
      if (round?.learns !== false) {
        for (const unit of units) {
          const prefix = units.length === 1 ? '' : `${unit.rollout.unit.name}/`;
          for (const [name, value] of Object.entries(await unit.learn(rate))) metrics[prefix + name] = value;
        }
      }
      iteration++;
      if (levels !== undefined) {
        levels.report(iteration * perIteration);
        Object.assign(metrics, levels.feed.metrics());
      }
      Object.assign(metrics, rounds?.metrics());
      return { step: iteration * perIteration, metrics, episodes: episodes.length };
    },

    async evaluate({ episodes, seed: evaluationSeed, deterministic }): Promise<Evaluation> {
      return evaluatePlayer(makeForEvaluation, episodes, evaluationSeed, (other) =>
        createGreedyPlayer(other, units, deterministic, stream(evaluationSeed, 'evaluation/noise')),
      );
    },

    player(other, { deterministic, noise }) {
      return createGreedyPlayer(other, units, deterministic, noise);
    },

    save(): Checkpoint {
      const tensors: Record<string, Value> = {};
      const saved: Record<string, Json> = {};
      for (const unit of units) {
        const { tensors: own, state: plain } = unit.save();
        for (const [name, value] of Object.entries(own)) tensors[`${unit.rollout.unit.name}/${name}`] = value;
        saved[unit.rollout.unit.name] = plain;
      }
      const running = isFresh
        ? null
        : {
            environment: environment.snapshot(),
            collector: collector.state() as unknown as Json,
            levels: levels?.save() ?? null,
          };
      return { tensors, state: { iteration, units: saved, running, rounds: rounds?.save() ?? null } };
    },

    load({ tensors, state: plain }: Checkpoint): void {
      const saved = plain as unknown as {
        iteration: number;
        units: Record<string, Json>;
        rounds?: Json;
        running: { environment: Json; collector: CollectorState; levels?: LevelsInPlayState | null } | null;
      };
      for (const unit of units) {
        const { name } = unit.rollout.unit;
        const own = Object.entries(tensors).flatMap(([path, value]) =>
          path.startsWith(`${name}/`) ? [[path.slice(name.length + 1), value] as const] : [],
        );
        unit.load(Object.fromEntries(own), saved.units[name] ?? null);
      }
      if (rounds !== undefined && saved.rounds != null) rounds.load(saved.rounds);
      iteration = saved.iteration;
      isFresh = saved.running === null;
      if (saved.running === null) return;
      environment.restore(saved.running.environment);
      if (saved.running.levels) levels?.load(saved.running.levels);
      collector.restore(saved.running.collector);
    },

    async close() {
      for (const unit of units) unit.dispose();
      environment.close?.();
    },
  };
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
