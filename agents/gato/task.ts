import type { BatchedEnvironment } from '../../worlds/index.ts';
import type { ExecutorChoice } from '../create-executor.ts';
import type { WindowSource } from '../datasets/index.ts';
import type { TextTokenizer } from '../tokens/index.ts';
import type { GatoOptions } from './options.ts';

/** What a generalist learns and is measured on. */
export interface GatoTask {
  readonly name: string;
  /** The expert's episodes. */
  readonly source: WindowSource;
  /** Share of the batch's rows, against the other tasks' weights. */
  readonly weight: number;
  /** Copies of the environment to play in; null for texts that nobody acts on. */
  readonly make: ((copies: number) => BatchedEnvironment) | null;
  /** Whole episodes of an evaluation; null: as many as the evaluation asks for. */
  readonly episodes: number | null;
  /** Mean returns that scores are measured against, by uniform random play and by the expert. */
  readonly random: number;
  readonly expert: number;
}

/** What a generalist is made from. */
export interface GatoSpec extends ExecutorChoice {
  /** Decides every random number of the training. */
  readonly seed: number;
  /** Updates in all, cloning and reinforcement: what schedules run over. */
  readonly steps: number;
  readonly tasks: readonly GatoTask[];
  /** Made by `options.tokens.text`. */
  readonly tokenizer: TextTokenizer;
  readonly options: GatoOptions;
}
