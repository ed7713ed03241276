import { LightbulbError, type Stream } from '../../core/index.ts';
import type { Executor, Values } from '../../nn/index.ts';
import type { Collector, Player } from '../collector.ts';
import type { StepTokens } from '../tokens/index.ts';
import { ActingPrograms } from './acting-programs.ts';
import { GroupPlayer } from './group-player.ts';
import type { GatoModel } from './model.ts';

export interface GatoPlayerOptions {
  readonly model: GatoModel;
  /** How each group of the environment becomes tokens. */
  readonly tokens: readonly StepTokens[];
  /**
   * The parameters' leaves by path, asked for before each step, so that a player follows what learns. Programs stay
   * bound to the last two sets of arrays that came, so a learner whose two copies take turns costs nothing.
   */
  readonly parameters: () => Values;
  /** Most time steps that are remembered; as many as fit the model's length, at most. */
  readonly context: number;
  /** How many of the last of them are read again when the context is full; 0 begins anew. Below `context`. */
  readonly overlap: number;
  /** Draws actions from this stream; null plays the most likely legal ones. */
  readonly noise: Stream | null;
  readonly executor: Executor;
  /** Compiled before, and kept by whoever made them; by default the player's own, on `executor`. */
  readonly programs?: ActingPrograms;
}

/**
 * Plays with a generalist: one row of tokens for each copy and agent, continued step by step with a key-value memory
 * that is emptied when the row's episode ends. Components of an action are drawn one after the other, each seeing those
 * before it.
 */
export interface GatoPlayer extends Player {
  /** Forgets everything, as before the first step. */
  forget(): void;
  dispose(): void;
}

/**
 * Errors: `invalid_input` for a context or an overlap that is no whole number in range, and where one time step is
 * longer than the model; when acting, `contract` where an agent that lives has nothing legal to do.
 */
export function createGatoPlayer(collector: Collector, options: GatoPlayerOptions): GatoPlayer {
  checkCounts(options);
  const programs = options.programs ?? new ActingPrograms(options.model, options.executor);
  const players = collector.groups.map((_, g) => new GroupPlayer(collector, g, options, programs));
  return {
    act(t) {
      const parameters = options.parameters();
      for (const player of players) player.act(t, parameters);
    },
    forget() {
      for (const player of players) player.forget();
    },
    dispose() {
      if (options.programs === undefined) programs.dispose();
    },
  };
}

function checkCounts({ context, overlap }: GatoPlayerOptions): void {
  const refuse = (where: string, wanted: string, got: number): LightbulbError =>
    new LightbulbError('invalid_input', 'a generalist cannot remember so', { where, wanted, got: String(got) });
  if (!(Number.isSafeInteger(context) && context >= 1)) throw refuse('context', 'a whole number from 1', context);
  if (!(Number.isSafeInteger(overlap) && overlap >= 0 && overlap < context))
    throw refuse('overlap', `a whole number from 0, below ${context}`, overlap);
}
