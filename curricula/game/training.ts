import {
  type Checkpoint,
  Collector,
  type CollectorState,
  createPpo,
  type Evaluation,
  evaluatePlayer,
  type Iteration,
  type Player,
  type PlayerOptions,
  placedUnder,
  randomPlayer,
  returnsOf,
  type Training,
  takeFrom,
  under,
} from '../../agents/index.ts';
import { type Json, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import type { Executor, Value } from '../../nn/index.ts';
import { type BatchedEnvironment, createOutputs } from '../../worlds/index.ts';
import { Disturbance, Seen } from '../../worlds/models/index.ts';
import { Arena } from './arena.ts';
import { checkArena, checkGame } from './check.ts';
import { Dreams } from './dreams.ts';
import { levelChoice } from './level-choice.ts';
import { newsMetrics, toldTo } from './news.ts';
import { castOf, type GameOptions } from './options.ts';
import { Reality } from './reality.ts';
import { Standings } from './standings.ts';
import { Starts } from './starts.ts';
import { watchingPlayer } from './watching-player.ts';
import { World } from './world.ts';

export interface GameSpec {
  readonly seed: number;
  /** Real environment steps of the whole training: what a linear schedule runs down over. */
  readonly steps: number;
  /** Real copies. */
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play in, where it is another one. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  readonly options: GameOptions;
  readonly executor: Executor;
  /** Parts of each of PPO's minibatches worked on at the same time, one per thread. Default 1. */
  readonly shards?: number;
}

interface Saved {
  readonly realSteps: number;
  readonly isPrefilled: boolean;
  readonly reality: Json;
  readonly collector: CollectorState | null;
  readonly acting: StreamState;
  readonly standings: Json;
  readonly world: Json;
  readonly starts: Json;
  readonly players: Json;
}

/**
 * The minimax game through a learned world model. Real steps teach the model; in its dreams, and in reality, the protagonist
 * learns; an adversary disturbs the dreams, and starts and levels are chosen, so that it learns most from what it does worst.
 * Only real steps count. Errors: see `checkGame`.
 */
export function createGame(spec: GameSpec): Training {
  const probe = spec.make(1);
  try {
    checkGame(spec.options, probe, spec.copies);
  } finally {
    probe.close?.();
  }
  const opened: (() => void)[] = [];
  try {
    return train(spec, (close) => opened.push(close));
  } catch (error) {
    for (const close of opened) close();
    throw error;
  }
}

function train(spec: GameSpec, onFailure: (close: () => void) => void): Training {
  const { seed, options, executor, make, makeForEvaluation = make, copies } = spec;
  const { protagonist, adversary, selection, sees, learnsInReality, dreams: D } = options;
  const named = (name: string): Stream => stream(seed, `game/${name}`);
  const cast = castOf(options);
  const raw = make(copies);
  const space = raw.setLevel === undefined ? undefined : raw.levels;
  const standings = new Standings(selection, space?.optimum && ((level) => space.optimum!(level)));
  const feed = space && levelChoice(space, standings, selection, named('levels'));
  const real = raw.groups[0]!;
  const worldSpec = { group: real, copies, options, needsError: cast.needsError, executor, named };
  const world = cast.needsModel ? new World(worldSpec) : undefined;
  onFailure(() => world?.dispose());
  const reality = new Reality(raw, world?.replay, feed);
  const presented: BatchedEnvironment & { refresh?(): void } =
    sees === 'observation'
      ? reality
      : new Seen({ environment: reality, model: world!.model, parameters: () => world!.tree(), executor });
  onFailure(() => presented.close?.());
  const disturbance = cast.isDisturbed
    ? new Disturbance({ noise: world!.model.imagineNoise, ...adversary, stream: named('directions') })
    : undefined;
  const sides = cast.isPaired ? 2 : 1;
  const starts =
    D > 0 ? new Starts(options.starts, world!.imagination, world!.held.values, standings, selection) : undefined;
  const group = presented.groups[0]!;
  const arena = new Arena({
    group,
    reality: learnsInReality ? { environment: presented, output: createOutputs(presented.groups, copies) } : undefined,
    dreams: starts && {
      starts,
      sees,
      copies: D,
      sides,
      moveSize: disturbance?.size ?? 0,
      featureSize: world!.model.featureSize,
      options,
      played: new Dreams({
        imagination: world!.imagination,
        parameters: world!.held.values,
        copies: D,
        sides,
        disturbance,
        floor: adversary.floor,
      }),
    },
  });
  checkArena(options, arena);
  const perIteration = protagonist.rollout * copies;
  const first = cast.needsModel ? Math.ceil(options.prefill / copies) : 0;
  const iterations = Math.max(1, Math.ceil((spec.steps - first * copies) / perIteration));
  const players = createPpo({
    seed,
    steps: iterations * protagonist.rollout * arena.batchSize,
    copies: arena.batchSize,
    make: () => arena,
    options: protagonist,
    executor,
    ...(spec.shards === undefined ? {} : { shards: spec.shards }),
  });

  // Before anybody learns, and where nobody learns in reality, real copies are stepped one by one.
  const collector = new Collector(presented, 1);
  let acting = named('acting');
  const random = randomPlayer(collector, () => acting);
  let visitor: Player | undefined;
  let isCollecting = false;
  let realSteps = 0;
  let isPrefilled = first === 0;

  const collect = async (player: Player, steps: number): Promise<void> => {
    for (let i = 0; i < steps; i++) {
      if (!isCollecting) collector.reset(seed);
      await collector.collect(player, !isCollecting);
      isCollecting = true;
    }
    realSteps += steps * copies;
  };

  /** One turn of everybody but the model. */
  const play = async (): Promise<Record<string, number>> => {
    const { metrics } = await players.advance();
    if (learnsInReality) realSteps += perIteration;
    else {
      visitor ??= players.player!(collector, { deterministic: false, noise: acting });
      await collect(visitor, protagonist.rollout);
    }
    const news = arena.take();
    if (news === undefined) return ofPlayers(metrics);
    toldTo(standings, news, selection);
    return { ...ofPlayers(metrics), ...newsMetrics(news, standings, selection) };
  };

  /** The protagonist alone, in a real environment. */
  const playIn = (other: Collector, asked: PlayerOptions): Player => {
    if (sees === 'observation') return players.player!(other, asked);
    const watching = { ...world!.watching(), group, noise: asked.noise };
    return watchingPlayer(other, watching, (seen) => players.player!(seen, asked));
  };

  return {
    get step() {
      return realSteps;
    },
    parameterCount: players.parameterCount + (world?.parameterCount ?? 0),

    async advance(): Promise<Iteration> {
      const before = realSteps;
      const metrics: Record<string, number> = {};
      if (isPrefilled) Object.assign(metrics, await play());
      else {
        await collect(random, first);
        isPrefilled = true;
      }
      const episodes = reality.takeEpisodes();
      reality.report(realSteps);
      Object.assign(metrics, returnsOf(episodes), reality.metrics());
      if (world !== undefined) {
        if (before > 0) Object.assign(metrics, world.foresight());
        Object.assign(metrics, await world.learn(realSteps - before, starts));
        presented.refresh?.();
        starts?.refresh();
      }
      return { step: realSteps, metrics, episodes: episodes.length };
    },

    async evaluate({ episodes, seed: evaluationSeed, deterministic }): Promise<Evaluation> {
      return evaluatePlayer(makeForEvaluation, episodes, evaluationSeed, (other) =>
        playIn(other, { deterministic, noise: stream(evaluationSeed, 'evaluation/noise') }),
      );
    },

    player: playIn,

    save(): Checkpoint {
      const own = players.save();
      const seen = world?.save();
      const begun = starts?.save();
      const tensors: Record<string, Value> = {
        ...placedUnder('players', own.tensors),
        ...placedUnder('world', seen?.tensors ?? {}),
        ...(begun === undefined ? {} : { starts: begun.states }),
      };
      const saved: Saved = {
        realSteps,
        isPrefilled,
        reality: realSteps > 0 ? presented.snapshot() : null,
        collector: isCollecting ? collector.state() : null,
        acting: acting.state(),
        standings: standings.save(),
        world: seen?.state ?? null,
        starts: begun?.state ?? null,
        players: own.state,
      };
      return { tensors, state: saved as unknown as Json };
    },

    load({ tensors, state }: Checkpoint): void {
      const saved = state as unknown as Saved;
      world?.load(under('world', tensors), saved.world);
      standings.load(saved.standings);
      if (starts !== undefined) {
        const shape = [starts.capacity, world!.model.stateSize];
        starts.load(takeFrom(tensors, 'game')('starts', shape), saved.starts);
        if (starts.size > 0) starts.refresh();
      }
      players.load({ tensors: under('players', tensors), state: saved.players });
      // Also what a training that never began to learn has seen: levels were drawn for it.
      if (saved.reality !== null) presented.restore(saved.reality);
      if (saved.collector !== null) collector.restore(saved.collector);
      acting = restoreStream(saved.acting);
      visitor = undefined;
      isCollecting = saved.collector !== null;
      realSteps = saved.realSteps;
      isPrefilled = saved.isPrefilled;
    },

    async close() {
      await players.close();
      if (!learnsInReality) presented.close?.();
      world?.dispose();
    },
  };
}

/** Without what PPO says of episodes: it counts dreams among them. */
function ofPlayers(metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).filter(([name]) => !name.startsWith('return/') && !name.startsWith('episode/')),
  );
}
