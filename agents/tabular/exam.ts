import {
  boundedRegret,
  type ExactModel,
  optimalPlan,
  type TabularPlan as Plan,
  regretOf,
  type TabularEnvironment,
  totalVariation,
} from '../../worlds/index.ts';
import type { Evaluation } from '../training.ts';
import type { LevelModel } from './level-model.ts';
import { meanOf, pearson, spearman, worstMean } from './statistics.ts';

/** A level's model beside the truth. */
export interface Examined {
  readonly real: ExactModel;
  readonly model: LevelModel;
  /** What a curriculum would be told of it now. */
  readonly estimate: number;
}

/** Of 20 levels, two. */
const WORST = 0.1;

/**
 * What the models are worth for tasks that nobody told of while they were learned: for each task the best plan of each
 * level's model, valued exactly in reality. Nothing is played and nothing is random, so the worst levels are chosen and
 * scored by the same numbers without harm. Regrets are in shares of what a goal at every step would pay:
 * (1 - discount) (V* - V), the mean over tasks of a level.
 *
 * Scores: `regret/mean`, `/cvar10` (the worst tenth of levels) and `/max` over the grid; `modelError/mean`, `/cvar10`:
 * total variation, the mean over a level's states and actions; `estimate/pearson`, `/spearman`: over levels, of what
 * curricula follow with the model error; `bound/tightness/mean`, `/max`: regret over the bound by the model's error (see
 * `boundedRegret`; above 1 it would be broken); `heldOut/<set>/regret`, `/floor`: levels outside the grid, planned for in
 * the model of the nearest level of the grid, and what that costs with a model without error.
 */
export function examine(world: TabularEnvironment, levels: readonly Examined[], discount: number): Evaluation {
  const tasks = world.taskNames!;
  const regrets = new Float64Array(levels.length);
  const values = new Float64Array(levels.length);
  const tightness: number[] = [];
  const plans = new Map<ExactModel, readonly Plan[]>();
  const ideals = new Map<ExactModel, readonly Plan[]>();
  levels.forEach(({ real, model }, i) => {
    const ideal = tasks.map((task) => optimalPlan(real, real.rewards[task]!, discount));
    // From the same first policy as any other plan: what the model knows nothing of must not be told by the truth.
    const planned = tasks.map((task) => optimalPlan(model, real.rewards[task]!, discount));
    ideals.set(real, ideal);
    plans.set(real, planned);
    for (const [t, task] of tasks.entries()) {
      const reward = real.rewards[task]!;
      const found = boundedRegret(real, model, reward, real.start, discount, ideal[t], planned[t]);
      regrets[i]! += ((1 - discount) * found.regret) / tasks.length;
      values[i]! += ((1 - discount) * found.value) / tasks.length;
      tightness.push(found.tightness);
    }
  });
  const errors = Float64Array.from(levels, ({ real, model }) => meanOf(totalVariation(model, real)));
  const estimates = Float64Array.from(levels, ({ estimate }) => estimate);
  const mean = meanOf(values);
  return {
    episodes: levels.length * tasks.length,
    return: {
      mean,
      std: Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2))),
      min: Math.min(...values),
      max: Math.max(...values),
    },
    length: world.maximumSteps ?? 0,
    agents: { [world.groups[0]!.agents[0]!]: mean },
    scores: {
      'regret/mean': meanOf(regrets),
      'regret/cvar10': worstMean(regrets, WORST),
      'regret/max': Math.max(...regrets),
      'modelError/mean': meanOf(errors),
      'modelError/cvar10': worstMean(errors, WORST),
      'estimate/pearson': pearson(estimates, errors),
      'estimate/spearman': spearman(estimates, errors),
      'bound/tightness/mean': meanOf(tightness),
      'bound/tightness/max': Math.max(...tightness),
      ...heldOutScores(world, plans, ideals, discount),
    },
  };
}

function heldOutScores(
  world: TabularEnvironment,
  plans: ReadonlyMap<ExactModel, readonly Plan[]>,
  ideals: ReadonlyMap<ExactModel, readonly Plan[]>,
  discount: number,
): Record<string, number> {
  const tasks = world.taskNames!;
  const regretsOf = (real: ExactModel, plans: readonly Plan[], best: readonly Plan[]): number[] =>
    tasks.map((task, t) => {
      const { regret } = regretOf(real, plans[t]!.policy, real.rewards[task]!, real.start, discount, best[t]);
      return (1 - discount) * regret;
    });
  return Object.fromEntries(
    Object.entries(world.heldOut).flatMap(([name, set]) => {
      const [regrets, floors]: [number[], number[]] = [[], []];
      for (const { level, nearest } of set) {
        const real = world.exactModel(level);
        const known = world.exactModel(nearest);
        // The ideal plans of the nearest level are nearly those of this one.
        const best = tasks.map((task, t) =>
          optimalPlan(real, real.rewards[task]!, discount, ideals.get(known)![t]!.policy),
        );
        regrets.push(...regretsOf(real, plans.get(known)!, best));
        floors.push(...regretsOf(real, ideals.get(known)!, best));
      }
      return [
        [`heldOut/${name}/regret`, meanOf(regrets)],
        [`heldOut/${name}/floor`, meanOf(floors)],
      ];
    }),
  );
}
