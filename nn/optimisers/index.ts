export {
  type AdamOptions,
  type AdamState,
  type AdamWOptions,
  adam,
  adamw,
  addDecayedWeights,
  type DecayMask,
  decayMatrices,
  scaleByAdam,
} from './adam.ts';
export { applyUpdates, globalNorm } from './arithmetic.ts';
export { chain, flatten } from './compose.ts';
export { type RmsOptions, type RmsState, rmsprop, scaleByRms } from './rmsprop.ts';
export {
  type CountState,
  clipByGlobalNorm,
  type Rate,
  scale,
  scaleByLearningRate,
  scaleBySchedule,
} from './scaling.ts';
export {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  linearSchedule,
  piecewiseSchedule,
  type Schedule,
  warmupCosineSchedule,
} from './schedules.ts';
export { sgd, type TraceState, trace } from './sgd.ts';
export type { Stateless, Tensors, Transform, TransformState, Updated } from './transform.ts';
