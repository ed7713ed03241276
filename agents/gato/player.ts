import type { Stream } from '../../core/index.ts';
import type { Executor, Values } from '../../nn/index.ts';
import type { Collector, Player } from '../collector.ts';
import type { StepTokens } from '../tokens/index.ts';
import type { GatoModel } from './model.ts';

export interface GatoPlayerOptions {
  readonly model: GatoModel;
  /** How each group of the environment becomes tokens. */
  readonly tokens: readonly StepTokens[];
  /** The parameters' leaves by path, asked for before each step, so that a player follows what learns. */
  readonly parameters: () => Values;
  /** Most time steps that are remembered. */
  readonly context: number;
  /** How many of the last of them are read again when the context is full; 0 begins anew. Below `context`. */
  readonly overlap: number;
  /** Draws actions from this stream; null plays the most likely legal ones. */
  readonly noise: Stream | null;
  readonly executor: Executor;
}

/**
 * Plays with a generalist: one row of tokens for each copy and agent, continued step by step with a key-value memory
 * that is emptied when the row's episode ends. Components of an action are drawn one after the other, each seeing those
 * before it.
 */
export interface GatoPlayer extends Player {
  observed(t: number): void;
  /** Forgets everything, as before the first step. */
  forget(): void;
  dispose(): void;
}

export declare function createGatoPlayer(collector: Collector, options: GatoPlayerOptions): GatoPlayer;
