export { type ActionHead, actionHead } from './action-head.ts';
export {
  type ActingSight,
  type ActorCritic,
  type ActorCriticParameters,
  type ActorCriticSpec,
  createActorCritic,
  type Policy,
  type Sight,
} from './actor-critic.ts';
export { breathe } from './breathe.ts';
export { hasMemory } from './check-backbone.ts';
export { checkOptions as checkPpo } from './check-options.ts';
export { type AskingPlayer, Collector, type CollectorState, type Player } from './collector.ts';
export { createExecutor, type ExecutorChoice } from './create-executor.ts';
export { createTraining, requireSameGroups, type TrainingSpec } from './create-training.ts';
export {
  type Dataset,
  type DatasetGroup,
  type DatasetManifest,
  DatasetWriter,
  type ImportOptions,
  importTexts,
  openDataset,
  type RecordingOptions,
  recordEpisodes,
  requireGroups,
  type WindowOptions,
  type WindowSource,
} from './datasets/index.ts';
export {
  createDreamer,
  createModel,
  type DreamerEnsembleOptions,
  type DreamerModelOptions,
  type DreamerOptions,
  type DreamerSpec,
  disagreementReward,
  dreamerDefaults,
  dreamerEnsembleDefaults,
  type Intrinsic,
  IntrinsicLearner,
  ModelLearner,
  type ModelLearning,
  type SequenceBatch,
  SequenceReplay,
  type SequenceReplayState,
  sequenceBatch,
  type ZeroShotOptions,
  zeroShotDefaults,
} from './dreamer/index.ts';
export type { Episode } from './episodes.ts';
export { evaluatePlayer, type PlayerFactory } from './evaluate.ts';
export {
  createGato,
  type GatoOptions,
  type GatoSpec,
  type GatoTask,
  gatoDefaults,
  type ReinforcementOptions,
  reinforcementDefaults,
  type TokenOptions,
} from './gato/index.ts';
export {
  ImageCodes,
  type ImageCodesOptions,
  type ImageCodesTraining,
  imageCodesDefaults,
  imageCodesTrainingDefaults,
  loadImageCodes,
  type PictureSource,
  recordedPictures,
  saveImageCodes,
  shuffledPictures,
  trainImageCodes,
} from './image-codes/index.ts';
export { LearnerState, type Take, takeFrom, viewsByPath } from './learner-state.ts';
export type { LevelFeed, LevelOutcome } from './level-feed.ts';
export type {
  CreateRounds,
  FurtherLearners,
  LevelRound,
  LevelRounds,
  PromptRounds,
  RoundOutcome,
} from './level-rounds.ts';
export {
  crossFittedCvar,
  type LevelKnowledge,
  type LevelReturns,
  type LevelScores,
  levelScores,
  maximumRegret,
  meanReturn,
  naiveCvar,
  solvedShare,
} from './level-scores.ts';
export { LevelsInPlay, type LevelsInPlayState } from './levels-in-play.ts';
export {
  type BackboneNetworkOptions,
  backboneNetworkDefaults,
  type LearnerOptions,
  type NetworkOptions,
  type PpoNetworkOptions,
  type PpoOptions,
  ppoDefaults,
  type RandomOptions,
  type ScriptedOptions,
} from './options.ts';
export { type LevelEpisodes, playLevels } from './play-levels.ts';
export { createPpo, type PpoSpec } from './ppo.ts';
export { PpoLearner, type PpoLearnerSpec, placedUnder, under } from './ppo-learner.ts';
export { clippedSurrogate, errorLoss, weighTerms } from './ppo-loss.ts';
export { moments, standardise } from './ppo-minibatch.ts';
export { ppoOptimiser } from './ppo-programs.ts';
export { randomPlayer } from './random-player.ts';
export { returnsOf } from './return-metrics.ts';
export { generalisedAdvantages, type Track } from './returns.ts';
export type { GroupRollout, Sizes } from './rollout.ts';
export { scriptedPlayer } from './scripted-player.ts';
export { createTabular, type TabularOptions, type TabularSpec, tabularDefaults } from './tabular/index.ts';
export {
  byteTokenizer,
  channelsNeeded,
  createStepTokens,
  discreteNeeded,
  type IdRange,
  learnBytePairs,
  loadTokenizer,
  type Segment,
  type StepLayout,
  type StepSpaces,
  type StepTokens,
  type TextTokenizer,
  type TokenSettings,
  tokenizerOf,
  type Vocabulary,
  vocabularyOf,
} from './tokens/index.ts';
export type { Checkpoint, Evaluation, Iteration, PlayerOptions, TaskEvaluation, Training } from './training.ts';
export {
  createValueDecomposition,
  type IqlOptions,
  iqlDefaults,
  type QmixOptions,
  qmixDefaults,
  type ValueDecompositionOptions,
  type ValueDecompositionSpec,
  type VdnOptions,
  vdnDefaults,
} from './value-decomposition/index.ts';
export { preserveOutputs, ValueScale, type ValueScaleState } from './value-scale.ts';
export {
  type ControllerOptions,
  controllerDefaults,
  createWorldModels,
  type WorldModelsOptions,
  type WorldModelsSpec,
  worldModelsDefaults,
} from './world-models/index.ts';
