import type { Json } from '../../core/index.ts';
import type { LevelOutcome } from '../level-feed.ts';
import type { SequenceReplay } from './replay.ts';

/** Adds up what dreams say of the model's error, level by level: each dream counts for the level that its start was played on. */
export class LevelErrors {
  private readonly sums = new Map<string, { readonly level: Json; sum: number; samples: number }>();

  constructor(private readonly replay: SequenceReplay) {}

  /** errors: [N], of dreams from the rows `starts` [N] of a batch whose rows lie at `places` in the replay. */
  add(errors: ArrayLike<number>, starts: ArrayLike<number>, places: Int32Array): void {
    for (let i = 0; i < errors.length; i++) {
      const level = this.replay.level(places[starts[i]!]!);
      if (level === undefined) continue;
      const key = JSON.stringify(level);
      const known = this.sums.get(key);
      if (known === undefined) this.sums.set(key, { level, sum: errors[i]!, samples: 1 });
      else {
        known.sum += errors[i]!;
        known.samples++;
      }
    }
  }

  /** What was added since the last time. */
  take(): LevelOutcome[] {
    const outcomes = [...this.sums.values()].map(({ level, sum, samples }) => ({
      level,
      samples,
      error: sum / samples,
    }));
    this.sums.clear();
    return outcomes;
  }
}
