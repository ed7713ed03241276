import { LightbulbError, suggest } from '../../core/index.ts';

/** The autoencoder itself: what a saved folder's `config.json` says. */
export interface ImageCodesOptions {
  /** [height, width, channels] of the pictures. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Pixels of a side that become one code: a power of 2 from 2; height and width are multiples of it. */
  readonly down: number;
  /** Entries of the codebook, K. */
  readonly codes: number;
  /** Numbers of an entry, D. */
  readonly features: number;
  /** Channels inside. */
  readonly width: number;
  /** Residual blocks on each side, from 0. */
  readonly blocks: number;
}

/** How it is trained. */
export interface ImageCodesTraining {
  /** Pictures of a batch. */
  readonly batch: number;
  /** How much the encoder is drawn to the codes it chose: beta. */
  readonly commitment: number;
  /** How much of the codebook's averages remains after a step: gamma, below 1. */
  readonly decay: number;
  /**
   * A code is dead, and begins anew, when it stands for fewer vectors of a batch (on its moving average) than this
   * share of what each code would stand for if all were used alike. 0 revives none.
   */
  readonly revive: number;
  readonly learningRate: number;
  readonly maximumGradientNorm: number;
}

/** All but the shape of the pictures. */
export const imageCodesDefaults: Omit<ImageCodesOptions, 'shape'> = {
  down: 8,
  codes: 256,
  features: 32,
  width: 64,
  blocks: 2,
};

export const imageCodesTrainingDefaults: ImageCodesTraining = {
  batch: 32,
  commitment: 0.25,
  decay: 0.99,
  revive: 0.03,
  learningRate: 1e-3,
  maximumGradientNorm: 1,
};

type Rule = readonly [wanted: string, isGood: (value: unknown) => boolean];

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const COUNT: Rule = ['a whole number from 1', isCount];
const POSITIVE: Rule = ['a number above 0', (value) => isNumber(value) && value > 0];
const NON_NEGATIVE: Rule = ['a number from 0', (value) => isNumber(value) && value >= 0];
const SHARE: Rule = ['a number from 0, below 1', (value) => isNumber(value) && value >= 0 && value < 1];

const OPTIONS: Readonly<Record<keyof ImageCodesOptions, Rule>> = {
  shape: [
    'three whole numbers from 1: height, width, channels',
    (value) => Array.isArray(value) && value.length === 3 && value.every(isCount),
  ],
  down: [
    'a power of 2 from 2',
    (value) => isCount(value) && Number(value) >= 2 && Number.isInteger(Math.log2(Number(value))),
  ],
  codes: ['a whole number from 2', (value) => isCount(value) && Number(value) >= 2],
  features: COUNT,
  width: ['a whole number from 2', (value) => isCount(value) && Number(value) >= 2],
  blocks: ['a whole number from 0', (value) => value === 0 || isCount(value)],
};

const TRAINING: Readonly<Record<keyof ImageCodesTraining, Rule>> = {
  batch: COUNT,
  commitment: NON_NEGATIVE,
  decay: SHARE,
  revive: SHARE,
  learningRate: POSITIVE,
  maximumGradientNorm: POSITIVE,
};

/**
 * The options in `given`, which may come from a file. `where`: its name, for errors. Errors: `invalid_input` naming the
 * field for one that is missing or out of range, `unknown_key` for one that there is not.
 */
export function checkImageCodesOptions(given: unknown, where = ''): ImageCodesOptions {
  const options = checked<ImageCodesOptions>(given, OPTIONS, where);
  const { shape, down } = options;
  for (const [axis, length] of [shape[0], shape[1]].entries()) {
    if (length % down === 0) continue;
    throw new LightbulbError('invalid_input', 'the picture does not divide into codes', {
      where: `${where}/shape/${axis}`,
      wanted: `a multiple of down, ${down}`,
      got: String(length),
    });
  }
  return options;
}

/** Errors as `checkImageCodesOptions`. */
export function checkImageCodesTraining(given: unknown, where = ''): ImageCodesTraining {
  return checked<ImageCodesTraining>(given, TRAINING, where);
}

function checked<Options extends object>(
  given: unknown,
  rules: Readonly<Record<keyof Options & string, Rule>>,
  where: string,
): Options {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new LightbulbError('invalid_input', 'the options of image codes are not an object', {
      where: where === '' ? '/' : where,
      got: JSON.stringify(given) ?? 'nothing',
    });
  const fields = given as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(fields))
    if (!Object.hasOwn(rules, key))
      throw new LightbulbError('unknown_key', 'image codes have no such option', {
        where: `${where}/${key}`,
        cure: suggest(key, Object.keys(rules)),
      });
  for (const [key, [wanted, isGood]] of Object.entries<Rule>(rules)) {
    if (isGood(fields[key])) continue;
    throw new LightbulbError('invalid_input', 'an option of image codes is missing or out of range', {
      where: `${where}/${key}`,
      wanted,
      got: JSON.stringify(fields[key]) ?? 'nothing',
    });
  }
  return given as Options;
}
