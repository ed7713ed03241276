export { adversarialLevels } from './adversarial.ts';
export {
  type AdversarialCurriculum,
  type AdversaryOptions,
  adversaryDefaults,
  type MinimaxOptions,
  minimaxDefaults,
  type PairedOptions,
  type PopulationPairedOptions,
  pairedDefaults,
  populationPairedDefaults,
  type RepairedOptions,
  repairedDefaults,
} from './adversary-options.ts';
export { createCurriculum, createLevelRounds, playsRounds } from './create-curriculum.ts';
export type { Curriculum } from './curriculum.ts';
export { learnableLevels } from './learnable.ts';
export { createLevelFeed } from './level-feed.ts';
export {
  type CurriculumOptions,
  type DomainRandomisationOptions,
  type FixedOptions,
  type GradualExpansionOptions,
  gradualExpansionDefaults,
  type HardestOptions,
  type ReweightingOptions,
  reweightingDefaults,
  type SamplingOptions,
  type TrueErrorOptions,
  trueErrorDefaults,
  type WakerMOptions,
  type WakerROptions,
  wakerMDefaults,
  wakerRDefaults,
} from './options.ts';
export { replayLevels } from './replay.ts';
export {
  type AccelOptions,
  accelDefaults,
  type PlrOptions,
  plrDefaults,
  type ReplayCurriculum,
  type RobustPlrOptions,
  replayOptionsOf,
  robustPlrDefaults,
  type ScoreName,
  type SflOptions,
  sflDefaults,
} from './replay-options.ts';
export type { RandomRoundsOptions, RoundCurriculum } from './round-curriculum.ts';
