export { type Codec, type CodecOptions, createCodec } from './codec.ts';
export { divergence, drawn, type LatentShape, mixed, softmaxed } from './latents.ts';
export { binaryLoss, type LikelihoodName } from './likelihood.ts';
export { type RssmOptions, rssmDefaults } from './options.ts';
export { createRssm, type RssmOf } from './rssm.ts';
