import { type Json, restoreStream, type Stream, type StreamState, stream } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import { Collector, type CollectorState, type Player } from './collector.ts';
import { evaluatePlayer } from './evaluate.ts';
import { returnsOf } from './return-metrics.ts';
import type { Checkpoint, Evaluation, Iteration, Training } from './training.ts';

/** A player that learns nothing. It draws what it needs from `random()`, asked for anew at every step. */
export type BaselinePlayer = (collector: Collector, random: () => Stream) => Player;

export interface BaselineSpec {
  readonly seed: number;
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play in, where it is another one. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  readonly player: BaselinePlayer;
}

/** Steps of each copy in one iteration. */
const ROLLOUT = 128;

/**
 * A player without anything to learn, as a training: iterations collect and report returns, `evaluate` plays fresh
 * copies (`deterministic` makes no difference), and a checkpoint resumes exactly.
 */
export function createBaseline({ seed, copies, make, makeForEvaluation = make, player }: BaselineSpec): Training {
  const environment = make(copies);
  const collector = new Collector(environment, ROLLOUT);
  let random = stream(seed, 'learner/actions');
  let ours: Player;
  try {
    ours = player(collector, () => random);
  } catch (error) {
    environment.close?.();
    throw error;
  }
  let iteration = 0;
  const step = (): number => iteration * ROLLOUT * copies;

  return {
    get step() {
      return step();
    },
    parameterCount: 0,

    async advance(): Promise<Iteration> {
      const isFresh = iteration === 0;
      if (isFresh) collector.reset(seed);
      const episodes = await collector.collect(ours, isFresh);
      iteration++;
      return { step: step(), metrics: returnsOf(episodes), episodes: episodes.length };
    },

    async evaluate({ episodes, seed: evaluationSeed }): Promise<Evaluation> {
      const own = stream(evaluationSeed, 'evaluation/noise');
      return evaluatePlayer(makeForEvaluation, episodes, evaluationSeed, (other) => player(other, () => own));
    },

    player(other, { noise }) {
      return player(other, () => noise);
    },

    save(): Checkpoint {
      const running =
        iteration === 0
          ? null
          : { environment: environment.snapshot(), collector: collector.state() as unknown as Json };
      return { tensors: {}, state: { iteration, random: random.state() as unknown as Json, running } };
    },

    load({ state }: Checkpoint): void {
      const saved = state as unknown as {
        readonly iteration: number;
        readonly random: StreamState;
        readonly running: { readonly environment: Json; readonly collector: CollectorState } | null;
      };
      iteration = saved.iteration;
      random = restoreStream(saved.random);
      if (saved.running === null) return;
      environment.restore(saved.running.environment);
      collector.restore(saved.running.collector);
    },

    async close() {
      environment.close?.();
    },
  };
}
