export { Calibration } from './calibration.ts';
export { Disturbance, type DisturbanceOptions, shiftDivergence, shifted } from './disturbance.ts';
export { Dream, type DreamOptions } from './dream.ts';
export { createEnsemble, type Ensemble, type EnsembleOf, type EnsembleOptions } from './ensemble.ts';
export { actionEncoder, actionWidth, modelScale } from './inputs.ts';
export { Look, lookProgram } from './look.ts';
export type {
  Imagined,
  ModelLoss,
  ModelSequence,
  Noise,
  NoiseSpec,
  Observed,
  WorldModel,
} from './model.ts';
export {
  HeldParameters,
  type PresentParameters,
  requireActions,
  type Sees,
  seeingGroup,
  soleGroup,
} from './model-world.ts';
export { fillNoise, noiseValues } from './noise.ts';
export { type ExamOptions, ModelExam, type ModelQuality, modelQuality, type RecordedEpisodes } from './quality.ts';
export { BLOCK_ROWS, RowBlocks } from './row-blocks.ts';
export { RowNoise } from './row-noise.ts';
export { createRssm, type RssmOf, type RssmOptions, rssmDefaults } from './rssm/index.ts';
export { Seen, type SeenOptions } from './seen.ts';
export { type Show, shownAs } from './shown.ts';
export { symexp, symlog } from './symlog.ts';
export {
  createTransformer,
  type TransformerOf,
  type TransformerOptions,
  transformerDefaults,
} from './transformer/index.ts';
export { type TrunkOf, type TrunkOptions, trunk } from './trunk.ts';
export { type TwoHot, type TwoHotOptions, twoHot } from './two-hot.ts';
export {
  type CodedSequence,
  checkVaeRnnOptions,
  VaeRnn,
  type VaeRnnOf,
  type VaeRnnOptions,
  vaeRnnDefaults,
} from './vae-rnn/index.ts';
