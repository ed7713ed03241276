/** Decay 0.99999 and variance at least 0.01, as in on-policy's ValueNorm (github.com/marlbenchmark/on-policy). */
const DECAY = 0.99999;
const MINIMUM_VARIANCE = 1e-2;

/** Plain data: the moving mean, the moving mean of squares, and what both are divided by to undo their start at 0. */
export type ValueScaleState = readonly [mean: number, square: number, correction: number];

/** The running scale of value targets, so that the critic learns numbers near a standard normal. */
export class ValueScale {
  private first = 0;
  private second = 0;
  private correction = 0;

  /** 0 before the first target. */
  get mean(): number {
    return this.correction === 0 ? 0 : this.first / this.correction;
  }

  /** 1 before the first target. */
  get std(): number {
    if (this.correction === 0) return 1;
    return Math.sqrt(Math.max(this.second / this.correction - this.mean ** 2, MINIMUM_VARIANCE));
  }

  /** Takes in a minibatch's mean target and mean squared target. */
  update(mean: number, square: number): void {
    this.first = DECAY * this.first + (1 - DECAY) * mean;
    this.second = DECAY * this.second + (1 - DECAY) * square;
    this.correction = DECAY * this.correction + (1 - DECAY);
  }

  state(): ValueScaleState {
    return [this.first, this.second, this.correction];
  }

  restore([mean, square, correction]: ValueScaleState): void {
    this.first = mean;
    this.second = square;
    this.correction = correction;
  }
}

/**
 * PopArt (van Hasselt et al. 2016, arXiv 1602.07714, section 2): changes a linear head in place so that its outputs,
 * read in the new scale, are what they were in the old one. weight: [F, outputs] or any length, bias: [outputs].
 */
export function preserveOutputs(
  weight: Float32Array,
  bias: Float32Array,
  from: { readonly mean: number; readonly std: number },
  to: { readonly mean: number; readonly std: number },
): void {
  const ratio = from.std / to.std;
  for (let i = 0; i < weight.length; i++) weight[i]! *= ratio;
  for (let i = 0; i < bias.length; i++) bias[i] = (from.std * bias[i]! + from.mean - to.mean) / to.std;
}
