export { checkValueDecomposition } from './check.ts';
export { createMixer, type Mixer } from './mixer.ts';
export {
  type IqlOptions,
  iqlDefaults,
  type QmixOptions,
  qmixDefaults,
  type ValueDecompositionOptions,
  type VdnOptions,
  vdnDefaults,
} from './options.ts';
export { createValueDecomposition, type ValueDecompositionSpec } from './value-decomposition.ts';
