export { type Mdp, solveLinear, totalVariation } from './mdp.ts';
export { evaluatePolicy, expected, occupancy, optimalPlan, type Plan, valueIteration } from './planning.ts';
export { type BoundedRegret, boundedRegret, type Regret, regretOf } from './regret.ts';
export {
  type ExactModel,
  type HeldOutLevel,
  requireTabular,
  type TabularEnvironment,
} from './tabular-environment.ts';
