export { type Activation, activations } from './activations.ts';
export { rowsByStep, stepsByFeatures, transposedOnce } from './by-features.ts';
export { type ConvolutionOf, type ConvolutionOptions, convolution } from './convolution.ts';
export { type DenseOf, type DenseOptions, dense, project } from './dense.ts';
export { type EmbeddingOf, embedding } from './embedding.ts';
export { type MlpOf, type MlpOptions, mlp } from './mlp.ts';
export { groupNorm, layerNorm, type NormOf, type RmsNormOf, rmsNorm } from './normalisation.ts';
export {
  gru,
  type LstmCarry,
  lstm,
  type Recurrent,
  type RecurrentOf,
  type RecurrentOptions,
} from './recurrent.ts';
