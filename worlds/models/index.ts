export { Calibration } from './calibration.ts';
export { createEnsemble, type Ensemble, type EnsembleOf, type EnsembleOptions } from './ensemble.ts';
export type {
  Imagined,
  ModelLoss,
  ModelSequence,
  Noise,
  NoiseSpec,
  Observed,
  WorldModel,
} from './model.ts';
export { fillNoise, noiseValues } from './noise.ts';
export { type ExamOptions, ModelExam, type ModelQuality, modelQuality, type RecordedEpisodes } from './quality.ts';
export { createRssm, type RssmOf, type RssmOptions, rssmDefaults } from './rssm/index.ts';
export { symexp, symlog } from './symlog.ts';
export { type TrunkOf, type TrunkOptions, trunk } from './trunk.ts';
export { type TwoHot, type TwoHotOptions, twoHot } from './two-hot.ts';
