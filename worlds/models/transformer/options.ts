import { LightbulbError } from '../../../core/index.ts';
import type { LikelihoodName } from '../rssm/index.ts';

/** Sizes and weights of a transformer as world model. */
export interface TransformerOptions {
  /** D: width of the residual stream. */
  readonly width: number;
  readonly layers: number;
  /** Attention heads; a divisor of the width. */
  readonly heads: number;
  /** Steps that a step looks back on, besides itself. */
  readonly window: number;
  /**
   * Tokens of a step, 1 to 6. One: latents and action mixed, as STORM does. More: the latents' groups in equal parts, a
   * token each, and the action as the last.
   */
  readonly tokens: number;
  /** The latent state of a frame: this many choices, among so many classes each. */
  readonly groups: number;
  readonly classes: number;
  /** Units of every hidden layer of encoder, decoder and heads, and how many hidden layers each of them has. */
  readonly units: number;
  readonly hiddenLayers: number;
  /** Channels of the first convolution, for pictures; each further one has twice as many. */
  readonly channels: number;
  /** How observations are distributed about what is decoded; as an RSSM's. */
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

/** STORM's weights, at a size for vectors and one core. */
export const transformerDefaults: TransformerOptions = {
  width: 128,
  layers: 2,
  heads: 4,
  window: 16,
  tokens: 1,
  groups: 16,
  classes: 16,
  units: 256,
  hiddenLayers: 1,
  channels: 16,
  likelihood: 'gaussian',
  observationScale: null,
  uniformMix: 0.01,
  freeNats: 1,
  dynamicsScale: 0.5,
  representationScale: 0.1,
  rewardBins: 255,
};

/** Most tokens of a step: what a step of imagination costs grows with them. */
const MOST_TOKENS = 6;

/** Error `invalid_input`, naming the option. */
export function checkTransformerOptions(options: TransformerOptions): void {
  const wrong = (name: keyof TransformerOptions, wanted: string): LightbulbError =>
    new LightbulbError('invalid_input', 'a transformer cannot model a world so', {
      where: `/${name}`,
      wanted,
      got: String(options[name]),
    });
  const counts = [
    'width',
    'layers',
    'heads',
    'window',
    'tokens',
    'groups',
    'units',
    'hiddenLayers',
    'channels',
  ] as const;
  for (const name of counts)
    if (!Number.isSafeInteger(options[name]) || options[name] < 1) throw wrong(name, 'a whole number above 0');
  const { width, heads, tokens, groups, classes, uniformMix } = options;
  if (width % heads !== 0) throw wrong('heads', `a divisor of the width, ${width}`);
  if (tokens > MOST_TOKENS) throw wrong('tokens', `at most ${MOST_TOKENS}`);
  if (tokens > 1 && groups % (tokens - 1) !== 0)
    throw wrong('tokens', `1, or 1 more than a divisor of ${groups} groups`);
  if (!Number.isSafeInteger(classes) || classes < 2) throw wrong('classes', 'at least 2');
  if (!(uniformMix >= 0 && uniformMix < 1)) throw wrong('uniformMix', 'at least 0 and below 1');
  for (const name of ['freeNats', 'dynamicsScale', 'representationScale'] as const)
    if (!(options[name] >= 0)) throw wrong(name, 'a number from 0');
}
