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
