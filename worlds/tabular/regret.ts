import { type Mdp, totalVariation } from './mdp.ts';
import { evaluatePolicy, occupancy, optimalPlan, type Plan } from './planning.ts';

/** What planning in a model costs in reality. */
export interface Regret {
  /** V* - V of the model's plan, at the start: at least 0 but for rounding. */
  readonly regret: number;
  /** V* at the start. */
  readonly optimum: number;
  /** What the plan is worth at the start. */
  readonly value: number;
}

/** A regret beside what the model's error allows. */
export interface BoundedRegret extends Regret {
  /** The regret is never above this. */
  readonly bound: number;
  /** regret / bound: how tight, from 0 to 1; 0 where both are. */
  readonly tightness: number;
}

/** The exact regret of a policy, [S], in `real`. reward: [S]; start: [S], chances; `best`: of `real`, if known already. */
export function regretOf(
  real: Mdp,
  policy: Int32Array,
  reward: Float64Array,
  start: Float64Array,
  discount: number,
  best: Plan = optimalPlan(real, reward, discount),
): Regret {
  const optimum = dot(start, best.values);
  const value = dot(start, evaluatePolicy(real, reward, policy, discount));
  return { regret: optimum - value, optimum, value };
}

/**
 * The regret of the policy that is optimal in `model`, and the bound on it by the model's error. For rewards in [0, 1]
 * that both share,
 *
 *   V* - V^model <= discount / (1 - discount)^2 * sum over pi of E_{d^pi in model} [TV(model, real)],
 *
 * pi the optimal policy of `real` and that of `model`, d^pi the normalised discounted occupancy. It follows from the
 * simulation lemma for each of the two and from the model's policy being at least as good in the model; WAKER (Rigter et
 * al., arXiv 2306.09205) rests on a bound of this kind. `best`, `planned`: the optimal plans of the two, if known already.
 */
export function boundedRegret(
  real: Mdp,
  model: Mdp,
  reward: Float64Array,
  start: Float64Array,
  discount: number,
  best: Plan = optimalPlan(real, reward, discount),
  planned: Plan = optimalPlan(model, reward, discount),
): BoundedRegret {
  const regret = regretOf(real, planned.policy, reward, start, discount, best);
  const error = totalVariation(model, real);
  const met = (policy: Int32Array): number => {
    const visits = occupancy(model, policy, start, discount);
    return visits.reduce((sum, share, s) => sum + share * error[s * real.actions + policy[s]!]!, 0);
  };
  const bound = (discount / (1 - discount) ** 2) * (met(best.policy) + met(planned.policy));
  return { ...regret, bound, tightness: bound > 0 ? regret.regret / bound : 0 };
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
