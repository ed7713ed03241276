import type { RewardScale } from './batch.ts';

/** Plain data, part of a checkpoint. */
export interface RewardStatisticsState {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

/** Mean and standard deviation of all rewards so far, by Welford's recurrence (Welford 1962). */
export class RewardStatistics implements RewardScale {
  private count = 0;
  mean = 0;
  private squares = 0;

  add(reward: number): void {
    this.count++;
    const distance = reward - this.mean;
    this.mean += distance / this.count;
    this.squares += distance * (reward - this.mean);
  }

  /** Of the population; 1 while all rewards were the same. */
  get std(): number {
    const variance = this.count === 0 ? 0 : this.squares / this.count;
    return variance > 0 ? Math.sqrt(variance) : 1;
  }

  state(): RewardStatisticsState {
    return { count: this.count, mean: this.mean, squares: this.squares };
  }

  restore({ count, mean, squares }: RewardStatisticsState): void {
    this.count = count;
    this.mean = mean;
    this.squares = squares;
  }
}
