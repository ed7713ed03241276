import type { RssmOptions, TransformerOptions } from '../../worlds/models/index.ts';
import { rssmDefaults } from '../../worlds/models/index.ts';
import type { ZeroShotOptions } from './zero-shot-options.ts';

/** Which world model, and its sizes. */
export type DreamerModelOptions =
  | ({ readonly name: 'rssm' } & RssmOptions)
  | ({ readonly name: 'transformer' } & TransformerOptions);

/** Sizes of actor and critic. */
export interface BehaviourOptions {
  readonly units: number;
  readonly layers: number;
  /** Bins of the critic's distribution over returns; odd. */
  readonly bins: number;
}

/** The ensemble whose disagreement is an error estimate, and what Plan2Explore explores by. */
export interface DreamerEnsembleOptions {
  readonly members: number;
  readonly units: number;
  readonly layers: number;
  /** Weight of each member's fixed random network. */
  readonly prior: number;
  readonly learningRate: number;
}

/** DreamerV3 (Hafner et al., arXiv 2301.04104): a world model, and an actor and a critic that learn in its imagination. */
export interface DreamerOptions {
  readonly name: 'dreamer';
  readonly model: DreamerModelOptions;
  readonly behaviour: BehaviourOptions;
  /** Steps of each copy between turns of learning. */
  readonly rollout: number;
  /** Rows that the replay holds, all copies together; a row is one moment of an episode. The oldest make room. */
  readonly replay: number;
  /**
   * Whether sequences begin from the states that were stored with them, or from nothing. States of a transformer hold its
   * whole context, thousands of numbers for each row: from nothing, as its authors do, suits it.
   */
  readonly storedStates: boolean;
  /** Sequences of a batch, and their rows. */
  readonly batch: number;
  readonly length: number;
  /** Replayed rows for each environment step: gradient steps are this over batch * length. */
  readonly ratio: number;
  /** Environment steps with random actions before anything is learned. */
  readonly prefill: number;
  /** Steps imagined from each start. */
  readonly horizon: number;
  /** Replayed rows to imagine from in a gradient step, drawn among the batch's; null for all of them. */
  readonly starts: number | null;
  /** Steps that the future counts: the discount is 1 - 1 / this. */
  readonly discountHorizon: number;
  readonly lambda: number;
  readonly entropyCoefficient: number;
  /** Rate of the moving averages of the returns' 5th and 95th percentile. */
  readonly returnRate: number;
  /** Rate of the slow critic, and weight of the loss that keeps the critic near it. */
  readonly slowRate: number;
  readonly slowCoefficient: number;
  /** Weight of the critic's loss on replayed rewards. */
  readonly replayValueCoefficient: number;
  /** Of Adam: the world model's, and that of actor and critic. */
  readonly learningRate: number;
  readonly behaviourLearningRate: number;
  readonly adamEpsilon: number;
  /** Gradients of the model, and of actor and critic, are clipped to this global norm. */
  readonly maximumGradientNorm: number;
  /**
   * What training acts by: the task's actor, uniformly random actions, or an actor of its own that learns to seek the
   * ensemble's disagreement (Plan2Explore).
   */
  readonly explore: 'task' | 'random' | 'plan2explore';
  /** null for none: then there are no error estimates. */
  readonly ensemble: DreamerEnsembleOptions | null;
  /**
   * Evaluations ask for the environment's tasks; null for not. The rewards that training sees are nobody's then: its task's
   * actor does not learn.
   */
  readonly zeroShot: ZeroShotOptions | null;
}

export const dreamerEnsembleDefaults: DreamerEnsembleOptions = {
  members: 10,
  units: 128,
  layers: 2,
  prior: 1,
  learningRate: 3e-4,
};

/** DreamerV3's numbers where they do not depend on size; sizes and learning rates for vectors and one core. */
export const dreamerDefaults: DreamerOptions = {
  name: 'dreamer',
  model: { name: 'rssm', ...rssmDefaults },
  behaviour: { units: 256, layers: 2, bins: 255 },
  rollout: 16,
  replay: 100_000,
  storedStates: true,
  batch: 16,
  length: 32,
  ratio: 128,
  prefill: 500,
  horizon: 15,
  starts: null,
  discountHorizon: 333,
  lambda: 0.95,
  entropyCoefficient: 3e-4,
  returnRate: 0.01,
  slowRate: 0.02,
  slowCoefficient: 1,
  replayValueCoefficient: 0.3,
  learningRate: 6e-4,
  behaviourLearningRate: 3e-4,
  adamEpsilon: 1e-8,
  maximumGradientNorm: 100,
  explore: 'task',
  ensemble: null,
  zeroShot: null,
};
