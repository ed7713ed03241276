export type {
  Imagined,
  ModelLoss,
  ModelSequence,
  Noise,
  NoiseSpec,
  Observed,
  WorldModel,
} from './model.ts';
export type { ModelQuality } from './quality.ts';
export { symexp, symlog } from './symlog.ts';
export { type TwoHot, type TwoHotOptions, twoHot } from './two-hot.ts';
