import { LightbulbError } from '../../core/index.ts';
import type { ModelQuality } from './quality.ts';

/** Collects predicted probabilities and what happened. */
export class Calibration {
  private readonly bins: { predicted: number; happened: number; cases: number }[];
  private squares = 0;

  constructor(bins: number) {
    this.bins = Array.from({ length: bins }, () => ({ predicted: 0, happened: 0, cases: 0 }));
  }

  /** probability: in [0, 1]; happened: 0 or 1. Error `not_finite` for a probability that is none. */
  add(probability: number, happened: number): void {
    if (!(probability >= 0 && probability <= 1))
      throw new LightbulbError('not_finite', 'a world model predicts an ending with no probability', {
        wanted: '0 to 1',
        got: String(probability),
      });
    const { length } = this.bins;
    const bin = this.bins[Math.min(length - 1, Math.floor(probability * length))]!;
    bin.predicted += probability;
    bin.happened += happened;
    bin.cases++;
    this.squares += (probability - happened) ** 2;
  }

  /** Of at least one case. */
  result(): ModelQuality['terminal'] {
    const sum = (of: (bin: { predicted: number; happened: number; cases: number }) => number): number =>
      this.bins.reduce((total, bin) => total + of(bin), 0);
    const cases = sum((bin) => bin.cases);
    const rate = sum((bin) => bin.happened) / cases;
    return {
      cases,
      rate,
      brier: this.squares / cases,
      // Of a constant p against outcomes of mean p: p (1 - p)
      brierOfRate: rate * (1 - rate),
      calibrationError: sum((bin) => Math.abs(bin.predicted - bin.happened)) / cases,
      bins: this.bins
        .filter((bin) => bin.cases > 0)
        .map((bin) => ({
          predicted: bin.predicted / bin.cases,
          happened: bin.happened / bin.cases,
          cases: bin.cases,
        })),
    };
  }
}
