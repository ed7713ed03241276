/** A world model of counts for each level, learned without rewards and asked for tasks afterwards. */
export interface TabularOptions {
  readonly name: 'tabular';
  /** Uniform actions, or planning in the model with the disagreement of the ensemble as the reward (Plan2Explore). */
  readonly exploration: 'random' | 'plan2explore';
  /** Members of the ensemble (K): each sees every transition a random number of times, 1 on average. */
  readonly members: number;
  /**
   * Each member starts from a random model of its own. Without, all start from the same one, and agree wherever nobody
   * was: the estimates that a curriculum follows are lowest where the model is worst.
   */
  readonly independentPriors: boolean;
  /** What a prior counts, in transitions. */
  readonly priorStrength: number;
  /** Steps of each copy between two estimates of the error. */
  readonly rollout: number;
  /** Imagined rollouts of one estimate, from states drawn from all that were visited; and their length. */
  readonly imagined: number;
  readonly horizon: number;
  /** Steps on a level after which the exploration is planned anew. */
  readonly replan: number;
  /** Worth of the next step's disagreement in this one. */
  readonly explorationDiscount: number;
  /** Worth of the next step in the tasks that the model is asked for. */
  readonly discount: number;
}

export const tabularDefaults: TabularOptions = {
  name: 'tabular',
  exploration: 'plan2explore',
  members: 10,
  independentPriors: true,
  priorStrength: 1,
  rollout: 60,
  imagined: 128,
  horizon: 15,
  replan: 10,
  explorationDiscount: 0.95,
  discount: 0.95,
};
