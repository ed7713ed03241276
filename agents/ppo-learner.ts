import { type Json, LightbulbError, type Stream, stream } from '../core/index.ts';
import type { Device, Executor, Value } from '../nn/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import { Collector, type CollectorState, type Player } from './collector.ts';
import type { Episode } from './episodes.ts';
import { GlobalState } from './global-state.ts';
import { type LevelRound, type RoundOutcome, setLevels } from './level-rounds.ts';
import type { LevelsInPlay, LevelsInPlayState } from './levels-in-play.ts';
import type { PpoOptions } from './options.ts';
import { PpoUnit } from './ppo-unit.ts';
import { planUnits } from './sharing.ts';
import type { Checkpoint } from './training.ts';
import { UnitRollout } from './unit-rollout.ts';

/** How PPO computes, whatever it learns. */
export interface PpoMeans {
  readonly executor: Executor;
  /** Parts of each minibatch worked on at the same time, one per thread. Default 1. */
  readonly shards?: number | undefined;
  /**
   * `steps`: a call for each step of the optimiser. `scan`: one for all steps of a rollout (of an epoch, with
   * `targetKl`), so that the learner's state crosses to the device and back once. Default: `scan` where the device
   * has memory of its own.
   */
  readonly updates?: 'steps' | 'scan' | undefined;
}

export interface PpoLearnerSpec extends PpoMeans {
  readonly seed: number;
  /** Tells apart what several learners of one training draw; empty for the agent itself. */
  readonly name: string;
  /** Its own: closed with it. */
  readonly environment: BatchedEnvironment;
  /** Where its levels come from, episode by episode. */
  readonly levels?: LevelsInPlay | undefined;
  readonly options: PpoOptions;
}

/** Devices that work in the host's memory: nothing crosses anywhere. */
const HOST_DEVICES: ReadonlySet<Device> = new Set(['cpu', 'wasm']);

/**
 * PPO's agents in one batched environment: they `play` a rollout, `judge` it and `learn` from it, in this order. What
 * comes between (schedules, levels, other learners) is the caller's.
 */
export class PpoLearner {
  readonly units: readonly PpoUnit[];
  private readonly collector: Collector;
  private readonly state: GlobalState;
  private readonly player: Player;
  private readonly done: Uint8Array;
  private isFresh = true;

  constructor(private readonly spec: PpoLearnerSpec) {
    const { seed, name, environment, options, executor, levels } = spec;
    const copies = environment.batchSize;
    const collector = new Collector(environment, options.rollout, levels);
    const state = new GlobalState(collector, environment, options.critic === 'central');
    const updates = spec.updates ?? (HOST_DEVICES.has(executor.device) ? 'steps' : 'scan');
    const prefix = name === '' ? 'learner' : `${name}/learner`;
    const units = planUnits(environment.groups, options.sharing).map((unit) => {
      const named = (purpose: string): Stream => stream(seed, `${prefix}/${unit.name}/${purpose}`);
      const rollout = new UnitRollout(unit, collector.groups, options.rollout, copies, options.teamReward);
      const streams = { initial: named('initial'), noise: named('noise'), order: named('order') };
      return new PpoUnit(rollout, state, options, executor, streams, { shards: spec.shards ?? 1, updates });
    });
    this.collector = collector;
    this.state = state;
    this.units = units;
    this.done = new Uint8Array(options.rollout * copies);
    this.player = {
      act(t) {
        state.pull(t);
        for (const unit of units) unit.act(t);
      },
      observed(t) {
        for (const unit of units) unit.observed(t);
      },
    };
  }

  /** Environment steps of one rollout, all copies added up. */
  get stepsPerRollout(): number {
    return this.spec.options.rollout * this.collector.B;
  }

  get parameterCount(): number {
    return this.units.reduce((sum, unit) => sum + unit.parameterCount, 0);
  }

  /**
   * Plays one rollout; returns the episodes that ended. With `round`, every copy begins anew, in its level where the round
   * has levels; without, where the last rollout ended.
   */
  async play(round?: { readonly levels?: LevelRound['levels']; readonly seed: number }): Promise<Episode[]> {
    const { environment, seed, options } = this.spec;
    const isFirst = this.isFresh || round !== undefined;
    if (round?.levels !== undefined) setLevels(environment, round.levels);
    if (isFirst) this.collector.reset(round?.seed ?? seed);
    for (const unit of this.units) unit.begin(isFirst);
    const episodes = await this.collector.collect(this.player, isFirst);
    this.isFresh = false;
    this.state.pull(options.rollout);
    return episodes;
  }

  /**
   * Of one agent: what the last step of the rollout paid is known only now. amounts: [copies]. To be followed by `judge`.
   */
  pay(amounts: ArrayLike<number>): void {
    const { reward, T, B } = this.only('paid').rollout;
    reward.set(amounts, (T - 1) * B);
  }

  /** Works out values and advantages of the rollout. */
  judge(): void {
    for (const unit of this.units) unit.judge();
  }

  /** Of one agent: what was judged, for who scores levels by it. */
  outcome(): RoundOutcome {
    return this.only('scored').outcome(this.done);
  }

  /** Learns from what was judged. Means of the metrics over all minibatches, by unit where there are several. */
  async learn(rate: number): Promise<Record<string, number>> {
    const metrics: Record<string, number> = {};
    for (const unit of this.units) {
      const prefix = this.units.length === 1 ? '' : `${unit.rollout.unit.name}/`;
      for (const [name, value] of Object.entries(await unit.learn(rate))) metrics[prefix + name] = value;
    }
    return metrics;
  }

  save(): Checkpoint {
    const tensors: Record<string, Value> = {};
    const units: Record<string, Json> = {};
    for (const unit of this.units) {
      const { name } = unit.rollout.unit;
      const { tensors: own, state } = unit.save();
      for (const [path, value] of Object.entries(own)) tensors[`${name}/${path}`] = value;
      units[name] = state;
    }
    const { environment, levels } = this.spec;
    const running = this.isFresh
      ? null
      : {
          environment: environment.snapshot(),
          collector: this.collector.state() as unknown as Json,
          levels: levels?.save() ?? null,
        };
    return { tensors, state: { units, running } };
  }

  /** Goes on where `save` was called. `mismatch` where the arrays do not fit this network. */
  load({ tensors, state }: Checkpoint): void {
    const saved = state as unknown as {
      units: Record<string, Json>;
      running: { environment: Json; collector: CollectorState; levels?: LevelsInPlayState | null } | null;
    };
    for (const unit of this.units) {
      const { name } = unit.rollout.unit;
      unit.load(under(name, tensors), saved.units[name] ?? null);
    }
    this.isFresh = saved.running === null;
    if (saved.running === null) return;
    const { environment, levels } = this.spec;
    environment.restore(saved.running.environment);
    if (saved.running.levels) levels?.load(saved.running.levels);
    this.collector.restore(saved.running.collector);
  }

  close(): void {
    for (const unit of this.units) unit.dispose();
    this.spec.environment.close?.();
  }

  private only(what: string): PpoUnit {
    const [unit] = this.units;
    if (unit !== undefined && unit.rollout.sizes.N === 1 && this.units.length === 1) return unit;
    throw new LightbulbError('internal', `only rollouts of one agent can be ${what}`);
  }
}

/** The arrays whose names begin with `name/`, by the rest of their names. */
export function under(name: string, tensors: Checkpoint['tensors']): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([path, value]) =>
      path.startsWith(`${name}/`) ? [[path.slice(name.length + 1), value] as const] : [],
    ),
  );
}

/** The arrays, each with `name/` before its own name. */
export function placedUnder(name: string, tensors: Checkpoint['tensors']): Record<string, Value> {
  return Object.fromEntries(Object.entries(tensors).map(([path, value]) => [`${name}/${path}`, value]));
}
