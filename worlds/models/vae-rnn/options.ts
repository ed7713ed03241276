import { LightbulbError } from '../../../core/index.ts';

/** Ha and Schmidhuber's V and M (2018, arXiv 1803.10122), at sizes of one's own. */
export interface VaeRnnOptions {
  readonly name: 'vae-rnn';
  /** Z: numbers of a latent. */
  readonly latent: number;
  /** Channels after each halving convolution (4 x 4, stride 2), for pictures. */
  readonly channels: readonly number[];
  /** Units of each hidden layer of V, for observations that are no pictures. */
  readonly hidden: readonly number[];
  /** Weight of the summed squared error of the reconstruction against the divergence; 1 is the paper's. */
  readonly reconstruction: number;
  /** Nats of each latent that the divergence is not pushed below; the paper's code has 0.5. */
  readonly freeBits: number;
  readonly cell: 'gru' | 'lstm';
  /** H: units of M's memory. */
  readonly units: number;
  /** K: Gaussians of each number of a latent, or of the latent as a whole. */
  readonly mixtures: number;
  /**
   * One mixture for the whole latent, in place of the paper's for each number by itself: what may come next is then drawn
   * as a whole. By itself, each number goes its own way, and draws blend what excludes one another.
   */
  readonly isJoint: boolean;
  /** How many times a step that ended counts in the loss of endings; the paper's code has 10. */
  readonly endingWeight: number;
  /** Weight of the squared error of rewards. */
  readonly rewardWeight: number;
}

export const vaeRnnDefaults: VaeRnnOptions = {
  name: 'vae-rnn',
  latent: 16,
  channels: [16, 32],
  hidden: [64],
  reconstruction: 1,
  freeBits: 0.5,
  cell: 'gru',
  units: 64,
  mixtures: 5,
  isJoint: false,
  endingWeight: 10,
  rewardWeight: 1,
};

type Rule = readonly [key: keyof VaeRnnOptions, wanted: string, isGood: (value: unknown) => boolean];

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;
const isCounts = (value: unknown): boolean => Array.isArray(value) && value.every(isCount);
const isFrom0 = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

const RULES: readonly Rule[] = [
  ['latent', 'a whole number from 1', isCount],
  ['channels', 'whole numbers from 1', (value) => isCounts(value) && (value as unknown[]).length > 0],
  ['hidden', 'whole numbers from 1', isCounts],
  ['reconstruction', 'a number above 0', (value) => isFrom0(value) && value !== 0],
  ['freeBits', 'a number from 0', isFrom0],
  ['cell', 'gru or lstm', (value) => value === 'gru' || value === 'lstm'],
  ['units', 'a whole number from 1', isCount],
  ['mixtures', 'a whole number from 1', isCount],
  ['isJoint', 'true or false', (value) => typeof value === 'boolean'],
  ['endingWeight', 'a number above 0', (value) => isFrom0(value) && value !== 0],
  ['rewardWeight', 'a number from 0', isFrom0],
];

/** Error `invalid_input` naming the first option that is out of range. */
export function checkVaeRnnOptions(options: VaeRnnOptions, where = ''): void {
  for (const [key, wanted, isGood] of RULES) {
    if (isGood(options[key])) continue;
    throw new LightbulbError('invalid_input', 'an option of the world model is out of range', {
      where: `${where}/${key}`,
      wanted,
      got: JSON.stringify(options[key]) ?? 'nothing',
    });
  }
}
