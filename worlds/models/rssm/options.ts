import type { LikelihoodName } from './likelihood.ts';

/** Sizes and weights of an RSSM. */
export interface RssmOptions {
  /** H: units of the GRU, the deterministic part of a state. */
  readonly deterministic: number;
  /** The stochastic part: this many choices, among so many classes each. */
  readonly groups: number;
  readonly classes: number;
  /** Units of every hidden layer. */
  readonly units: number;
  /** Hidden layers of encoder, decoder, and of each head. */
  readonly layers: number;
  /** Channels of the first convolution, for pictures; each further one has twice as many. */
  readonly channels: number;
  /**
   * How observations are distributed about what is decoded. `gaussian`: squared error, of symlogs for vectors. `bernoulli`:
   * cross-entropy, for numbers in [0, 1], pictures or not.
   */
  readonly likelihood: LikelihoodName;
  /**
   * What each number of a vector is multiplied by before it goes in and is predicted; null leaves them. Errors count in these
   * units: a number whose deviation is 0.1 hardly counts beside one of 1, and a model does not spend nats on it.
   */
  readonly observationScale: readonly number[] | null;
  /** Share of the uniform distribution in every choice of a latent. */
  readonly uniformMix: number;
  /** Nats of divergence that cost nothing, in each of the two losses. */
  readonly freeNats: number;
  /** Weight of the divergence that teaches the prior, and of the one that teaches the posterior. */
  readonly dynamicsScale: number;
  readonly representationScale: number;
  /** Bins of the reward's distribution; odd. */
  readonly rewardBins: number;
}

/** DreamerV3's weights, at a size for vectors and one core. */
export const rssmDefaults: RssmOptions = {
  deterministic: 256,
  groups: 16,
  classes: 16,
  units: 256,
  layers: 1,
  channels: 16,
  likelihood: 'gaussian',
  observationScale: null,
  uniformMix: 0.01,
  freeNats: 1,
  dynamicsScale: 1,
  representationScale: 0.1,
  rewardBins: 255,
};
