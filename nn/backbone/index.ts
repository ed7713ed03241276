export { type AttentionOf, attention } from './attention.ts';
export {
  Backbone,
  type BackboneLoss,
  type BackboneOf,
  type Hidden,
  type Memory,
  type Parts,
  type Places,
  type Sequence,
} from './backbone.ts';
export { type Beam, type BeamOptions, BeamSearch, type LiveBeam } from './beam-search.ts';
export type { BlockOf } from './block.ts';
export { type Comparison, type Continuation, compareWithRecording, type Difference, TOLERANCES } from './compare.ts';
export {
  type BackboneConfig,
  type BackboneOptions,
  backboneConfig,
  type DropoutRates,
  type Position,
} from './config.ts';
export { Decoder, type DecoderOptions, type GenerateOptions } from './decoder.ts';
export { uniformNoise } from './dropout.ts';
export { type FeedForwardOf, feedForwards } from './feed-forward.ts';
export { flattened, restored } from './flat-names.ts';
export { type LoadedModel, loadHuggingFace } from './hugging-face/folder.ts';
export { nextTokenLoss, type TokenLoss } from './loss.ts';
export type { Drop, FeedForward, Mixer, MixerContext, PieceContext } from './parts.ts';
export type { Rotation } from './positions.ts';
export { chooseToken, type Sampling, sampledLogits } from './sampling.ts';
export { logSumExp, softmaxOffByOne } from './softmax.ts';
