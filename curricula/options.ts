import type { Json } from '../core/index.ts';
import type { AdversarialCurriculum } from './adversary-options.ts';
import type { ReplayCurriculum, SflOptions } from './replay-options.ts';

/** How estimates become levels: what the curricula that follow an error have in common. */
export interface SamplingOptions {
  /** Share of levels drawn by domain randomisation, whatever is estimated. */
  readonly randomShare: number;
  /** Of the Boltzmann distribution over the normalised estimates. */
  readonly temperature: number;
  /** Weight that an estimate keeps when one sample comes in; 0 keeps the newest alone. */
  readonly errorDecay: number;
  /** Numbers kept: places in a continuous box, levels in the buffer of a generator. A grid keeps one for each level. */
  readonly places: number;
  /** Of a generator that mutates: the share of levels from the buffer that are changed before they are played. */
  readonly mutation: number;
}

/** Every level alike: drawn as the space draws. */
export interface DomainRandomisationOptions {
  readonly name: 'domain-randomisation';
  /**
   * When a copy gets another level: with each `episode` (where nothing is said), or with each `round`, as under curricula
   * that score levels; PPO alone has rounds.
   */
  readonly every?: 'episode' | 'round';
}

/** WAKER-M (Rigter et al., arXiv 2306.09205): levels by how large the model's estimated error is. */
export interface WakerMOptions extends SamplingOptions {
  readonly name: 'waker-m';
}

/** WAKER-R (same paper): levels by how fast the estimated error falls. */
export interface WakerROptions extends SamplingOptions {
  readonly name: 'waker-r';
  /** Weight that the estimate of the fall keeps at each new one. */
  readonly reductionDecay: number;
  /** Environment steps between two looks at the errors. */
  readonly interval: number;
  /** Intervals that pass before the first look. */
  readonly patience: number;
}

/** An oracle: WAKER-M on the error itself, where the training can tell it. */
export interface TrueErrorOptions extends SamplingOptions {
  readonly name: 'true-error';
}

/** Levels that were played before, and now and then any: the set of known levels grows gradually. */
export interface GradualExpansionOptions {
  readonly name: 'gradual-expansion';
  readonly randomShare: number;
  readonly places: number;
}

/** An oracle: the levels that a person calls the hardest, and no others. */
export interface HardestOptions {
  readonly name: 'hardest';
  readonly levels: readonly Json[];
}

/** An oracle: mostly the levels that a person calls hard. */
export interface ReweightingOptions {
  readonly name: 'reweighting';
  readonly levels: readonly Json[];
  readonly randomShare: number;
}

/** One level, always. */
export interface FixedOptions {
  readonly name: 'fixed';
  readonly level: Json;
}

export type CurriculumOptions =
  | DomainRandomisationOptions
  | WakerMOptions
  | WakerROptions
  | TrueErrorOptions
  | GradualExpansionOptions
  | HardestOptions
  | ReweightingOptions
  | FixedOptions
  | ReplayCurriculum
  | SflOptions
  | AdversarialCurriculum;

/** The paper's constants; `places` and `mutation` are for spaces that the paper does not have. */
export const wakerMDefaults: WakerMOptions = {
  name: 'waker-m',
  randomShare: 0.2,
  temperature: 1,
  errorDecay: 0.9999,
  places: 128,
  mutation: 0.5,
};

export const wakerRDefaults: WakerROptions = {
  ...wakerMDefaults,
  name: 'waker-r',
  temperature: 0.5,
  reductionDecay: 0.95,
  interval: 10_000,
  patience: 5,
};

export const trueErrorDefaults: TrueErrorOptions = { ...wakerMDefaults, name: 'true-error', errorDecay: 0 };

export const gradualExpansionDefaults: GradualExpansionOptions = {
  name: 'gradual-expansion',
  randomShare: 0.2,
  places: 128,
};

/** Without `levels`: nobody but a person can say which are hard. */
export const reweightingDefaults = { name: 'reweighting', randomShare: 0.2 } as const;
