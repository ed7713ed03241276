export { checkDreamer } from './check.ts';
export { createModel } from './create-model.ts';
export { createDreamer, type DreamerSpec } from './dreamer.ts';
export { disagreementReward, type Intrinsic } from './intrinsic.ts';
export { IntrinsicLearner } from './intrinsic-learner.ts';
export { ModelLearner, type ModelLearning } from './model-learner.ts';
export {
  type DreamerEnsembleOptions,
  type DreamerModelOptions,
  type DreamerOptions,
  dreamerDefaults,
  dreamerEnsembleDefaults,
} from './options.ts';
export {
  type SequenceBatch,
  SequenceReplay,
  type SequenceReplayState,
  sequenceBatch,
} from './replay.ts';
export { type ZeroShotOptions, zeroShotDefaults } from './zero-shot-options.ts';
