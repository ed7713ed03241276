import type { CloningScores } from './cloning.ts';
import { KINDS, type PackedBatch } from './packing.ts';

/** Means over updates: of the whole, and of each task's targets by their kind. */
export class CloningMetrics {
  private updates = 0;
  private loss = 0;
  private gradientNorm = 0;
  private tokens = 0;
  /** [tasks, kinds] */
  private readonly counts: Float64Array;
  private readonly crossEntropy: Float64Array;
  private readonly right: Float64Array;

  constructor(private readonly tasks: readonly string[]) {
    const cells = (): Float64Array => new Float64Array(tasks.length * KINDS.length);
    this.counts = cells();
    this.crossEntropy = cells();
    this.right = cells();
  }

  add(batch: PackedBatch, { loss, gradientNorm, crossEntropy, isRight }: CloningScores): void {
    this.updates++;
    this.loss += loss;
    this.gradientNorm += gradientNorm;
    this.tokens += batch.tokens;
    for (let m = 0; m < batch.count; m++) {
      const cell = batch.task[m]! * KINDS.length + batch.kind[m]!;
      this.counts[cell]!++;
      this.crossEntropy[cell]! += crossEntropy[m]!;
      this.right[cell]! += isRight[m]!;
    }
  }

  /**
   * `loss` (what is minimised), `gradientNorm` (before clipping), `tokens` (of an update, without padding); and
   * `loss/<task>/<kind>` (cross-entropy in nats) and `accuracy/<task>/<kind>` of the kinds that count: action, text,
   * observation.
   */
  means(): Record<string, number> {
    const { updates } = this;
    const means: Record<string, number> = {
      loss: this.loss / updates,
      gradientNorm: this.gradientNorm / updates,
      tokens: this.tokens / updates,
    };
    for (const [t, task] of this.tasks.entries())
      for (const [k, kind] of KINDS.entries()) {
        const cell = t * KINDS.length + k;
        const count = this.counts[cell]!;
        if (count === 0) continue;
        means[`loss/${task}/${kind}`] = this.crossEntropy[cell]! / count;
        means[`accuracy/${task}/${kind}`] = this.right[cell]! / count;
      }
    return means;
  }
}
